//! From preorder to instructions, in one pass and without recursion.
//!
//! The blocks around what is being read stand on one list, the operations around it on another. Nothing within an
//! expression changes a variable, so variables and numbers are operands where they stand, and only results of operations
//! need registers.

use super::code::{Func, Mark, Op, Program, TEMPS};
use super::compile_error::CompileError;
use super::emit::{Emitter, Operand};
use crate::ast::Module;
use crate::codec::preorder::{Expression, Operator, Placed, Preorder, Statement, Tokens, Tree};
use crate::config::ComparisonValues;
use crate::language::Language;
use crate::vocab::Vocab;

/// A block that is being read, with what is to be done at its end.
#[derive(Clone, Copy)]
struct Open {
    block: Block,
    /// The statements that are left of the block around it.
    left: usize,
}

#[derive(Clone, Copy)]
enum Block {
    /// The first branch of an `if`.
    Then {
        /// Missing where the condition always holds.
        unless: Option<u32>,
        before: u32,
    },
    Otherwise {
        jump: u32,
        then: u32,
    },
    For {
        target: u8,
        enter: u32,
        before: u32,
        mark: u32,
    },
    Def {
        func: u16,
        over: u32,
    },
}

/// An operation or a call, of which something is still to be read.
#[derive(Clone, Copy)]
enum Pending {
    Left(Operator),
    /// With what is on the left.
    Right(Operator, Operand),
    /// Arguments that are left, of all.
    Call {
        func: u16,
        left: u8,
        args: u8,
    },
}

/// What holds for one function or the module.
#[derive(Clone, Copy, Default)]
struct Scope {
    visible: u32,
    bindings: u32,
    temps: u32,
    max_temps: u32,
    in_function: bool,
}

/// Compiles programs; keep one to reuse its memory.
pub struct Compiler {
    program: Program,
    blocks: Vec<Open>,
    pending: Vec<Pending>,
    arguments: Vec<Operand>,
}

impl std::fmt::Debug for Compiler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiler").field("program", &self.program).finish_non_exhaustive()
    }
}

impl Program {
    /// Compiles a program of a language. `PAD` may follow it.
    ///
    /// # Errors
    ///
    /// [`CompileError`] if the tokens are no program, or one that the rules of scopes, calls and definitions forbid.
    pub fn from_tokens(language: &Language, tokens: &[u32]) -> Result<Self, CompileError> {
        let mut compiler = Compiler::new(language.config().comparison_values);
        compiler.compile(language.vocab(), tokens)?;
        Ok(compiler.program)
    }

    /// The same where tokens say places of constants, if there are such: see `Encoder::any_constants`.
    pub(super) fn from_placed(
        language: &Language,
        tokens: &[u32],
        constants: Option<&[i64]>,
    ) -> Result<Self, CompileError> {
        let Some(constants) = constants else { return Self::from_tokens(language, tokens) };
        let mut compiler = Compiler::new(language.config().comparison_values);
        let tokens = Tokens { vocab: language.vocab(), tokens, position: 0 };
        compiler.read(&mut Placed { tokens, constants })?;
        Ok(compiler.program)
    }

    /// Compiles a tree, of any depth and length.
    ///
    /// # Errors
    ///
    /// [`CompileError`] as for tokens.
    pub fn from_module(module: &Module, comparison_values: ComparisonValues) -> Result<Self, CompileError> {
        let mut compiler = Compiler::new(comparison_values);
        compiler.read(&mut Tree::new(module))?;
        Ok(compiler.program)
    }
}

impl Compiler {
    /// A compiler; comparisons as values are what `comparison_values` says.
    pub fn new(comparison_values: ComparisonValues) -> Self {
        let program = Program::empty(comparison_values);
        Self { program, blocks: Vec::new(), pending: Vec::new(), arguments: Vec::new() }
    }

    /// Compiles tokens, in time and memory linear in their number. `PAD` may follow the program.
    ///
    /// # Errors
    ///
    /// [`CompileError`] as for [`Program::from_tokens`].
    pub fn compile(&mut self, vocab: &Vocab, tokens: &[u32]) -> Result<&Program, CompileError> {
        self.read(&mut Tokens { vocab, tokens, position: 0 })?;
        Ok(&self.program)
    }

    fn read(&mut self, source: &mut impl Preorder) -> Result<(), CompileError> {
        let Self { program, blocks, pending, arguments } = self;
        program.code.clear();
        program.constants.clear();
        program.funcs.clear();
        program.marks.clear();
        blocks.clear();
        pending.clear();
        arguments.clear();
        let emitter = Emitter { program, arguments, owed: 0, temps: 0, max_temps: 0 };
        let (scope, outside) = (Scope::default(), Scope::default());
        let mut pass = Pass { emitter, blocks, pending, left: 0, scope, outside, statement: 0, line: 0 };
        let result = pass.run(source);
        if result.is_err() {
            program.code.clear();
        }
        result
    }
}

/// One program on its way.
struct Pass<'a> {
    emitter: Emitter<'a>,
    blocks: &'a mut Vec<Open>,
    pending: &'a mut Vec<Pending>,
    /// Statements that are left of the block that is being read.
    left: usize,
    scope: Scope,
    /// The module's, while a function is read.
    outside: Scope,
    /// Statements and lines so far.
    statement: u32,
    line: u32,
}

impl Pass<'_> {
    fn run(&mut self, source: &mut impl Preorder) -> Result<(), CompileError> {
        self.left = source.block()?;
        loop {
            while self.left > 0 {
                self.left -= 1;
                self.statement(source)?;
            }
            let Some(open) = self.blocks.pop() else { break };
            self.left = open.left;
            self.close(source, open.block)?;
        }
        source.end()?;
        self.emitter.emit(Op::End, 0, 0, 0);
        self.emitter.program.frame = TEMPS + self.emitter.max_temps;
        Ok(())
    }

    /// Reads a statement, or the start of one up to its block.
    #[inline(always)]
    fn statement(&mut self, source: &mut impl Preorder) -> Result<(), CompileError> {
        let pc = self.emitter.here();
        if pc > 1 << 30 {
            return Err(CompileError::TooLong);
        }
        self.line += 1;
        let mark = self.emitter.program.marks.len() as u32;
        let here = Mark { pc, statement: self.statement, line: self.line, binding: self.scope.bindings };
        self.emitter.program.marks.push(here);
        self.emitter.owe();
        match source.statement()? {
            Statement::Assign(target) => {
                self.check_target(target)?;
                self.statement += 1;
                let value = self.value(source)?;
                self.emitter.assign(target, value);
                self.bind(target);
            }
            Statement::Print => {
                self.statement += 1;
                let value = self.value(source)?;
                self.emitter.consume([Op::PrintR, Op::PrintI], value);
            }
            Statement::Return if !self.scope.in_function => {
                return Err(CompileError::Return { statement: self.statement });
            }
            Statement::Return => {
                self.statement += 1;
                let value = self.value(source)?;
                self.emitter.consume([Op::ReturnR, Op::ReturnI], value);
            }
            Statement::If => {
                let op = source.condition()?;
                self.statement += 1;
                let (x, y) = (self.value(source)?, self.value(source)?);
                let (unless, before) = (self.emitter.unless(op, x, y), self.scope.visible);
                self.open(source, Block::Then { unless, before })?;
            }
            Statement::For { target, start } => {
                self.check_target(target)?;
                self.statement += 1;
                let start = if start { self.value(source)? } else { Operand::ZERO };
                let stop = self.value(source)?;
                let (enter, before) = (self.emitter.enter_loop(start, stop), self.scope.visible);
                self.bind(target);
                self.open(source, Block::For { target, enter, before, mark })?;
            }
            Statement::Def { func, arity } => {
                let block = self.def(func, arity)?;
                self.statement += 1;
                self.open(source, block)?;
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn open(&mut self, source: &mut impl Preorder, block: Block) -> Result<(), CompileError> {
        self.blocks.push(Open { block, left: self.left });
        self.left = source.block()?;
        Ok(())
    }

    #[inline(always)]
    fn close(&mut self, source: &mut impl Preorder, block: Block) -> Result<(), CompileError> {
        match block {
            Block::Then { unless, before } => {
                let jump = self.emitter.emit(Op::Jump, 0, 0, 0);
                if let Some(unless) = unless {
                    self.emitter.land(unless);
                }
                self.line += 1;
                let then = std::mem::replace(&mut self.scope.visible, before);
                self.open(source, Block::Otherwise { jump, then })?;
            }
            Block::Otherwise { jump, then } => {
                self.emitter.land(jump);
                self.scope.visible = self.scope.visible.min(then);
            }
            Block::For { target, enter, before, mark } => {
                self.emitter.land(enter);
                let pc = self.emitter.here();
                let mark = self.emitter.program.marks[mark as usize];
                self.emitter.program.marks.push(Mark { pc, ..mark });
                self.emitter.end_loop(target, enter + 1);
                self.scope.visible = before;
            }
            Block::Def { func, over } => self.end_def(func, over),
        }
        Ok(())
    }

    /// Reads an expression. Most are a number.
    #[inline(always)]
    fn value(&mut self, source: &mut impl Preorder) -> Result<Operand, CompileError> {
        match source.number() {
            Some(number) => Ok(self.emitter.number(number)),
            None => self.operations(source),
        }
    }

    fn operations(&mut self, source: &mut impl Preorder) -> Result<Operand, CompileError> {
        loop {
            let operand = match source.expression()? {
                Expression::Var(var) if var == 0 || u32::from(var) > self.scope.visible => return self.misplaced(var),
                Expression::Var(var) => Some(Operand::register(var.into())),
                Expression::Const(value) => Some(self.emitter.number(value)),
                Expression::Operator(op) => {
                    self.pending.push(Pending::Left(op));
                    None
                }
                Expression::Call { func, args } => {
                    let (func, args) = self.callee(func, args)?;
                    if args > 0 {
                        self.pending.push(Pending::Call { func, left: args, args });
                        None
                    } else {
                        Some(self.emitter.call(func, 0))
                    }
                }
            };
            if let Some(operand) = operand
                && let Some(whole) = self.complete(operand)
            {
                return Ok(whole);
            }
        }
    }

    /// Ends the operations and calls of which this is the last operand, up to one of which something is still to be
    /// read. Returns the value of the expression if none is left.
    #[inline(always)]
    fn complete(&mut self, mut operand: Operand) -> Option<Operand> {
        while let Some(top) = self.pending.last_mut() {
            match *top {
                Pending::Left(op) => {
                    *top = Pending::Right(op, operand);
                    return None;
                }
                Pending::Right(op, left) => operand = self.emitter.operate(op, left, operand),
                Pending::Call { func, left, args } => {
                    self.emitter.arguments.push(operand);
                    if left > 1 {
                        *top = Pending::Call { func, left: left - 1, args };
                        return None;
                    }
                    operand = self.emitter.call(func, args);
                }
            }
            self.pending.pop();
        }
        Some(operand)
    }

    /// Place of a function that is called, and the number of its parameters.
    fn callee(&self, func: u8, args: Option<usize>) -> Result<(u16, u8), CompileError> {
        let statement = self.statement - 1;
        // A function is complete once the size of its frame is known.
        let nth = self.emitter.program.find(func).filter(|&nth| self.emitter.program.funcs[nth].frame > 0);
        let nth = nth.ok_or(CompileError::Undefined { func, statement })?;
        let arity = self.emitter.program.funcs[nth].arity;
        match args {
            Some(got) if got != usize::from(arity) => Err(CompileError::Arguments { func, got, arity, statement }),
            _ => Ok((nth as u16, arity)),
        }
    }

    fn misplaced<T>(&self, var: u8) -> Result<T, CompileError> {
        // Expressions come behind the count, targets before it; both are of the statement that has the last mark.
        let statement = self.emitter.program.marks.last().map_or(0, |mark| mark.statement);
        Err(CompileError::Variable { var, visible: self.scope.visible, statement })
    }

    fn check_target(&self, target: u8) -> Result<(), CompileError> {
        match target == 0 || u32::from(target) > self.scope.visible + 1 {
            true => self.misplaced(target),
            false => Ok(()),
        }
    }

    fn bind(&mut self, target: u8) {
        self.scope.visible = self.scope.visible.max(target.into());
        self.scope.bindings += 1;
    }

    fn def(&mut self, func: u8, arity: u8) -> Result<Block, CompileError> {
        if !self.blocks.is_empty() || self.emitter.program.find(func).is_some() {
            return Err(CompileError::Def { func, statement: self.statement });
        }
        let over = self.emitter.emit(Op::Jump, 0, 0, 0);
        let (entry, mark) = (self.emitter.here(), self.emitter.program.marks.len() as u32 - 1);
        let nth = self.emitter.program.funcs.len() as u16;
        self.emitter.program.funcs.push(Func { number: func, arity, entry, frame: 0, mark });
        let inside = Scope { visible: arity.into(), bindings: arity.into(), in_function: true, ..Scope::default() };
        self.outside = std::mem::replace(&mut self.scope, inside);
        (self.outside.temps, self.outside.max_temps) = (self.emitter.temps, self.emitter.max_temps);
        (self.emitter.temps, self.emitter.max_temps) = (0, 0);
        Ok(Block::Def { func: nth, over })
    }

    fn end_def(&mut self, func: u16, over: u32) {
        self.emitter.emit(Op::ReturnNone, 0, 0, 0);
        self.emitter.land(over);
        self.emitter.program.funcs[usize::from(func)].frame = TEMPS + self.emitter.max_temps;
        self.scope = self.outside;
        (self.emitter.temps, self.emitter.max_temps) = (self.scope.temps, self.scope.max_temps);
    }
}
