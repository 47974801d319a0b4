//! From preorder to instructions, in one pass and without recursion.
//!
//! What is to be done behind what is being read stands on a list of tasks, what has been computed on a list of
//! operands. Nothing within an expression changes a variable, so variables and numbers are operands where they stand,
//! and only results of operations need registers.

use thiserror::Error;

use super::code::{Func, Instr, Mark, Op, Program, TEMPS};
use super::emit::{Emitter, Operand};
use super::preorder::{Expression, Preorder, Statement, Tokens, Tree};
use crate::ast::Module;
use crate::codec::tree::DecodeError;
use crate::config::ComparisonValues;
use crate::language::Language;
use crate::vocab::{BinOp, Compare, Vocab};

/// A program that cannot be run. Programs that a matcher takes to their end always can.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The tokens are no program.
    #[error(transparent)]
    Tokens(#[from] DecodeError),
    /// A variable is read or assigned that the rules of scopes do not allow: what is read must be visible, what is
    /// assigned visible or the next new one.
    #[error("variable {var} of statement {statement} is out of place; {visible} are visible")]
    Variable {
        /// Number of the variable.
        var: u8,
        /// Number of visible variables.
        visible: u32,
        /// Position of the statement in preorder, counted from 0.
        statement: u32,
    },
    /// A function is called that is not defined before.
    #[error("statement {statement} calls function {func} before it is defined")]
    Undefined {
        /// Number of the function.
        func: u8,
        /// Position of the statement in preorder, counted from 0.
        statement: u32,
    },
    /// A function is called with another number of arguments than it has parameters.
    #[error("statement {statement} calls function {func} with {got} arguments; it has {arity} parameters")]
    Arguments {
        /// Number of the function.
        func: u8,
        /// Number of arguments.
        got: usize,
        /// Number of parameters.
        arity: u8,
        /// Position of the statement in preorder, counted from 0.
        statement: u32,
    },
    /// A `def` within another statement, or the second of one number.
    #[error("statement {statement} defines function {func} in another statement or for the second time")]
    Def {
        /// Number of the function.
        func: u8,
        /// Position of the statement in preorder, counted from 0.
        statement: u32,
    },
    /// A `return` outside of functions.
    #[error("statement {statement} is a return outside of functions")]
    Return {
        /// Position of the statement in preorder, counted from 0.
        statement: u32,
    },
    /// More than 2³⁰ instructions.
    #[error("the program has more than {} instructions", 1_u32 << 30)]
    TooLong,
}

/// What is to be done behind what is being read.
#[derive(Clone, Copy)]
enum Task {
    Expression,
    /// The statements of a block that are left.
    Statements(usize),
    Block,
    BinOp(BinOp),
    Compare(Compare),
    /// Arguments that are left, then the call.
    Call {
        func: u16,
        left: u8,
        args: u8,
    },
    Assign(u8),
    Print,
    Return,
    /// The condition has been read.
    If(Compare),
    Else {
        unless: u32,
        before: u32,
    },
    EndIf {
        jump: u32,
        then: u32,
    },
    /// The bounds have been read.
    For {
        target: u8,
        start: bool,
        mark: u32,
    },
    EndFor {
        target: u8,
        enter: u32,
        before: u32,
        mark: u32,
    },
    EndDef {
        func: u16,
        over: u32,
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
    tasks: Vec<Task>,
    operands: Vec<Operand>,
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
        Self { program: Program::empty(comparison_values), tasks: Vec::new(), operands: Vec::new() }
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
        let Self { program, tasks, operands } = self;
        program.code.clear();
        program.constants.clear();
        program.funcs.clear();
        program.marks.clear();
        tasks.clear();
        operands.clear();
        let emitter = Emitter { program, operands, owed: 0, temps: 0, max_temps: 0 };
        let mut pass =
            Pass { emitter, tasks, scope: Scope::default(), outside: Scope::default(), statement: 0, line: 0 };
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
    tasks: &'a mut Vec<Task>,
    scope: Scope,
    /// The module's, while a function is read.
    outside: Scope,
    /// Statements and lines so far.
    statement: u32,
    line: u32,
}

impl Pass<'_> {
    fn run(&mut self, source: &mut impl Preorder) -> Result<(), CompileError> {
        self.tasks.push(Task::Block);
        while let Some(task) = self.tasks.pop() {
            match task {
                Task::Expression => self.expression(source.expression()?)?,
                Task::BinOp(op) => self.emitter.binary(op),
                Task::Compare(op) => self.emitter.compare(op),
                Task::Call { func, left, args } => match left.checked_sub(1) {
                    Some(left) => self.tasks.extend([Task::Call { func, left, args }, Task::Expression]),
                    None => self.emitter.call(func, args),
                },
                Task::Statements(0) => {}
                Task::Statements(left) => {
                    self.tasks.push(Task::Statements(left - 1));
                    self.statement(source)?;
                }
                Task::Block => self.tasks.push(Task::Statements(source.block()?)),
                Task::Assign(target) => {
                    self.emitter.assign(target);
                    self.bind(target);
                }
                Task::Print => self.emitter.consume(Op::PrintR, Op::PrintI),
                Task::Return => self.emitter.consume(Op::ReturnR, Op::ReturnI),
                Task::If(op) => {
                    let (unless, before) = (self.emitter.unless(op), self.scope.visible);
                    self.tasks.extend([Task::Else { unless, before }, Task::Block]);
                }
                Task::Else { unless, before } => {
                    let jump = self.emitter.emit(Op::Jump, 0, 0, 0);
                    self.emitter.land(unless);
                    self.line += 1;
                    let then = std::mem::replace(&mut self.scope.visible, before);
                    self.tasks.extend([Task::EndIf { jump, then }, Task::Block]);
                }
                Task::EndIf { jump, then } => {
                    self.emitter.land(jump);
                    self.scope.visible = self.scope.visible.min(then);
                }
                Task::For { target, start, mark } => {
                    let before = self.scope.visible;
                    let enter = self.emitter.enter_loop(start);
                    self.bind(target);
                    self.tasks.extend([Task::EndFor { target, enter, before, mark }, Task::Block]);
                }
                Task::EndFor { target, enter, before, mark } => {
                    self.emitter.land(enter);
                    let pc = self.emitter.here();
                    let mark = self.emitter.program.marks[mark as usize];
                    self.emitter.program.marks.push(Mark { pc, ..mark });
                    self.emitter.end_loop(target, enter + 1);
                    self.scope.visible = before;
                }
                Task::EndDef { func, over } => self.end_def(func, over),
            }
        }
        source.end()?;
        self.emitter.emit(Op::End, 0, 0, 0);
        self.emitter.program.frame = TEMPS + self.emitter.max_temps;
        Ok(())
    }

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
        self.emitter.owed = 1;
        match source.statement()? {
            Statement::Assign(target) => {
                self.check_target(target)?;
                self.tasks.extend([Task::Assign(target), Task::Expression]);
            }
            Statement::Print => self.tasks.extend([Task::Print, Task::Expression]),
            Statement::Return if !self.scope.in_function => {
                return Err(CompileError::Return { statement: self.statement });
            }
            Statement::Return => self.tasks.extend([Task::Return, Task::Expression]),
            Statement::If => {
                let op = source.condition()?;
                self.tasks.extend([Task::If(op), Task::Expression, Task::Expression]);
            }
            Statement::For { target, start } => {
                self.check_target(target)?;
                self.tasks.extend([Task::For { target, start, mark }, Task::Expression]);
                if start {
                    self.tasks.push(Task::Expression);
                }
            }
            Statement::Def { func, arity } => self.def(func, arity)?,
        }
        self.statement += 1;
        Ok(())
    }

    #[inline(always)]
    fn expression(&mut self, found: Expression) -> Result<(), CompileError> {
        match found {
            Expression::Var(var) if var == 0 || u32::from(var) > self.scope.visible => return self.misplaced(var),
            Expression::Var(var) => self.emitter.operands.push(Operand::Register(var.into())),
            Expression::Const(value) => self.emitter.operands.push(Operand::of(value)),
            Expression::BinOp(op) => self.tasks.extend([Task::BinOp(op), Task::Expression, Task::Expression]),
            Expression::Compare(op) => self.tasks.extend([Task::Compare(op), Task::Expression, Task::Expression]),
            Expression::Call { func, args } => {
                let statement = self.statement - 1;
                let undefined = CompileError::Undefined { func, statement };
                let nth = self.emitter.program.find(func).ok_or_else(|| undefined.clone())?;
                let found = &self.emitter.program.funcs[nth];
                // A function is complete once the size of its frame is known.
                if found.frame == 0 {
                    return Err(undefined);
                }
                let arity = found.arity;
                if let Some(got) = args.filter(|&got| got != usize::from(arity)) {
                    return Err(CompileError::Arguments { func, got, arity, statement });
                }
                self.tasks.push(Task::Call { func: nth as u16, left: arity, args: arity });
            }
        }
        Ok(())
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

    fn def(&mut self, func: u8, arity: u8) -> Result<(), CompileError> {
        // At the top level nothing but the rest of the module is to be done.
        if self.tasks.len() != 1 || self.scope.in_function || self.emitter.program.find(func).is_some() {
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
        self.tasks.extend([Task::EndDef { func: nth, over }, Task::Block]);
        Ok(())
    }

    fn end_def(&mut self, func: u16, over: u32) {
        self.emitter.emit(Op::ReturnNone, 0, 0, 0);
        self.emitter.land(over);
        self.emitter.program.funcs[usize::from(func)].frame = TEMPS + self.emitter.max_temps;
        self.scope = self.outside;
        (self.emitter.temps, self.emitter.max_temps) = (self.scope.temps, self.scope.max_temps);
    }
}

impl Instr {
    pub(super) fn new(op: Op, cost: u8, a: u32, b: u32, c: u32) -> Self {
        Self { op, cost, a, b, c }
    }
}
