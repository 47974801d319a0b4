//! The parser's expressions to ours and to tokens.

use ruff_python_ast as py;
use ruff_text_size::{Ranged, TextSize};

use super::error::EncodeErrorKind as Kind;
use super::statements::{Reader, refuse};
use super::{Refusal, lacking, refusal};
use crate::ast::{Comparison, Expr};
use crate::config::ComparisonValues;
use crate::vocab::{BinOp, Compare, Symbol};

impl<'s> Reader<'s, '_> {
    pub(super) fn expr(&mut self, expr: &'s py::Expr) -> Result<Expr, Refusal> {
        let at = expr.start();
        match expr {
            py::Expr::Name(name) => {
                let var = self.bindings.read(&name.id, at.to_usize())?;
                self.put(Symbol::Var(var), at)?;
                Ok(Expr::Var(var))
            }
            py::Expr::NumberLiteral(number) => self.constant(number, false, at),
            py::Expr::UnaryOp(unary) => match (unary.op, &*unary.operand) {
                (py::UnaryOp::USub, py::Expr::NumberLiteral(number)) => self.constant(number, true, at),
                (py::UnaryOp::UAdd, _) => refuse(at, lacking::UNARY_PLUS),
                _ => refuse(at, lacking::NEGATION),
            },
            py::Expr::BinOp(binary) => {
                let op = match binary.op {
                    py::Operator::Add => BinOp::Add,
                    py::Operator::Sub => BinOp::Sub,
                    py::Operator::Mult => BinOp::Mul,
                    _ => return refuse(at, lacking::OTHER),
                };
                self.put(Symbol::BinOp(op), at)?;
                let left = Box::new(self.expr(&binary.left)?);
                Ok(Expr::BinOp { op, left, right: Box::new(self.expr(&binary.right)?) })
            }
            py::Expr::Compare(compare) => {
                if self.writes_int() && !self.normalise {
                    return refuse(at, Kind::BareComparison);
                }
                Ok(Expr::Compare(Box::new(self.comparison(compare, at)?)))
            }
            py::Expr::Call(call) => self.call(call, at),
            py::Expr::Tuple(_) => refuse(at, lacking::TUPLES),
            py::Expr::Generator(_) => refuse(at, lacking::COMPREHENSIONS),
            py::Expr::Starred(_) => refuse(at, lacking::STARRED),
            // The others hold tokens that have been refused before the parser saw them.
            _ => refuse(at, lacking::OTHER),
        }
    }

    /// Whether comparisons as values are written `int(a < b)`.
    fn writes_int(&self) -> bool {
        self.matcher.language().config().comparison_values == ComparisonValues::Int
    }

    fn constant(&mut self, number: &py::ExprNumberLiteral, negative: bool, at: TextSize) -> Result<Expr, Refusal> {
        let py::Number::Int(int) = &number.value else { return refuse(at, lacking::FLOATS) };
        let sign = if negative { "-" } else { "" };
        let value = match (int.as_u64(), negative) {
            (Some(0), true) => return refuse(at, lacking::NEGATIVE_ZERO),
            (Some(value), false) => i64::try_from(value).ok(),
            (Some(value), true) => 0_i64.checked_sub_unsigned(value),
            (None, _) => None,
        };
        let Some(value) = value else {
            let value = shortened(&format!("{sign}{int}"));
            return refuse(
                at,
                match self.constants {
                    None => refusal::constant(self.matcher, value),
                    Some(_) => Kind::Constant { value, low: i64::MIN, high: i64::MAX },
                },
            );
        };
        match &mut self.constants {
            None => self.put(Symbol::Const(value), at)?,
            Some(constants) => {
                let place = constants.place(value);
                let (_, last) = self.matcher.language().config().value_range;
                if i64::try_from(place).is_ok_and(|place| place <= last) {
                    self.put(Symbol::Const(place as i64), at)?;
                } else {
                    return refuse(at, Kind::Constants { max: last.saturating_add(1) });
                }
            }
        }
        Ok(Expr::Const(value))
    }

    /// The comparison of an `if`.
    pub(super) fn condition(&mut self, test: &'s py::Expr) -> Result<Comparison, Refusal> {
        let at = test.start();
        match test {
            py::Expr::Compare(compare) => self.comparison(compare, at),
            py::Expr::Call(call) if call.func.as_name_expr().is_some_and(|name| name.id == "int") => {
                refuse(at, Kind::IntCondition)
            }
            _ => refuse(at, lacking::CONDITION),
        }
    }

    fn comparison(&mut self, compare: &'s py::ExprCompare, at: TextSize) -> Result<Comparison, Refusal> {
        let (op, right) = match (&*compare.ops, &*compare.comparators) {
            ([py::CmpOp::Lt], [right]) => (Compare::Lt, right),
            ([py::CmpOp::Eq], [right]) => (Compare::Eq, right),
            _ => return refuse(at, lacking::CHAINED),
        };
        self.put(Symbol::Compare(op), at)?;
        Ok(Comparison { op, left: self.expr(&compare.left)?, right: self.expr(right)? })
    }

    fn call(&mut self, call: &'s py::ExprCall, at: TextSize) -> Result<Expr, Refusal> {
        let Some(name) = call.func.as_name_expr() else { return refuse(at, lacking::CHAINED_CALLS) };
        let (name, args) = (name.id.as_str(), &*call.arguments.args);
        if name == "int" {
            return match args {
                [py::Expr::Compare(_)] if !self.writes_int() => refuse(at, Kind::IntUnused),
                [py::Expr::Compare(compare)] => Ok(Expr::Compare(Box::new(self.comparison(compare, compare.start())?))),
                _ if self.writes_int() => refuse(at, Kind::IntArgument),
                _ => refuse(at, lacking::INT),
            };
        }
        let (func, def) = self.bindings.callee(name, at.to_usize())?;
        let arity = def.arity;
        if args.len() != usize::from(arity) {
            return refuse(at, Kind::Arguments { name: name.to_owned(), arity, got: args.len() });
        }
        self.put_named(Symbol::Call, at, name)?;
        self.put_named(Symbol::Func(func), at, name)?;
        let args = args.iter().map(|arg| self.expr(arg)).collect::<Result<_, _>>()?;
        Ok(Expr::Call { func, args })
    }
}

/// The first digits of a number that is too long to show.
fn shortened(digits: &str) -> String {
    const SHOWN: usize = 40;
    match digits.get(..SHOWN) {
        Some(start) if digits.len() > SHOWN => format!("{start}… ({} characters)", digits.len()),
        _ => digits.to_owned(),
    }
}
