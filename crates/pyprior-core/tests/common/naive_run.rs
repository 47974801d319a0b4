//! A second reading of how programs run: a walk over the tree, with every value a big integer and every step counted
//! where it happens. Slow, and independent of the machine.

use std::collections::HashMap;

use num_bigint::BigInt;
use pyprior_core::ast::{BinOp, Compare, Comparison, Expr, Module, Stmt};

#[derive(Clone, PartialEq)]
pub(crate) enum Val {
    None,
    Bool(bool),
    Int(BigInt),
}

impl Val {
    pub(crate) fn text(&self) -> String {
        match self {
            Val::None => "None".to_owned(),
            Val::Bool(true) => "True".to_owned(),
            Val::Bool(false) => "False".to_owned(),
            Val::Int(value) => value.to_string(),
        }
    }

    fn int(&self) -> Option<BigInt> {
        match self {
            Val::None => None,
            Val::Bool(value) => Some(BigInt::from(u8::from(*value))),
            Val::Int(value) => Some(value.clone()),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Val::None => "NoneType",
            Val::Bool(_) => "bool",
            Val::Int(_) => "int",
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Fuel,
    Type(String),
    /// A value of more than these many bits.
    Bits,
}

/// What a statement leads to.
enum Flow {
    On,
    Return(Val),
}

type Vars = HashMap<u8, Val>;

pub(crate) struct Naive<'a> {
    pub(crate) fuel: u64,
    pub(crate) steps: u64,
    pub(crate) out: String,
    pub(crate) bools: bool,
    pub(crate) max_bits: u64,
    funcs: HashMap<u8, &'a [Stmt]>,
}

impl<'a> Naive<'a> {
    pub(crate) fn new(fuel: u64, bools: bool, max_bits: u64) -> Self {
        Self { fuel, steps: 0, out: String::new(), bools, max_bits, funcs: HashMap::new() }
    }

    pub(crate) fn run(&mut self, module: &'a Module) -> Result<(), End> {
        self.block(&module.body, &mut Vars::new()).map(drop)
    }

    pub(crate) fn call(&mut self, func: u8, args: Vec<Val>) -> Result<Val, End> {
        self.step()?;
        let mut vars = (1..).zip(args).collect::<Vars>();
        Ok(match self.block(self.funcs[&func], &mut vars)? {
            Flow::On => Val::None,
            Flow::Return(value) => value,
        })
    }

    fn step(&mut self) -> Result<(), End> {
        if self.steps == self.fuel {
            return Err(End::Fuel);
        }
        self.steps += 1;
        Ok(())
    }

    fn block(&mut self, block: &'a [Stmt], vars: &mut Vars) -> Result<Flow, End> {
        for stmt in block {
            self.step()?;
            match stmt {
                Stmt::Assign { target, value } => {
                    let value = self.expr(value, vars)?;
                    vars.insert(*target, value);
                }
                Stmt::Print(value) => {
                    let value = self.expr(value, vars)?;
                    self.out += &format!("{}\n", value.text());
                }
                Stmt::Return(value) => return Ok(Flow::Return(self.expr(value, vars)?)),
                Stmt::If { condition, then, otherwise } => {
                    let branch = if self.holds(condition, vars)? { then } else { otherwise };
                    if let Flow::Return(value) = self.block(branch, vars)? {
                        return Ok(Flow::Return(value));
                    }
                }
                Stmt::For { target, start, stop, body } => {
                    let start = start.as_ref().map(|start| self.expr(start, vars)).transpose()?;
                    let stop = self.expr(stop, vars)?;
                    let bound = |value: &Val| {
                        let message = "'NoneType' object cannot be interpreted as an integer";
                        value.int().ok_or_else(|| End::Type(message.to_owned()))
                    };
                    let mut next = start.as_ref().map_or(Ok(BigInt::ZERO), bound)?;
                    let stop = bound(&stop)?;
                    while next < stop {
                        self.step()?;
                        vars.insert(*target, Val::Int(next.clone()));
                        next += 1;
                        if let Flow::Return(value) = self.block(body, vars)? {
                            return Ok(Flow::Return(value));
                        }
                    }
                }
                Stmt::Def { func, body, .. } => drop(self.funcs.insert(*func, body)),
            }
        }
        Ok(Flow::On)
    }

    fn holds(&mut self, comparison: &'a Comparison, vars: &mut Vars) -> Result<bool, End> {
        let left = self.expr(&comparison.left, vars)?;
        let right = self.expr(&comparison.right, vars)?;
        match (comparison.op, left.int(), right.int()) {
            (Compare::Lt, Some(x), Some(y)) => Ok(x < y),
            (Compare::Lt, ..) => {
                let (left, right) = (left.kind(), right.kind());
                Err(End::Type(format!("'<' not supported between instances of '{left}' and '{right}'")))
            }
            (Compare::Eq, x, y) => Ok(x == y),
        }
    }

    fn expr(&mut self, expr: &'a Expr, vars: &mut Vars) -> Result<Val, End> {
        Ok(match expr {
            Expr::Var(var) => vars[var].clone(),
            Expr::Const(value) => Val::Int((*value).into()),
            Expr::Compare(comparison) => match self.holds(comparison, vars)? {
                holds if self.bools => Val::Bool(holds),
                holds => Val::Int(u8::from(holds).into()),
            },
            Expr::Call { func, args } => {
                let args = args.iter().map(|arg| self.expr(arg, vars)).collect::<Result<_, _>>()?;
                self.call(*func, args)?
            }
            Expr::BinOp { op, left, right } => {
                let (left, right) = (self.expr(left, vars)?, self.expr(right, vars)?);
                let (Some(x), Some(y)) = (left.int(), right.int()) else {
                    let sign = match op {
                        BinOp::Add => "+",
                        BinOp::Sub => "-",
                        BinOp::Mul => "*",
                    };
                    let (left, right) = (left.kind(), right.kind());
                    let message = format!("unsupported operand type(s) for {sign}: '{left}' and '{right}'");
                    return Err(End::Type(message));
                };
                let value = match op {
                    BinOp::Add => x + y,
                    BinOp::Sub => x - y,
                    BinOp::Mul => x * y,
                };
                if value.bits() > self.max_bits {
                    return Err(End::Bits);
                }
                Val::Int(value)
            }
        })
    }
}
