//! Tokens to nodes, by precedence climbing.

use super::lexer::{Lexer, Token, packed};
use super::node::{Id, Node, Nodes, Range};
use super::python::{Arithmetic, Comparison, Function, Method};
use super::{ExpressionError, SyntaxProblem};
use crate::Value;

/// How deep an expression may nest: evaluation recurses.
const DEEPEST: u16 = 250;

/// Operands of a sum or product that nest; more are a list.
const SHORT: usize = 16;

pub(super) struct Parser<'t> {
    text: &'t str,
    lexer: Lexer<'t>,
    token: Token<'t>,
    /// The token as a number, if it is a sign.
    sign: u64,
    /// Byte at which the token begins.
    at: usize,
    /// Variables by position; more come with `%s` where they are not given.
    variables: &'t [&'t str],
    placeholders: u32,
    nesting: u16,
    nodes: Nodes,
}

/// The error in a box: what every step hands on is a number.
type Result<T> = std::result::Result<T, Box<ExpressionError>>;

impl<'t> Parser<'t> {
    pub(super) fn parse(text: &'t str, variables: &'t [&'t str]) -> Result<(Nodes, u32)> {
        let mut parser = Parser {
            text,
            lexer: Lexer::new(text),
            token: Token::End,
            sign: 0,
            at: 0,
            variables,
            placeholders: 0,
            nesting: 0,
            nodes: Nodes::with_capacity(text.len() / 3 + 2),
        };
        parser.advance(true)?;
        parser.expression()?;
        if parser.token != Token::End {
            return Err(parser.unexpected("an operator or the end"));
        }
        Ok((parser.nodes, parser.placeholders))
    }

    #[cold]
    fn error_at(&self, problem: SyntaxProblem, at: usize) -> Box<ExpressionError> {
        let column = self.text[..at].chars().count() + 1;
        Box::new(ExpressionError { expression: self.text.into(), column, problem })
    }

    #[cold]
    fn error(&self, problem: SyntaxProblem) -> Box<ExpressionError> {
        self.error_at(problem, self.at)
    }

    #[cold]
    fn unexpected(&self, wanted: &'static str) -> Box<ExpressionError> {
        let found = match &self.token {
            Token::Name(name) => format!("`{name}`"),
            Token::Int(number) => format!("`{number}`"),
            Token::Beyond => "`9223372036854775808`".to_owned(),
            Token::Text(_) => "a text".into(),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::Placeholder => "`%s`".into(),
            Token::End => "the end".into(),
        };
        self.error(SyntaxProblem::Unexpected { found, wanted })
    }

    fn advance(&mut self, operand: bool) -> Result<()> {
        let (token, at) = self.lexer.next(operand).map_err(|(problem, at)| self.error_at(problem, at))?;
        self.sign = if let Token::Sign(sign) = token { packed(sign) } else { 0 };
        self.token = token;
        self.at = at;
        Ok(())
    }

    /// Passes by the sign if it is next.
    #[inline(always)]
    fn eat(&mut self, sign: &str, operand: bool) -> Result<bool> {
        let found = self.sign == packed(sign);
        if found {
            self.advance(operand)?;
        }
        Ok(found)
    }

    fn push(&mut self, node: Node) -> Result<Id> {
        let id = self.nodes.push(node);
        if self.nodes.depth(id) > DEEPEST {
            return Err(self.error(SyntaxProblem::Deep));
        }
        Ok(id)
    }

    /// `a if c else b`, the loosest of all.
    fn expression(&mut self) -> Result<Id> {
        self.nesting += 1;
        if self.nesting > DEEPEST {
            return Err(self.error(SyntaxProblem::Deep));
        }
        let then = self.either()?;
        let id = if self.eat("if", true)? {
            let condition = self.either()?;
            if !self.eat("else", true)? {
                return Err(self.unexpected("`else`"));
            }
            let other = self.expression()?;
            self.push(Node::If { condition, then, other })?
        } else {
            then
        };
        self.nesting -= 1;
        Ok(id)
    }

    #[inline]
    fn either(&mut self) -> Result<Id> {
        let first = self.both()?;
        self.several("or", first, Self::both, Node::Or)
    }

    #[inline]
    fn both(&mut self) -> Result<Id> {
        let first = self.inverted()?;
        self.several("and", first, Self::inverted, Node::And)
    }

    fn several(
        &mut self,
        sign: &str,
        first: Id,
        part: fn(&mut Self) -> Result<Id>,
        make: fn(Range) -> Node,
    ) -> Result<Id> {
        if self.sign != packed(sign) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.eat(sign, true)? {
            parts.push(part(self)?);
        }
        let parts = self.nodes.list(&parts);
        self.push(make(parts))
    }

    #[inline]
    fn inverted(&mut self) -> Result<Id> {
        let mut times = 0_u16;
        while self.eat("not", true)? {
            times = times.saturating_add(1);
            if times > DEEPEST {
                return Err(self.error(SyntaxProblem::Deep));
            }
        }
        let mut id = self.comparison()?;
        for _ in 0..times {
            id = self.push(Node::Not(id))?;
        }
        Ok(id)
    }

    fn comparison_sign(&mut self) -> Result<Option<Comparison>> {
        let Token::Sign(sign) = self.token else { return Ok(None) };
        if const { [packed(")"), packed("]"), packed(","), packed("and"), packed("or")] }.contains(&self.sign) {
            return Ok(None);
        }
        let comparison = match sign {
            "==" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterEqual,
            "in" => Comparison::In,
            "not" => {
                self.advance(true)?;
                if !matches!(self.token, Token::Sign("in")) {
                    return Err(self.unexpected("`in`"));
                }
                Comparison::NotIn
            }
            "is" => return Err(self.error(SyntaxProblem::Is)),
            "=" => return Err(self.error(SyntaxProblem::Assignment)),
            _ => return Ok(None),
        };
        self.advance(true)?;
        Ok(Some(comparison))
    }

    #[inline]
    fn comparison(&mut self) -> Result<Id> {
        let first = self.arithmetic(0)?;
        let Some(comparison) = self.comparison_sign()? else { return Ok(first) };
        let second = self.arithmetic(0)?;
        let Some(next) = self.comparison_sign()? else {
            return self.push(Node::Compare(comparison, first, second));
        };
        let mut operands = vec![first, second];
        let mut signs = vec![comparison];
        let mut comparison = Some(next);
        while let Some(sign) = comparison {
            signs.push(sign);
            operands.push(self.arithmetic(0)?);
            comparison = self.comparison_sign()?;
        }
        let (operands, signs) = (self.nodes.list(&operands), self.nodes.chained(&signs));
        self.push(Node::Chain { operands, signs })
    }

    /// Sums (level 0) and products (level 1).
    fn arithmetic(&mut self, level: u8) -> Result<Id> {
        let first = self.operand(level)?;
        match self.operator(level)? {
            None => Ok(first),
            Some(operator) => self.operations(level, first, operator),
        }
    }

    #[inline]
    fn operand(&mut self, level: u8) -> Result<Id> {
        if level == 0 { self.arithmetic(1) } else { self.signed() }
    }

    /// The operator of this level that stands here, if one does.
    #[inline]
    fn operator(&self, level: u8) -> Result<Option<Arithmetic>> {
        const ADD: u64 = packed("+");
        const SUBTRACT: u64 = packed("-");
        const MULTIPLY: u64 = packed("*");
        const FLOOR: u64 = packed("//");
        const MODULO: u64 = packed("%");
        const DIVIDE: u64 = packed("/");
        Ok(match (level, self.sign) {
            (0, ADD) => Some(Arithmetic::Add),
            (0, SUBTRACT) => Some(Arithmetic::Subtract),
            (1, MULTIPLY) => Some(Arithmetic::Multiply),
            (1, FLOOR) => Some(Arithmetic::FloorDivide),
            (1, MODULO) => Some(Arithmetic::Modulo),
            (_, DIVIDE) => return Err(self.error(SyntaxProblem::Division)),
            _ => None,
        })
    }

    /// What follows the first operand, from its operator on.
    fn operations(&mut self, level: u8, first: Id, operator: Arithmetic) -> Result<Id> {
        let (mut left, mut next) = (first, Some(operator));
        let (mut count, mut operands, mut operators) = (1, Vec::new(), Vec::new());
        while let Some(operator) = next {
            self.advance(true)?;
            let right = self.operand(level)?;
            next = self.operator(level)?;
            count += 1;
            if count <= SHORT {
                left = self.push(Node::Arithmetic(operator, left, right))?;
                continue;
            }
            if operands.is_empty() {
                operands.push(left);
            }
            operands.push(right);
            operators.push(operator);
        }
        if operands.is_empty() {
            return Ok(left);
        }
        let (operands, operators) = (self.nodes.list(&operands), self.nodes.folded(&operators));
        self.push(Node::Fold { operands, operators })
    }

    fn signed(&mut self) -> Result<Id> {
        self.nesting += 1;
        if self.nesting > DEEPEST {
            return Err(self.error(SyntaxProblem::Deep));
        }
        let id = if self.eat("-", true)? {
            match self.token {
                Token::Beyond => self.least()?,
                _ => {
                    let operand = self.signed()?;
                    self.push(Node::Negative(operand))?
                }
            }
        } else if self.eat("+", true)? {
            let operand = self.signed()?;
            self.push(Node::Positive(operand))?
        } else {
            let base = self.postfix()?;
            match self.eat("**", true)? {
                true => {
                    let exponent = self.signed()?;
                    self.push(Node::Arithmetic(Arithmetic::Power, base, exponent))?
                }
                false => base,
            }
        };
        self.nesting -= 1;
        Ok(id)
    }

    /// -2⁶³, of which the minus is read. What would be done to the number before it has its sign is beyond 64 bits.
    fn least(&mut self) -> Result<Id> {
        let at = self.at;
        self.advance(false)?;
        match self.token {
            Token::Sign("**" | "[" | ".") => Err(self.error_at(SyntaxProblem::Number, at)),
            _ => self.push(Node::Constant(Value::Int(i64::MIN))),
        }
    }

    fn postfix(&mut self) -> Result<Id> {
        let mut id = self.atom()?;
        loop {
            if self.eat("[", true)? {
                let from = if matches!(self.token, Token::Sign(":")) { None } else { Some(self.expression()?) };
                if self.eat(":", true)? {
                    let none = self.push(Node::Constant(Value::None))?;
                    let to = if matches!(self.token, Token::Sign("]")) { none } else { self.expression()? };
                    id = self.push(Node::Slice(id, from.unwrap_or(none), to))?;
                } else {
                    let Some(at) = from else { return Err(self.unexpected("an index")) };
                    id = self.push(Node::Index(id, at))?;
                }
                if !self.eat("]", false)? {
                    return Err(self.unexpected("`]`"));
                }
            } else if self.eat(".", false)? {
                let Token::Name(name) = self.token else { return Err(self.unexpected("the name of a method")) };
                let (method, least, most) = match name {
                    "startswith" => (Method::StartsWith, 1, 1),
                    "endswith" => (Method::EndsWith, 1, 1),
                    "lower" => (Method::Lower, 0, 0),
                    "upper" => (Method::Upper, 0, 0),
                    _ => return Err(self.error(SyntaxProblem::Method(name.into()))),
                };
                let at = self.at;
                self.advance(false)?;
                if !self.eat("(", true)? {
                    return Err(self.unexpected("`(`"));
                }
                let (arguments, _) = self.items(")")?;
                if arguments.len() < least || arguments.len() > most {
                    return Err(self.error_at(SyntaxProblem::Arguments { function: name.into() }, at));
                }
                let arguments = self.nodes.list(&arguments);
                id = self.push(Node::Method(method, id, arguments))?;
            } else {
                return Ok(id);
            }
        }
    }

    /// Expressions between commas up to the closing sign, which is passed by; whether a comma came.
    fn items(&mut self, close: &'static str) -> Result<(Vec<Id>, bool)> {
        let mut items = Vec::new();
        let mut comma = false;
        while !self.eat(close, false)? {
            items.push(self.expression()?);
            if self.eat(",", true)? {
                comma = true;
            } else if !matches!(self.token, Token::Sign(sign) if sign == close) {
                return Err(self.unexpected(if close == ")" { "`,` or `)`" } else { "`,` or `]`" }));
            }
        }
        Ok((items, comma))
    }

    fn atom(&mut self) -> Result<Id> {
        let at = self.at;
        match std::mem::replace(&mut self.token, Token::End) {
            Token::Beyond => Err(self.error(SyntaxProblem::Number)),
            Token::Int(number) => {
                self.advance(false)?;
                self.push(Node::Constant(Value::Int(number)))
            }
            Token::Text(text) => {
                self.advance(false)?;
                self.push(Node::Constant(Value::from(&*text)))
            }
            Token::Placeholder => {
                let position = self.placeholders;
                self.placeholders += 1;
                if !self.variables.is_empty() && position as usize >= self.variables.len() {
                    return Err(self.error_at(SyntaxProblem::Placeholders { variables: self.variables.len() }, at));
                }
                self.advance(false)?;
                self.push(Node::Variable(position))
            }
            Token::Name(name) => self.named(name, at),
            Token::Sign("True") => self.constant(true.into()),
            Token::Sign("False") => self.constant(false.into()),
            Token::Sign("None") => self.constant(Value::None),
            Token::Sign("(") => {
                self.advance(true)?;
                let (items, comma) = self.items(")")?;
                match items[..] {
                    [one] if !comma => Ok(one),
                    _ => {
                        let items = self.nodes.list(&items);
                        self.push(Node::Tuple(items))
                    }
                }
            }
            Token::Sign("[") => {
                self.advance(true)?;
                let (items, _) = self.items("]")?;
                let items = self.nodes.list(&items);
                self.push(Node::List(items))
            }
            token => {
                self.token = token;
                Err(self.unexpected("a value"))
            }
        }
    }

    fn constant(&mut self, value: Value) -> Result<Id> {
        self.advance(false)?;
        self.push(Node::Constant(value))
    }

    /// A variable or a call of a function.
    fn named(&mut self, name: &'t str, at: usize) -> Result<Id> {
        if let Some(position) = self.variables.iter().position(|variable| *variable == name) {
            self.advance(false)?;
            let position = u32::try_from(position).map_err(|_| self.error_at(SyntaxProblem::Deep, at))?;
            return self.push(Node::Variable(position));
        }
        let function = match name {
            "abs" => Function::Abs,
            "min" => Function::Min,
            "max" => Function::Max,
            "len" => Function::Len,
            "sum" => Function::Sum,
            _ => return Err(self.error_at(SyntaxProblem::Name(name.into()), at)),
        };
        self.advance(false)?;
        if !self.eat("(", true)? {
            return Err(self.unexpected("`(`"));
        }
        let (arguments, _) = self.items(")")?;
        let fits = match function {
            Function::Min | Function::Max => !arguments.is_empty(),
            Function::Abs | Function::Len | Function::Sum => arguments.len() == 1,
        };
        if !fits {
            return Err(self.error_at(SyntaxProblem::Arguments { function: function.spelling().into() }, at));
        }
        let arguments = self.nodes.list(&arguments);
        self.push(Node::Call(function, arguments))
    }
}
