//! Reads the constraints of a sketch, one a line.

use std::ops::RangeInclusive;

use pyprior_core::{BinOp, Compare};

use super::constraint::{Arithmetic, Bound, Claim, Constraint, Domain, Feature, Formula, Order, Role, Setting, Term};
use super::cursor::Cursor;
use super::lexer::Word;
use super::tree::is_hole;
use crate::error::{Place, SketchError, SketchErrorKind, syntax};
use crate::tally::Kind;

/// Values that a `for` goes over, at most.
pub(crate) const MAX_CASES: u64 = 100_000;

/// What the second part of a sketch says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Constraints {
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) options: Vec<(String, Setting, Place)>,
}

/// The constraints in some lines, the first of which is line `first`.
pub(crate) fn read(lines: &[&str], first: u32) -> Result<Constraints, SketchError> {
    let mut found = Constraints::default();
    let mut cursor = Cursor::new(lines, first, true)?;
    while *cursor.peek() != Word::End {
        Reader { cursor: &mut cursor, quantified: Vec::new(), lines, first }.line(&mut found)?;
    }
    Ok(found)
}

struct Reader<'a> {
    cursor: &'a mut Cursor,
    quantified: Vec<String>,
    lines: &'a [&'a str],
    first: u32,
}

impl Reader<'_> {
    fn line(&mut self, found: &mut Constraints) -> Result<(), SketchError> {
        let place = self.cursor.place();
        if self.cursor.take_name("option") {
            let (name, place) = self.cursor.expect_name("an option of the language")?;
            self.cursor.expect_sign("=")?;
            found.options.push((name, self.setting()?, place));
        } else if self.cursor.is_name("renamed") && *self.cursor.peek_second() == Word::Sign("(") {
            self.cursor.next();
            self.cursor.expect_sign("(")?;
            let (name, at) = self.hole()?;
            self.cursor.expect_sign(")")?;
            found.constraints.push(Constraint::Renamed(name, at));
        } else if self.is_domain() {
            let mut holes = vec![self.hole()?];
            while self.cursor.take_sign(",") {
                holes.push(self.hole()?);
            }
            if !self.cursor.take_name("in") {
                return self.cursor.unexpected("`in`");
            }
            let domain = self.domain()?;
            found.constraints.push(Constraint::Domain { holes, domain, place, text: self.text(place) });
        } else if let Some(constraint) = self.shape()? {
            found.constraints.push(constraint);
        } else {
            let claim = self.claim(place)?;
            let mut behaves = claim.formula.prints();
            claim.formula.terms(&mut |term| behaves |= matches!(term, Term::Call(..)));
            found.constraints.push(if behaves { Constraint::Behaviour(claim) } else { Constraint::Relation(claim) });
        }
        self.cursor.expect_newline()
    }

    /// The text of the line at a place, for messages.
    fn text(&self, place: Place) -> String {
        let line = self.lines.get(place.line.saturating_sub(self.first) as usize).copied().unwrap_or_default();
        line.split('#').next().unwrap_or_default().trim().to_owned()
    }

    fn is_domain(&self) -> bool {
        let starts = matches!(self.cursor.peek(), Word::Name(name) if is_hole(name));
        starts
            && match self.cursor.peek_second() {
                Word::Sign(sign) => *sign == ",",
                Word::Name(name) => name == "in",
                _ => false,
            }
    }

    fn hole(&mut self) -> Result<(String, Place), SketchError> {
        let (name, place) = self.cursor.expect_name("the name of a hole")?;
        match is_hole(&name) && name != "_" {
            true => Ok((name, place)),
            false => Err(syntax(
                place,
                format!("expected the name of a hole, found `{name}`; names of holes are capitalised"),
            )),
        }
    }

    fn setting(&mut self) -> Result<Setting, SketchError> {
        match self.cursor.peek() {
            Word::Int(_) | Word::Sign("-") => {
                let low = self.cursor.expect_int()?;
                match self.cursor.take_sign("..") {
                    true => Ok(Setting::Range(low, self.cursor.expect_int()?)),
                    false => Ok(Setting::Int(low)),
                }
            }
            _ => {
                let mut words = Vec::new();
                while words.is_empty() || self.cursor.take_sign(",") {
                    let (mut word, _) = self.cursor.expect_name("a value")?;
                    // Names of profiles have hyphens and dots in them.
                    while let Word::Sign(sign @ ("-" | ".")) = *self.cursor.peek() {
                        self.cursor.next();
                        word.push_str(sign);
                        match self.cursor.next() {
                            (Word::Name(part), _) => word.push_str(&part),
                            (Word::Int(part), _) => word.push_str(&part.to_string()),
                            (_, place) => return Err(syntax(place, "expected a value")),
                        }
                    }
                    words.push(word);
                }
                Ok(Setting::Words(words))
            }
        }
    }

    fn range(&mut self) -> Result<RangeInclusive<i64>, SketchError> {
        let place = self.cursor.place();
        let low = self.cursor.expect_int()?;
        let high = if self.cursor.take_sign("..") { self.cursor.expect_int()? } else { low };
        match low <= high {
            true => Ok(low..=high),
            false => Err(syntax(place, format!("the range {low}..{high} is empty"))),
        }
    }

    /// `1..9`, or some of them in braces.
    fn values(&mut self) -> Result<Vec<RangeInclusive<i64>>, SketchError> {
        if !self.cursor.take_sign("{") {
            return Ok(vec![self.range()?]);
        }
        self.ranges()
    }

    /// Behind the brace.
    fn ranges(&mut self) -> Result<Vec<RangeInclusive<i64>>, SketchError> {
        let mut ranges = vec![self.range()?];
        while self.cursor.take_sign(",") {
            ranges.push(self.range()?);
        }
        self.cursor.expect_sign("}")?;
        Ok(ranges)
    }

    fn domain(&mut self) -> Result<Domain, SketchError> {
        match (self.cursor.peek(), self.cursor.peek_second()) {
            (Word::Sign("{"), Word::Sign("+" | "*" | "<" | "==")) => self.ops(),
            (Word::Sign("{"), Word::Sign("-")) => {
                // A minus sign, or a negative number.
                self.cursor.expect_sign("{")?;
                if matches!(self.cursor.peek_second(), Word::Int(_)) {
                    return Ok(Domain::Ints(self.ranges()?));
                }
                self.cursor.expect_sign("-")?;
                self.more_ops(vec![Ok(BinOp::Sub)])
            }
            (Word::Sign("{"), Word::Sign("}")) => Err(syntax(self.cursor.place(), "the set is empty")),
            (Word::Sign("{" | "-") | Word::Int(_), _) => Ok(Domain::Ints(self.values()?)),
            _ => {
                let (word, place) = self.cursor.expect_name("a domain")?;
                let role = match word.as_str() {
                    "const" => Role::Const,
                    "var" => Role::Var,
                    "op" => Role::Op,
                    "expr" => Role::Expr,
                    "cond" => Role::Cond,
                    "stmt" => Role::Stmt,
                    "block" => Role::Block,
                    _ => {
                        let message = format!(
                            "unknown domain `{word}`; there are ranges, sets, const, var, op, expr, cond, stmt and block"
                        );
                        return Err(syntax(place, message));
                    }
                };
                let (depth, bounds) = self.limits(role, place)?;
                Ok(Domain::Role { role, depth, bounds })
            }
        }
    }

    fn ops(&mut self) -> Result<Domain, SketchError> {
        self.cursor.expect_sign("{")?;
        let first = self.op()?;
        self.more_ops(vec![first])
    }

    fn more_ops(&mut self, mut ops: Vec<Result<BinOp, Compare>>) -> Result<Domain, SketchError> {
        while self.cursor.take_sign(",") {
            ops.push(self.op()?);
        }
        self.cursor.expect_sign("}")?;
        Ok(Domain::Ops(ops))
    }

    fn op(&mut self) -> Result<Result<BinOp, Compare>, SketchError> {
        let op = match self.cursor.peek() {
            Word::Sign("+") => Ok(BinOp::Add),
            Word::Sign("-") => Ok(BinOp::Sub),
            Word::Sign("*") => Ok(BinOp::Mul),
            Word::Sign("<") => Err(Compare::Lt),
            Word::Sign("==") => Err(Compare::Eq),
            _ => return self.cursor.unexpected("one of `+ - * < ==`"),
        };
        self.cursor.next();
        Ok(op)
    }

    /// `(depth <= 2, tokens <= 5, …)`.
    fn limits(&mut self, role: Role, place: Place) -> Result<(Option<u32>, Vec<Bound>), SketchError> {
        let (mut depth, mut bounds) = (None::<u32>, Vec::new());
        if !self.cursor.take_sign("(") {
            return Ok((depth, bounds));
        }
        if matches!(role, Role::Const | Role::Var | Role::Op) {
            return Err(syntax(place, "this domain takes no limits"));
        }
        loop {
            match self.shape()? {
                Some(Constraint::Depth(at_most)) => depth = Some(depth.map_or(at_most, |depth| depth.min(at_most))),
                Some(Constraint::Bound(bound)) => bounds.push(bound),
                _ => return self.cursor.unexpected("a limit such as `depth <= 2`"),
            }
            if self.cursor.take_sign(")") {
                return Ok((depth, bounds));
            }
            self.cursor.expect_sign(",")?;
        }
    }

    /// `uses(b)`, `count(for) <= 1`, `tokens <= 60`, `depth <= 2`; `None` where something else stands.
    fn shape(&mut self) -> Result<Option<Constraint>, SketchError> {
        let place = self.cursor.place();
        let negated =
            self.cursor.is_name("not") && matches!(self.cursor.peek_second(), Word::Name(word) if word == "uses");
        if negated {
            self.cursor.next();
        }
        let opens = *self.cursor.peek_second() == Word::Sign("(");
        let feature = match self.cursor.peek() {
            Word::Name(word) if word == "uses" && opens => {
                self.cursor.next();
                self.cursor.expect_sign("(")?;
                let (name, _) = self.cursor.expect_name("the name of a variable")?;
                self.cursor.expect_sign(")")?;
                let (low, high) = if negated { (0, Some(0)) } else { (1, None) };
                return Ok(Some(Constraint::Bound(Bound { feature: Feature::Reads(name), low, high, place })));
            }
            Word::Name(word) if word == "count" && opens => {
                self.cursor.next();
                self.cursor.expect_sign("(")?;
                let feature = self.counted()?;
                self.cursor.expect_sign(")")?;
                feature
            }
            Word::Name(word) if word == "tokens" && !opens => {
                self.cursor.next();
                Feature::Tokens
            }
            Word::Name(word) if word == "depth" && !opens => {
                self.cursor.next();
                let at_most = match self.order()? {
                    Order::AtMost => self.natural()?,
                    Order::Less => {
                        let place = self.cursor.place();
                        self.natural()?.checked_sub(1).ok_or_else(|| syntax(place, "no depth is below 0"))?
                    }
                    _ => return Err(syntax(place, "a depth is bounded from above: `depth <= 2`")),
                };
                return Ok(Some(Constraint::Depth(at_most)));
            }
            _ => return Ok(None),
        };
        let order = self.order()?;
        let at = self.cursor.place();
        let number = self.natural()?;
        let (low, high) = match order {
            Order::Less => (0, Some(number.checked_sub(1).ok_or_else(|| syntax(at, "no count is below 0"))?)),
            Order::AtMost => (0, Some(number)),
            Order::Equal => (number, Some(number)),
            Order::AtLeast => (number, None),
            Order::Greater => (number + 1, None),
            Order::Unequal => return Err(syntax(place, "counts are bounded by < <= == >= >")),
        };
        Ok(Some(Constraint::Bound(Bound { feature, low, high, place })))
    }

    fn natural(&mut self) -> Result<u32, SketchError> {
        let place = self.cursor.place();
        let value = self.cursor.expect_int()?;
        // Counts are kept in 16 bits.
        u32::try_from(value)
            .ok()
            .filter(|value| *value <= crate::tally::MAX_BOUND)
            .ok_or_else(|| syntax(place, format!("expected a number from 0 to {}", crate::tally::MAX_BOUND)))
    }

    /// Forms separated by commas, or the name of a variable.
    fn counted(&mut self) -> Result<Feature, SketchError> {
        let mut kinds = 0;
        loop {
            let bits = match self.cursor.peek() {
                Word::Sign(sign) => Kind::named(sign),
                Word::Name(name) => Kind::named(name),
                _ => None,
            };
            let Some(bits) = bits else {
                let place = self.cursor.place();
                let (name, _) = self.cursor.expect_name("a form to count")?;
                return match kinds == 0 && self.cursor.is_sign(")") && !is_hole(&name) {
                    true => Ok(Feature::Reads(name)),
                    false => Err(syntax(place, format!("`{name}` is no form; there are {}", Kind::NAMES))),
                };
            };
            kinds |= bits;
            self.cursor.next();
            if !self.cursor.take_sign(",") {
                return Ok(Feature::Kinds(kinds));
            }
        }
    }

    fn order(&mut self) -> Result<Order, SketchError> {
        match self.is_order() {
            Some(order) => {
                self.cursor.next();
                Ok(order)
            }
            None => self.cursor.unexpected("one of `< <= == != >= >`"),
        }
    }

    fn is_order(&self) -> Option<Order> {
        Some(match self.cursor.peek() {
            Word::Sign("<") => Order::Less,
            Word::Sign("<=") => Order::AtMost,
            Word::Sign("==") => Order::Equal,
            Word::Sign("!=") => Order::Unequal,
            Word::Sign(">=") => Order::AtLeast,
            Word::Sign(">") => Order::Greater,
            _ => return None,
        })
    }

    fn claim(&mut self, place: Place) -> Result<Claim, SketchError> {
        // The variables of `for` stand behind what they are used in: read what is in front twice.
        self.quantified = self.names_behind();
        let formula = self.disjunction()?;
        let (mut over, mut names) = (Vec::new(), Vec::new());
        if self.cursor.take_name("for") {
            loop {
                let (name, place) = self.cursor.expect_name("a variable")?;
                if names.contains(&name) {
                    return Err(syntax(place, format!("`{name}` is there twice")));
                }
                names.push(name);
                if !self.cursor.take_name("in") {
                    return self.cursor.unexpected("`in`");
                }
                over.push(self.values()?);
                if !self.cursor.take_sign(",") {
                    break;
                }
            }
        }
        let count = |ranges: &Vec<RangeInclusive<i64>>| {
            ranges
                .iter()
                .map(|range| range.start().abs_diff(*range.end()).saturating_add(1))
                .fold(0, u64::saturating_add)
        };
        if over.iter().map(count).fold(1, u64::saturating_mul) > MAX_CASES {
            return Err(SketchErrorKind::TooMany { what: "cases of a `for`", limit: MAX_CASES as usize }.at(place));
        }
        let over = over.into_iter().map(|ranges| ranges.into_iter().flatten().collect()).collect();
        Ok(Claim { formula, over, place, text: self.text(place) })
    }

    /// Names that are bound by the `for` of this line.
    fn names_behind(&self) -> Vec<String> {
        self.cursor.bound_behind()
    }

    fn disjunction(&mut self) -> Result<Formula, SketchError> {
        let mut left = self.conjunction()?;
        while self.cursor.take_name("or") {
            left = Formula::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Formula, SketchError> {
        let mut left = self.negation()?;
        while self.cursor.take_name("and") {
            left = Formula::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Formula, SketchError> {
        let mut negated = false;
        while self.cursor.take_name("not") {
            negated = !negated;
        }
        let inner = if self.cursor.opens_formula() {
            self.cursor.expect_sign("(")?;
            self.cursor.enter()?;
            let inner = self.disjunction()?;
            self.cursor.leave();
            self.cursor.expect_sign(")")?;
            inner
        } else {
            self.chain()?
        };
        Ok(if negated { Formula::Not(Box::new(inner)) } else { inner })
    }

    fn chain(&mut self) -> Result<Formula, SketchError> {
        if self.cursor.take_name("prints") {
            let order = self.order()?;
            let (word, place) = self.cursor.next();
            return match (order, word) {
                (Order::Equal, Word::Text(text)) => Ok(Formula::Prints(text)),
                (Order::Unequal, Word::Text(text)) => Ok(Formula::Not(Box::new(Formula::Prints(text)))),
                _ => Err(syntax(place, "what is printed is compared with a text: `prints == \"6\\n\"`")),
            };
        }
        if self.cursor.is_name("all_distinct") {
            self.cursor.next();
            return Ok(Formula::AllDistinct(self.arguments()?));
        }
        let mut terms = vec![self.sum()?];
        let mut orders = vec![self.order()?];
        terms.push(self.sum()?);
        while let Some(order) = self.is_order() {
            self.cursor.next();
            orders.push(order);
            terms.push(self.sum()?);
        }
        Ok(Formula::Chain(terms, orders))
    }

    fn sum(&mut self) -> Result<Term, SketchError> {
        let mut left = self.product()?;
        loop {
            let op = match self.cursor.peek() {
                Word::Sign("+") => Arithmetic::Add,
                Word::Sign("-") => Arithmetic::Sub,
                _ => return Ok(left),
            };
            self.cursor.next();
            left = Term::Operation(op, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Result<Term, SketchError> {
        let mut left = self.term()?;
        loop {
            let op = match self.cursor.peek() {
                Word::Sign("*") => Arithmetic::Mul,
                Word::Sign("//") => Arithmetic::Quotient,
                Word::Sign("%") => Arithmetic::Remainder,
                _ => return Ok(left),
            };
            self.cursor.next();
            left = Term::Operation(op, Box::new(left), Box::new(self.term()?));
        }
    }

    fn term(&mut self) -> Result<Term, SketchError> {
        let (word, place) = (self.cursor.peek().clone(), self.cursor.place());
        match word {
            Word::Int(_) => Ok(Term::Int(self.cursor.expect_int()?)),
            Word::Sign("-") if matches!(self.cursor.peek_second(), Word::Int(_)) => {
                Ok(Term::Int(self.cursor.expect_int()?))
            }
            Word::Sign("-") => {
                self.cursor.next();
                self.cursor.enter()?;
                let inner = self.term()?;
                self.cursor.leave();
                Ok(Term::Negative(Box::new(inner)))
            }
            Word::Sign("(") => {
                self.cursor.next();
                self.cursor.enter()?;
                let inner = self.sum()?;
                self.cursor.leave();
                self.cursor.expect_sign(")")?;
                Ok(inner)
            }
            Word::Name(name) => {
                self.cursor.next();
                if name == "None" {
                    Ok(Term::None)
                } else if self.cursor.is_sign("(") {
                    Ok(Term::Call(name, self.arguments()?, place))
                } else if let Some(nth) = self.quantified.iter().position(|found| *found == name) {
                    Ok(Term::Quantified(nth))
                } else if is_hole(&name) && name != "_" {
                    Ok(Term::Hole(name, place))
                } else {
                    Err(syntax(place, format!("`{name}` is no hole and no variable of a `for`")))
                }
            }
            _ => self.cursor.unexpected("a constraint"),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Term>, SketchError> {
        self.cursor.expect_sign("(")?;
        let mut args = Vec::new();
        while !self.cursor.take_sign(")") {
            if !args.is_empty() {
                self.cursor.expect_sign(",")?;
            }
            self.cursor.enter()?;
            let arg = self.sum()?;
            self.cursor.leave();
            args.push(arg);
        }
        Ok(args)
    }
}
