//! Words to a tree, by descent; what follows from the nesting of the text is bounded.

use super::error::{ExpressionError, ExpressionErrorKind, TextPlace};
use super::lexer::{Word, words};
use super::syntax::{Arithmetic, Compare, Kind, Node};

/// Nodes on a way down the tree, and brackets in each other.
pub(super) const MAX_DEPTH: u32 = 64;
/// Bytes of text.
const MAX_BYTES: usize = 1 << 16;

const KEYWORDS: [&str; 11] =
    ["and", "or", "not", "in", "is", "null", "true", "false", "contains", "starts_with", "ends_with"];

/// The tree of a text.
pub(super) fn parse(text: &str) -> Result<Node, ExpressionError> {
    let start = TextPlace { line: 1, column: 1 };
    if text.len() > MAX_BYTES {
        return Err(ExpressionError { at: start, kind: ExpressionErrorKind::Long { max: MAX_BYTES } });
    }
    let words = words(text)?;
    let mut parser = Parser { words: &words, depth: 0 };
    let node = parser.or()?;
    match parser.peek() {
        Word::End => Ok(node),
        _ => Err(parser.expected("an operator or the end")),
    }
}

struct Parser<'a> {
    words: &'a [(Word, TextPlace)],
    depth: u32,
}

type Parsed = Result<Node, ExpressionError>;

impl Parser<'_> {
    fn peek(&self) -> &Word {
        self.words.first().map_or(&Word::End, |(word, _)| word)
    }

    fn place(&self) -> TextPlace {
        self.words.first().map_or(TextPlace { line: 1, column: 1 }, |&(_, at)| at)
    }

    /// Goes on, unless at the end.
    fn advance(&mut self) {
        if let [_, rest @ ..] = self.words
            && !rest.is_empty()
        {
            self.words = rest;
        }
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Word::Sign(found) if *found == sign);
        if found {
            self.advance();
        }
        found
    }

    fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self.peek(), Word::Name(name) if name == keyword)
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        if found {
            self.advance();
        }
        found
    }

    fn fail<T>(&self, kind: ExpressionErrorKind) -> Result<T, ExpressionError> {
        Err(ExpressionError { at: self.place(), kind })
    }

    fn expected(&self, wanted: &'static str) -> ExpressionError {
        let kind = ExpressionErrorKind::Expected { wanted, found: self.peek().describe() };
        ExpressionError { at: self.place(), kind }
    }

    fn must(&mut self, sign: &'static str, wanted: &'static str) -> Result<(), ExpressionError> {
        match self.sign(sign) {
            true => Ok(()),
            false => Err(self.expected(wanted)),
        }
    }

    /// What `inner` reads, one level further in.
    fn deeper(&mut self, inner: fn(&mut Self) -> Parsed) -> Parsed {
        if self.depth == MAX_DEPTH {
            return self.fail(ExpressionErrorKind::Deep { max: MAX_DEPTH });
        }
        self.depth += 1;
        let node = inner(self);
        self.depth -= 1;
        node
    }

    fn or(&mut self) -> Parsed {
        self.joined("or", Self::and, Kind::Or)
    }

    fn and(&mut self) -> Parsed {
        self.joined("and", Self::not, Kind::And)
    }

    fn joined(&mut self, word: &str, inner: fn(&mut Self) -> Parsed, kind: fn(Vec<Node>) -> Kind) -> Parsed {
        let (at, first) = (self.place(), inner(self)?);
        if !self.is_keyword(word) {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.keyword(word) {
            operands.push(inner(self)?);
        }
        // Parentheses around what joins the same way say nothing.
        let flat = operands.into_iter().flat_map(|operand| match operand.kind {
            Kind::And(inner) if word == "and" => inner,
            Kind::Or(inner) if word == "or" => inner,
            _ => vec![operand],
        });
        node(at, kind(flat.collect()))
    }

    fn not(&mut self) -> Parsed {
        let at = self.place();
        match self.keyword("not") {
            true => {
                let operand = self.deeper(Self::not)?;
                node(at, Kind::Not(Box::new(operand)))
            }
            false => self.comparison(),
        }
    }

    fn comparison(&mut self) -> Parsed {
        let (at, left) = (self.place(), self.sum()?);
        let found = match self.peek() {
            Word::Sign(sign) => Compare::ALL.into_iter().find(|compare| compare.name() == *sign),
            Word::Name(name) => Compare::ALL.into_iter().find(|compare| compare.name() == *name),
            _ => None,
        };
        let compared = if let Some(compare) = found {
            self.advance();
            let right = self.sum()?;
            node(at, Kind::Compare(compare, Box::new([left, right])))?
        } else if self.keyword("is") {
            let not = self.keyword("not");
            if !self.keyword("null") {
                return Err(self.expected("null"));
            }
            negated(not, node(at, Kind::IsNull(Box::new(left)))?)?
        } else if self.keyword("not") {
            if !self.keyword("in") {
                return Err(self.expected("in"));
            }
            negated(true, self.within(at, left)?)?
        } else if self.keyword("in") {
            self.within(at, left)?
        } else {
            return Ok(left);
        };
        match self.peek() {
            Word::Sign("<" | "<=" | ">" | ">=" | "==" | "!=") => self.fail(ExpressionErrorKind::Chain),
            _ => Ok(compared),
        }
    }

    /// What follows `in`.
    fn within(&mut self, at: TextPlace, operand: Node) -> Parsed {
        let operand = Box::new(operand);
        if self.sign("[") {
            let mut values = vec![self.sum()?];
            while self.sign(",") {
                values.push(self.sum()?);
            }
            self.must("]", "\",\" or \"]\"")?;
            return node(at, Kind::Among(operand, values));
        }
        let low = match self.peek() {
            Word::Sign("..") => None,
            _ => Some(Box::new(self.sum()?)),
        };
        self.must("..", "\"..\": a range such as 1..9, or a list such as [1, 2]")?;
        let high = match self.peek() {
            Word::Name(name) if KEYWORDS.contains(&name.as_str()) => None,
            Word::Name(_) | Word::Integer(_) | Word::Float(_) | Word::Text(_) | Word::Sign("-" | "(") => {
                Some(Box::new(self.sum()?))
            }
            _ if low.is_none() => return Err(self.expected("where the range ends")),
            _ => None,
        };
        node(at, Kind::Range(operand, low, high))
    }

    fn sum(&mut self) -> Parsed {
        let (at, mut left) = (self.place(), self.product()?);
        loop {
            let op = match self.peek() {
                Word::Sign("+") => Arithmetic::Add,
                Word::Sign("-") => Arithmetic::Sub,
                _ => return Ok(left),
            };
            self.advance();
            left = node(at, Kind::Arithmetic(op, Box::new([left, self.product()?])))?;
        }
    }

    fn product(&mut self) -> Parsed {
        let (at, mut left) = (self.place(), self.unary()?);
        while self.sign("*") {
            left = node(at, Kind::Arithmetic(Arithmetic::Mul, Box::new([left, self.unary()?])))?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        let at = self.place();
        match self.sign("-") {
            true => {
                let operand = self.deeper(Self::unary)?;
                node(at, Kind::Negate(Box::new(operand)))
            }
            false => self.primary(),
        }
    }

    fn primary(&mut self) -> Parsed {
        let at = self.place();
        let kind = match self.peek() {
            Word::Integer(number) => Kind::Integer(*number),
            Word::Float(number) => Kind::Float(*number),
            Word::Text(text) => Kind::Text(text.clone()),
            Word::Name(name) => match name.as_str() {
                "true" => Kind::Truth(true),
                "false" => Kind::Truth(false),
                name if KEYWORDS.contains(&name) => return Err(self.expected("a value")),
                name => Kind::Name(name.to_owned()),
            },
            Word::Sign("(") => {
                self.advance();
                let inner = self.deeper(Self::or)?;
                self.must(")", "\")\"")?;
                return Ok(inner);
            }
            _ => return Err(self.expected("a value")),
        };
        self.advance();
        node(at, kind)
    }
}

fn negated(not: bool, inner: Node) -> Parsed {
    match not {
        true => node(inner.at, Kind::Not(Box::new(inner))),
        false => Ok(inner),
    }
}

fn node(at: TextPlace, kind: Kind) -> Parsed {
    let of = |nodes: &[Node]| nodes.iter().map(|node| node.height).max().unwrap_or(0);
    let below = match &kind {
        Kind::Negate(inner) | Kind::Not(inner) | Kind::IsNull(inner) => inner.height,
        Kind::Arithmetic(_, operands) | Kind::Compare(_, operands) => of(&operands[..]),
        Kind::Range(operand, low, high) => {
            let ends = low.iter().chain(high).map(|end| end.height).max().unwrap_or(0);
            operand.height.max(ends)
        }
        Kind::Among(operand, values) => operand.height.max(of(values)),
        Kind::And(operands) | Kind::Or(operands) => of(operands),
        Kind::Name(_) | Kind::Integer(_) | Kind::Float(_) | Kind::Text(_) | Kind::Truth(_) => 0,
    };
    match below < MAX_DEPTH {
        true => Ok(Node { at, height: below + 1, kind }),
        false => Err(ExpressionError { at, kind: ExpressionErrorKind::Deep { max: MAX_DEPTH } }),
    }
}
