//! A machine that runs trees literally, written from the language's rules alone, to hold findings against.
//!
//! It walks the tree by recursion, keeps integers in 128 bits and gives up beyond, and notes everything that happens.
//! Statements and calls carry the numbers that an [`Index`] gives them in preorder.

use std::collections::HashMap;

use pyprior_core::ast::{BinOp, Compare, Comparison, Expr, Module, Stmt};

/// Numbers of statements and calls by where they are in memory, and what a statement is.
pub(crate) struct Index<'a> {
    numbers: HashMap<*const Stmt, usize>,
    calls: HashMap<*const Expr, usize>,
    pub(crate) stmts: Vec<&'a Stmt>,
    /// By call: the statement that it stands in.
    pub(crate) call_stmts: Vec<usize>,
    pub(crate) defs: HashMap<u8, &'a Stmt>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(module: &'a Module) -> Self {
        let (numbers, calls) = (HashMap::new(), HashMap::new());
        let mut index = Self { numbers, calls, stmts: Vec::new(), call_stmts: Vec::new(), defs: HashMap::new() };
        index.block(&module.body);
        index
    }

    fn block(&mut self, block: &'a [Stmt]) {
        for stmt in block {
            self.numbers.insert(stmt, self.stmts.len());
            self.stmts.push(stmt);
            match stmt {
                Stmt::Assign { value, .. } | Stmt::Print(value) | Stmt::Return(value) => self.expr(value),
                Stmt::If { condition, then, otherwise } => {
                    self.comparison(condition);
                    self.block(then);
                    self.block(otherwise);
                }
                Stmt::For { start, stop, body, .. } => {
                    start.iter().for_each(|start| self.expr(start));
                    self.expr(stop);
                    self.block(body);
                }
                Stmt::Def { func, body, .. } => {
                    self.defs.insert(*func, stmt);
                    self.block(body);
                }
            }
        }
    }

    fn comparison(&mut self, comparison: &'a Comparison) {
        self.expr(&comparison.left);
        self.expr(&comparison.right);
    }

    fn expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Var(_) | Expr::Const(_) => {}
            Expr::BinOp { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            Expr::Compare(comparison) => self.comparison(comparison),
            Expr::Call { args, .. } => {
                self.calls.insert(expr, self.call_stmts.len());
                self.call_stmts.push(self.stmts.len() - 1);
                args.iter().for_each(|arg| self.expr(arg));
            }
        }
    }
}

/// A value; comparisons are `Bool` in languages where they print True.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    None,
    Int(i128),
    Bool(bool),
}

impl Value {
    fn number(self) -> Result<i128, Stop> {
        match self {
            Self::None => Err(Stop::TypeError),
            Self::Int(value) => Ok(value),
            Self::Bool(value) => Ok(i128::from(value)),
        }
    }

    /// `==` in Python: True is 1, and None is itself alone.
    fn equals(self, other: Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::None, _) | (_, Self::None) => false,
            (left, right) => left.number() == right.number(),
        }
    }
}

/// Why a run ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Fuel,
    TypeError,
    /// More than 127 bits, which the machine does not do.
    Wide,
    /// More calls in each other than any legal program has.
    Depth,
}

/// What is changed in a run, to see whether anybody notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Nothing,
    /// The statement stores this instead, or its loop variable has this value.
    Store(usize, i128),
    /// The right side of the assignment is not computed; this is stored.
    Replace(usize, i128),
    /// The parameter is given this.
    Parameter(u8, u8, i128),
    /// The function has this for its body: `return value`.
    Body(u8, i128),
    /// The call has this value, whatever the function says.
    Result(usize, i128),
}

/// What happened to a statement.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) runs: u64,
    /// Tests that held, iterations.
    pub(crate) yes: u64,
    /// Whether a value that it stored was read.
    pub(crate) read: bool,
}

/// Everything that happened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    pub(crate) stmts: Vec<Seen>,
    /// By function: calls, parameters read.
    pub(crate) calls: HashMap<u8, u64>,
    pub(crate) parameters: HashMap<(u8, u8), bool>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) stop: Option<Stop>,
    pub(crate) out: Vec<Value>,
    pub(crate) steps: u64,
    /// What a function returned; `None` if it fell through.
    pub(crate) value: Option<Value>,
}

/// Who stored a value.
#[derive(Clone, Copy)]
enum Writer {
    Stmt(usize),
    Parameter(u8, u8),
}

pub(crate) struct Machine<'i, 'a> {
    pub(crate) index: &'i Index<'a>,
    pub(crate) bools: bool,
    pub(crate) change: Change,
    fuel: u64,
    steps: u64,
    depth: u32,
    out: Vec<Value>,
    pub(crate) log: Log,
}

type Frame = HashMap<u8, (Value, Writer)>;

impl<'i, 'a> Machine<'i, 'a> {
    pub(crate) fn new(index: &'i Index<'a>, bools: bool) -> Self {
        let log = Log { stmts: vec![Seen::default(); index.stmts.len()], ..Log::default() };
        Self { index, bools, change: Change::Nothing, fuel: 0, steps: 0, depth: 0, out: Vec::new(), log }
    }

    pub(crate) fn module(&mut self, module: &Module, fuel: u64) -> Outcome {
        self.start(fuel);
        let result = self.block(&module.body, &mut Frame::new());
        self.outcome(result)
    }

    /// Calls a function from outside, which costs what its body does.
    pub(crate) fn function(&mut self, func: u8, args: &[i128], fuel: u64) -> Outcome {
        self.start(fuel);
        let args = args.iter().map(|&arg| Value::Int(arg)).collect::<Vec<_>>();
        let result = self.body(func, &args);
        self.outcome(result)
    }

    fn start(&mut self, fuel: u64) {
        (self.fuel, self.steps, self.depth) = (fuel, 0, 0);
        self.out.clear();
    }

    fn outcome(&mut self, result: Result<Option<Value>, Stop>) -> Outcome {
        let (stop, value) = match result {
            Ok(value) => (None, value),
            Err(stop) => (Some(stop), None),
        };
        Outcome { stop, out: std::mem::take(&mut self.out), steps: self.steps, value }
    }

    fn step(&mut self) -> Result<(), Stop> {
        if self.steps == self.fuel {
            return Err(Stop::Fuel);
        }
        self.steps += 1;
        Ok(())
    }

    fn block(&mut self, block: &[Stmt], frame: &mut Frame) -> Result<Option<Value>, Stop> {
        for stmt in block {
            if let Some(value) = self.stmt(stmt, frame)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// `Some` is what is returned.
    fn stmt(&mut self, stmt: &Stmt, frame: &mut Frame) -> Result<Option<Value>, Stop> {
        let nth = self.index.numbers[&(stmt as *const Stmt)];
        self.step()?;
        self.log.stmts[nth].runs += 1;
        match stmt {
            Stmt::Assign { target, value } => {
                let value = match self.change {
                    Change::Replace(at, value) if at == nth => Value::Int(value),
                    _ => self.expr(value, frame)?,
                };
                self.store(nth, *target, value, frame);
            }
            Stmt::Print(value) => {
                let value = self.expr(value, frame)?;
                self.out.push(value);
            }
            Stmt::Return(value) => return self.expr(value, frame).map(Some),
            Stmt::If { condition, then, otherwise } => {
                let holds = self.compare(condition, frame)?;
                self.log.stmts[nth].yes += u64::from(holds);
                return self.block(if holds { then } else { otherwise }, frame);
            }
            Stmt::For { target, start, stop, body } => {
                let start = start.as_ref().map_or(Ok(Value::Int(0)), |start| self.expr(start, frame))?;
                let stop = self.expr(stop, frame)?;
                let (mut at, stop) = (start.number()?, stop.number()?);
                while at < stop {
                    self.step()?;
                    self.log.stmts[nth].yes += 1;
                    self.store(nth, *target, Value::Int(at), frame);
                    if let Some(value) = self.block(body, frame)? {
                        return Ok(Some(value));
                    }
                    at += 1;
                }
            }
            Stmt::Def { .. } => {}
        }
        Ok(None)
    }

    fn store(&mut self, nth: usize, target: u8, value: Value, frame: &mut Frame) {
        let value = match self.change {
            Change::Store(at, value) if at == nth => Value::Int(value),
            _ => value,
        };
        frame.insert(target, (value, Writer::Stmt(nth)));
    }

    fn body(&mut self, func: u8, args: &[Value]) -> Result<Option<Value>, Stop> {
        *self.log.calls.entry(func).or_default() += 1;
        if let Change::Body(changed, value) = self.change
            && changed == func
        {
            return Ok(Some(Value::Int(value)));
        }
        let Some(Stmt::Def { body, .. }) = self.index.defs.get(&func) else { panic!("function {func} is undefined") };
        let mut frame = Frame::new();
        for (&arg, var) in args.iter().zip(1..) {
            let value = match self.change {
                Change::Parameter(changed, at, value) if (changed, at) == (func, var) => Value::Int(value),
                _ => arg,
            };
            frame.insert(var, (value, Writer::Parameter(func, var)));
        }
        if self.depth == 300 {
            return Err(Stop::Depth);
        }
        self.depth += 1;
        let result = self.block(body, &mut frame);
        self.depth -= 1;
        result
    }

    fn compare(&mut self, comparison: &Comparison, frame: &Frame) -> Result<bool, Stop> {
        let (left, right) = (self.expr(&comparison.left, frame)?, self.expr(&comparison.right, frame)?);
        match comparison.op {
            Compare::Lt => Ok(left.number()? < right.number()?),
            Compare::Eq => Ok(left.equals(right)),
        }
    }

    fn expr(&mut self, expr: &Expr, frame: &Frame) -> Result<Value, Stop> {
        Ok(match expr {
            Expr::Var(var) => {
                let (value, writer) = *frame.get(var).unwrap_or_else(|| panic!("variable {var} is unbound"));
                match writer {
                    Writer::Stmt(nth) => self.log.stmts[nth].read = true,
                    Writer::Parameter(func, var) => {
                        self.log.parameters.insert((func, var), true);
                    }
                }
                value
            }
            Expr::Const(value) => Value::Int(i128::from(*value)),
            Expr::BinOp { op, left, right } => {
                let (left, right) = (self.expr(left, frame)?.number()?, self.expr(right, frame)?.number()?);
                let value = match op {
                    BinOp::Add => left.checked_add(right),
                    BinOp::Sub => left.checked_sub(right),
                    BinOp::Mul => left.checked_mul(right),
                };
                Value::Int(value.ok_or(Stop::Wide)?)
            }
            Expr::Compare(comparison) => {
                let holds = self.compare(comparison, frame)?;
                if self.bools { Value::Bool(holds) } else { Value::Int(i128::from(holds)) }
            }
            Expr::Call { func, args } => {
                let args = args.iter().map(|arg| self.expr(arg, frame)).collect::<Result<Vec<_>, _>>()?;
                self.step()?;
                let value = self.body(*func, &args)?.unwrap_or(Value::None);
                match self.change {
                    Change::Result(at, value) if at == self.index.calls[&(expr as *const Expr)] => Value::Int(value),
                    _ => value,
                }
            }
        })
    }
}
