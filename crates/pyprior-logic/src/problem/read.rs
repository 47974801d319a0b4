//! Statements to a problem.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::statements::{Part, statements, without_comments};
use super::{Fault, Goal, Problem, ProblemError};
use crate::Value;
use crate::fd::{Expression, ExpressionError, FiniteDomain, Relation, Repository, SolveError, SyntaxProblem, Variable};

/// Most choices of one loop.
const CHOICES: usize = 1_000_000;

/// A fault and the byte where it is.
type Found<T> = Result<T, (usize, Fault)>;

pub(super) fn read(text: &str) -> Result<Problem, ProblemError> {
    let plain = without_comments(text);
    let mut reader = Reader::default();
    let read = statements(&plain)
        .and_then(|statements| statements.into_iter().try_for_each(|statement| reader.statement(statement)));
    match read {
        Ok(()) => {
            let mut position = positions(&plain);
            let posted = reader.posted.iter().map(|(number, at)| (*number, position(*at))).collect();
            let goal_at = positions(&plain)(reader.goal_at);
            let goal = reader.goal.unwrap_or(Goal::Satisfy);
            Ok(Problem { repository: reader.repository, goal, goal_at, posted })
        }
        Err((at, fault)) => {
            let (line, column) = positions(&plain)(at);
            Err(ProblemError { line, column, fault })
        }
    }
}

/// Line and column of bytes that ascend.
fn positions(text: &str) -> impl FnMut(usize) -> (usize, usize) + '_ {
    let (mut seen, mut line) = (0, 1);
    move |at| {
        line += text[seen..at].matches('\n').count();
        seen = at;
        (line, text[..at].chars().rev().take_while(|c| *c != '\n').count() + 1)
    }
}

#[derive(Default)]
struct Reader {
    repository: Repository,
    domains: HashMap<String, FiniteDomain>,
    groups: HashMap<String, Vec<Variable>>,
    variables: Vec<Variable>,
    goal: Option<Goal>,
    /// Where the goal is.
    goal_at: usize,
    /// The number of the first constraint of each statement, and where it is.
    posted: Vec<(usize, usize)>,
}

const KEYWORDS: [&str; 16] = [
    "domain",
    "var",
    "group",
    "for",
    "in",
    "all_distinct",
    "table",
    "minimise",
    "maximise",
    "and",
    "or",
    "not",
    "if",
    "else",
    "True",
    "False",
];

const FUNCTIONS: [&str; 7] = ["abs", "min", "max", "len", "sum", "None", "is"];

/// A name that nothing else means.
fn name<'t>(part: Part<'t>) -> Found<&'t str> {
    if part.text.is_empty() {
        return Err((part.at, Fault::Missing("a name")));
    }
    let letters = part.text.chars().all(|c| c.is_alphanumeric() || c == '_');
    let begins = !part.text.starts_with(|c: char| c.is_numeric());
    if letters && begins && !KEYWORDS.contains(&part.text) && !FUNCTIONS.contains(&part.text) {
        Ok(part.text)
    } else {
        Err((part.at, Fault::Name(part.text.into())))
    }
}

/// Where an expression is wrong, in the whole text.
fn misread(part: Part<'_>, error: ExpressionError, prefix: usize) -> (usize, Fault) {
    let column = (error.column - 1).saturating_sub(prefix);
    let offset = part.text.char_indices().nth(column).map_or(part.text.len(), |(at, _)| at);
    (part.at + offset, Fault::Expression(error.problem))
}

/// The values of a list of constants.
fn values(part: Part<'_>) -> Found<Vec<Value>> {
    let text = format!("[{}]", part.text);
    let expression = Expression::new(&[], &text).map_err(|error| misread(part, error, 1))?;
    match expression.evaluate(&[]) {
        Ok(list) => Ok(list.items().unwrap_or_default().to_vec()),
        Err(error) => Err((part.at, Fault::Value(error))),
    }
}

fn number(part: Part<'_>) -> Found<i64> {
    part.text.parse().map_err(|_| (part.at, Fault::Missing("a whole number")))
}

fn range(part: Part<'_>) -> Found<RangeInclusive<i64>> {
    let (left, right) = sides(part, "..", "`..`")?;
    let (low, high) = (number(left)?, number(right)?);
    let fits = low <= high && high.abs_diff(low) < crate::Universe::MAX as u64;
    if fits { Ok(low..=high) } else { Err((part.at, Fault::Range { low, high })) }
}

/// The two sides of the first place of a sign.
fn sides<'t>(part: Part<'t>, sign: &str, missing: &'static str) -> Found<(Part<'t>, Part<'t>)> {
    let place = part.places(sign).first().copied().ok_or((part.at + part.text.len(), Fault::Missing(missing)))?;
    Ok((part.cut(0, place), part.cut(place + sign.len(), part.text.len())))
}

/// The two sides of the word `in`.
fn around_in(part: Part<'_>) -> Found<(Part<'_>, Part<'_>)> {
    let word = |at: &usize| {
        let bytes = part.text.as_bytes();
        let free = |at: Option<&u8>| at.is_none_or(|byte| byte.is_ascii_whitespace() || *byte == b'(' || *byte == b'*');
        *at > 0 && free(bytes.get(at - 1)) && free(bytes.get(at + 2))
    };
    let place = part.places("in").into_iter().find(word);
    let place = place.ok_or((part.at + part.text.len(), Fault::Missing("`in`")))?;
    Ok((part.cut(0, place), part.cut(place + 2, part.text.len())))
}

impl Reader {
    fn statement(&mut self, statement: Part<'_>) -> Found<()> {
        if let Some(rest) = statement.after("domain") {
            let (left, right) = sides(rest, "=", "`=`")?;
            let name = self.fresh(left)?;
            let domain = self.domain(right)?;
            self.domains.insert(name, domain);
        } else if let Some(rest) = statement.after("var") {
            let (left, right) = around_in(rest)?;
            let domain = self.domain(right)?;
            for part in left.split(",") {
                let name = self.fresh(part)?;
                let made = self.repository.variable(&name, &domain);
                self.variables.push(made.map_err(|error| (part.at, Fault::Problem(Box::new(error))))?);
            }
        } else if let Some(rest) = statement.after("group") {
            let (left, right) = sides(rest, "=", "`=`")?;
            let name = self.fresh(left)?;
            let members = self.listed(right)?;
            self.groups.insert(name, members);
        } else if let Some(rest) = statement.after("for") {
            self.each(rest)?;
        } else if let Some(rest) = statement.after("all_distinct") {
            let (members, after) = self.bracketed(rest)?;
            if !after.text.is_empty() {
                return Err((after.at, Fault::Missing("the end of the line")));
            }
            self.post(statement, &Relation::all_distinct(), &members)?;
        } else if let Some(rest) = statement.after("table") {
            self.table(statement, rest)?;
        } else if let Some(rest) = statement.after("minimise") {
            self.goal(statement, rest, Goal::Minimise)?;
        } else if let Some(rest) = statement.after("maximise") {
            self.goal(statement, rest, Goal::Maximise)?;
        } else {
            let (names, relation) = self.relation(statement, &[])?;
            let scope: Vec<Variable> = names.iter().filter_map(|name| self.repository.find(name)).collect();
            self.post(statement, &relation, &scope)?;
        }
        Ok(())
    }

    fn fresh(&self, part: Part<'_>) -> Found<String> {
        let name = name(part)?;
        let known =
            self.domains.contains_key(name) || self.groups.contains_key(name) || self.repository.find(name).is_some();
        if known { Err((part.at, Fault::Taken(name.into()))) } else { Ok(name.into()) }
    }

    fn domain(&self, part: Part<'_>) -> Found<FiniteDomain> {
        let factors = part.split("*");
        match factors[..] {
            [one] => self.factor(one),
            _ => {
                let domains = factors.into_iter().map(|factor| self.factor(factor)).collect::<Found<Vec<_>>>()?;
                let product = FiniteDomain::product(&domains);
                if product.is_cut() { Err((part.at, Fault::Product)) } else { Ok(product) }
            }
        }
    }

    fn factor(&self, part: Part<'_>) -> Found<FiniteDomain> {
        if part.text.is_empty() {
            return Err((part.at, Fault::Missing("a domain")));
        }
        if !part.places("..").is_empty() {
            let pieces = part.split(",");
            if let [one] = pieces[..] {
                return Ok(FiniteDomain::range(range(one)?));
            }
            // Ranges and values beside each other.
            let mut all = Vec::new();
            for piece in pieces {
                if piece.places("..").is_empty() {
                    all.extend(values(piece)?);
                } else {
                    all.extend(range(piece)?.map(Value::Int));
                }
                if all.len() > crate::Universe::MAX {
                    return Err((part.at, Fault::Product));
                }
            }
            return Ok(FiniteDomain::new(all));
        }
        if let Some(domain) = self.domains.get(part.text) {
            return Ok(domain.clone());
        }
        if name(part).is_ok() {
            return Err((part.at, Fault::UnknownDomain(part.text.into())));
        }
        values(part).map(FiniteDomain::new)
    }

    /// Variables and groups between commas.
    fn listed(&self, part: Part<'_>) -> Found<Vec<Variable>> {
        let mut members = Vec::new();
        for part in part.split(",") {
            if part.text == "*" {
                members.extend_from_slice(&self.variables);
            } else if let Some(group) = self.groups.get(part.text) {
                members.extend_from_slice(group);
            } else if let Some(variable) = self.repository.find(name(part)?) {
                members.push(variable);
            } else {
                return Err((part.at, Fault::Unknown(part.text.into())));
            }
        }
        Ok(members)
    }

    /// Variables in brackets, and what comes after them.
    fn bracketed<'t>(&self, part: Part<'t>) -> Found<(Vec<Variable>, Part<'t>)> {
        let close = part.text.find(')').filter(|_| part.text.starts_with('('));
        let close = close.ok_or((part.at, Fault::Missing("`(`")))?;
        Ok((self.listed(part.cut(1, close))?, part.cut(close + 1, part.text.len())))
    }

    /// An expression over variables and names of a loop, which come first; the names that it is over.
    fn relation<'t>(&self, part: Part<'t>, loops: &[&'t str]) -> Found<(Vec<&'t str>, Relation)> {
        let mut names = loops.to_vec();
        for word in part.words() {
            if !names.contains(&word) && self.repository.find(word).is_some() {
                names.push(word);
            }
        }
        let expression = Expression::new(&names, part.text).map_err(|error| misread(part, error, 0))?;
        Ok((names, Relation::Expression(Arc::new(expression))))
    }

    fn each(&mut self, rest: Part<'_>) -> Found<()> {
        let (head, body) = sides(rest, ":", "`:`")?;
        let (left, right) = around_in(head)?;
        let mut loops = Vec::new();
        for part in left.split(",") {
            let name = name(part)?;
            if loops.contains(&name) || self.repository.find(name).is_some() {
                return Err((part.at, Fault::Taken(name.into())));
            }
            loops.push(name);
        }
        let members = match right.text.strip_prefix('(') {
            Some(_) => self.bracketed(right)?.0,
            None => self.listed(right)?,
        };
        let (names, relation) = self.relation(body, &loops)?;
        let others: Vec<Variable> = names[loops.len()..].iter().filter_map(|name| self.repository.find(name)).collect();
        // Choices as places that ascend.
        let mut chosen: Vec<usize> = (0..loops.len()).collect();
        for count in 0.. {
            if chosen.last().is_none_or(|last| *last >= members.len()) {
                return Ok(());
            }
            if count >= CHOICES {
                return Err((head.at, Fault::Loop));
            }
            let scope: Vec<Variable> =
                chosen.iter().map(|place| members[*place]).chain(others.iter().copied()).collect();
            self.post(body, &relation, &scope)?;
            let free = (0..chosen.len()).rev().find(|at| chosen[*at] + chosen.len() - at < members.len());
            let Some(at) = free else { return Ok(()) };
            chosen[at] += 1;
            for later in at + 1..chosen.len() {
                chosen[later] = chosen[later - 1] + 1;
            }
        }
        Ok(())
    }

    fn table(&mut self, statement: Part<'_>, rest: Part<'_>) -> Found<()> {
        let (members, after) = self.bracketed(rest)?;
        let colon = (after.at, Fault::Missing("`:`"));
        let rows = after.text.strip_prefix(':').map(|_| after.cut(1, after.text.len())).ok_or(colon)?;
        let mut table = Vec::new();
        for part in rows.split(",").into_iter().filter(|part| !part.text.is_empty()) {
            let row = values(part)?;
            let items = match &row[..] {
                [value] => value.items().map_or_else(|| vec![value.clone()], <[Value]>::to_vec),
                _ => row,
            };
            if items.len() != members.len() {
                return Err((part.at, Fault::Row { found: items.len(), wanted: members.len() }));
            }
            table.push(items);
        }
        self.post(statement, &Relation::table(table), &members)
    }

    fn goal(&mut self, statement: Part<'_>, part: Part<'_>, goal: fn(String) -> Goal) -> Found<()> {
        if self.goal.is_some() {
            return Err((statement.at, Fault::Goal));
        }
        if part.text.is_empty() {
            return Err((
                part.at,
                Fault::Expression(SyntaxProblem::Unexpected { found: "the end".into(), wanted: "a value" }),
            ));
        }
        self.relation(part, &[])?;
        self.goal = Some(goal(part.text.into()));
        self.goal_at = part.at;
        Ok(())
    }

    fn post(&mut self, at: Part<'_>, relation: &Relation, scope: &[Variable]) -> Found<()> {
        if self.posted.last().is_none_or(|(_, last)| *last != at.at) {
            self.posted.push((self.repository.constraints(), at.at));
        }
        self.repository.post(relation, scope).map_err(|error: SolveError| (at.at, Fault::Problem(Box::new(error))))
    }
}
