//! The tree of an expression, and its text.

use std::fmt;

use super::error::TextPlace;

/// An expression with its place in the text.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: TextPlace,
    /// Nodes on the longest way down, this one included.
    pub(super) height: u32,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Name(String),
    Integer(u64),
    Float(f64),
    Text(String),
    Truth(bool),
    Negate(Box<Node>),
    Not(Box<Node>),
    Arithmetic(Arithmetic, Box<[Node; 2]>),
    Compare(Compare, Box<[Node; 2]>),
    /// An operand, from, to; both ends belong to the range.
    Range(Box<Node>, Option<Box<Node>>, Option<Box<Node>>),
    Among(Box<Node>, Vec<Node>),
    IsNull(Box<Node>),
    /// Two or more; none of them is an `and` itself.
    And(Vec<Node>),
    Or(Vec<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Sub,
    Mul,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    Unequal,
    Contains,
    StartsWith,
    EndsWith,
}

impl Compare {
    pub(super) const ALL: [Self; 9] = [
        Self::Less,
        Self::LessEqual,
        Self::Greater,
        Self::GreaterEqual,
        Self::Equal,
        Self::Unequal,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Contains => "contains",
            Self::StartsWith => "starts_with",
            Self::EndsWith => "ends_with",
        }
    }
}

/// The same expression, wherever it stood.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Node {
    /// How tightly it holds together: what stands in something tighter is put in parentheses.
    fn tightness(&self) -> u8 {
        match &self.kind {
            Kind::Or(_) => 0,
            Kind::And(_) => 1,
            Kind::Not(_) => 2,
            Kind::Compare(..) | Kind::Range(..) | Kind::Among(..) | Kind::IsNull(_) => 3,
            Kind::Arithmetic(Arithmetic::Add | Arithmetic::Sub, _) => 4,
            Kind::Arithmetic(Arithmetic::Mul, _) => 5,
            Kind::Negate(_) => 6,
            Kind::Name(_) | Kind::Integer(_) | Kind::Float(_) | Kind::Text(_) | Kind::Truth(_) => 7,
        }
    }

    /// Writes it where only what is as tight may stand without parentheses.
    fn write(&self, f: &mut fmt::Formatter<'_>, least: u8) -> fmt::Result {
        match self.tightness() < least {
            true => write!(f, "({self})"),
            false => write!(f, "{self}"),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Name(name) => f.write_str(name),
            Kind::Integer(number) => write!(f, "{number}"),
            Kind::Float(number) => write!(f, "{number:?}"),
            Kind::Text(text) => write_text(f, text),
            Kind::Truth(truth) => write!(f, "{truth}"),
            Kind::Negate(operand) => f.write_str("-").and_then(|()| operand.write(f, 6)),
            Kind::Not(operand) => f.write_str("not ").and_then(|()| operand.write(f, 2)),
            Kind::Arithmetic(op, operands) => {
                let (sign, tight) = match op {
                    Arithmetic::Add => ("+", 4),
                    Arithmetic::Sub => ("-", 4),
                    Arithmetic::Mul => ("*", 5),
                };
                operands[0].write(f, tight)?;
                write!(f, " {sign} ")?;
                operands[1].write(f, tight + 1)
            }
            Kind::Compare(compare, operands) => {
                operands[0].write(f, 4)?;
                write!(f, " {} ", compare.name())?;
                operands[1].write(f, 4)
            }
            Kind::Range(operand, low, high) => {
                operand.write(f, 4)?;
                f.write_str(" in ")?;
                low.iter().try_for_each(|low| low.write(f, 4))?;
                f.write_str("..")?;
                high.iter().try_for_each(|high| high.write(f, 4))
            }
            Kind::Among(operand, values) => {
                operand.write(f, 4)?;
                f.write_str(" in [")?;
                join(f, values, ", ", 4)?;
                f.write_str("]")
            }
            Kind::IsNull(operand) => operand.write(f, 4).and_then(|()| f.write_str(" is null")),
            Kind::And(operands) => join(f, operands, " and ", 2),
            Kind::Or(operands) => join(f, operands, " or ", 1),
        }
    }
}

fn join(f: &mut fmt::Formatter<'_>, nodes: &[Node], between: &str, least: u8) -> fmt::Result {
    nodes.iter().enumerate().try_for_each(|(nth, node)| {
        if nth > 0 {
            f.write_str(between)?;
        }
        node.write(f, least)
    })
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for letter in text.chars() {
        match letter {
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '"' | '\\' => write!(f, "\\{letter}")?,
            letter => write!(f, "{letter}")?,
        }
    }
    f.write_str("\"")
}
