//! Random sketches, and which programs fit them by the definition: a tree with holes laid over the program's tree.
//!
//! Shares nothing with the crate but the core's trees.

use std::collections::HashMap;
use std::sync::Arc;

use pyprior_core::ast::{Comparison, Expr, Module, Stmt};
use pyprior_core::{BinOp, Compare, Language, Matcher};

#[path = "chance.rs"]
mod chance;
pub(crate) use chance::Random;

/// All programs of a language.
pub(crate) fn programs(language: &Arc<Language>) -> Vec<Vec<u32>> {
    fn walk(matcher: &mut Matcher, found: &mut Vec<Vec<u32>>) {
        if matcher.is_terminated() {
            found.push(matcher.tokens().to_vec());
            return;
        }
        for token in matcher.legal_tokens().collect::<Vec<_>>() {
            let mut next = matcher.fork();
            next.accept_token(token).unwrap();
            walk(&mut next, found);
        }
    }
    let mut found = Vec::new();
    walk(&mut Matcher::new(language), &mut found);
    found
}

#[derive(Debug, Clone)]
pub(crate) enum Op {
    Bin(BinOp),
    Cmp(Compare),
    Hole(Option<String>),
}

#[derive(Debug, Clone)]
pub(crate) enum PExpr {
    Name(String),
    Const(i64),
    Hole(Option<String>),
    Op(Op, Box<PExpr>, Box<PExpr>),
    Call(String, Vec<PExpr>),
}

#[derive(Debug, Clone)]
pub(crate) enum PStmt {
    Assign(String, PExpr),
    Print(PExpr),
    Return(PExpr),
    If(PExpr, PBlock, PBlock),
    For(String, Option<PExpr>, PExpr, PBlock),
    Def(String, Vec<String>, PBlock),
    Hole(Option<String>),
}

#[derive(Debug, Clone)]
pub(crate) enum PBlock {
    Stmts(Vec<PStmt>),
    /// A hole for the whole block.
    Hole(Option<String>),
}

/// A tree that stands for a named hole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Expr(Expr),
    Cond(Comparison),
    Stmt(Stmt),
    Block(Vec<Stmt>),
    Op(Result<BinOp, Compare>),
}

/// What is asked of a program besides its shape.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    Tokens(&'static str, u32),
    Count(&'static str, &'static str, u32),
    Uses(String, bool),
    Depth(u32),
    Domain(String, Vec<i64>),
    ExprDepth(String, u32),
    ExprTokens(String, &'static str, u32),
    IsVar(String),
    IsBlock(String),
    Renamed(String),
    Relation(String, &'static str, String),
    Ops(String, Vec<&'static str>),
    /// A hole of this role holds a form so often.
    Within(String, &'static str, &'static str, &'static str, u32),
    /// Between three constants.
    Three(String, String, String, usize),
}

/// Relations of three constants, with what they say.
pub(crate) type Three = (&'static str, fn(i64, i64, i64) -> bool);
pub(crate) const THREES: [Three; 4] = [
    ("A + B == C", |a, b, c| a + b == c),
    ("all_distinct(A, B, C)", |a, b, c| a != b && b != c && a != c),
    ("not (A < B or B < C)", |a, b, c| !(a < b || b < c)),
    ("A * B <= C", |a, b, c| a * b <= c),
];

#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) body: PBlock,
    pub(crate) asked: Vec<Asked>,
}

fn hole(name: &Option<String>) -> &str {
    name.as_deref().unwrap_or("_")
}

pub(crate) fn sign(op: Result<BinOp, Compare>) -> &'static str {
    match op {
        Ok(BinOp::Add) => "+",
        Ok(BinOp::Sub) => "-",
        Ok(BinOp::Mul) => "*",
        Err(Compare::Lt) => "<",
        Err(Compare::Eq) => "==",
    }
}

impl PExpr {
    fn text(&self) -> String {
        match self {
            PExpr::Name(name) => name.clone(),
            PExpr::Const(value) => value.to_string(),
            PExpr::Hole(name) => hole(name).to_owned(),
            PExpr::Op(op, left, right) => {
                let op = match op {
                    Op::Bin(op) => sign(Ok(*op)).to_owned(),
                    Op::Cmp(op) => sign(Err(*op)).to_owned(),
                    Op::Hole(name) => hole(name).to_owned(),
                };
                format!("({} {op} {})", left.text(), right.text())
            }
            PExpr::Call(name, args) => {
                format!("{name}({})", args.iter().map(PExpr::text).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

impl PBlock {
    fn lines(&self, indent: usize, out: &mut String) {
        let pad = "    ".repeat(indent);
        let stmts = match self {
            PBlock::Hole(None) => return out.push_str(&format!("{pad}...\n")),
            PBlock::Hole(Some(name)) => return out.push_str(&format!("{pad}{name}\n")),
            PBlock::Stmts(stmts) => stmts,
        };
        for stmt in stmts {
            match stmt {
                PStmt::Assign(name, value) => out.push_str(&format!("{pad}{name} = {}\n", value.text())),
                PStmt::Print(value) => out.push_str(&format!("{pad}print({})\n", value.text())),
                PStmt::Return(value) => out.push_str(&format!("{pad}return {}\n", value.text())),
                PStmt::Hole(name) => out.push_str(&format!("{pad}{}\n", hole(name))),
                PStmt::If(condition, then, otherwise) => {
                    out.push_str(&format!("{pad}if {}:\n", condition.text()));
                    then.lines(indent + 1, out);
                    out.push_str(&format!("{pad}else:\n"));
                    otherwise.lines(indent + 1, out);
                }
                PStmt::For(name, start, stop, body) => {
                    let start = start.as_ref().map(|start| format!("{}, ", start.text())).unwrap_or_default();
                    out.push_str(&format!("{pad}for {name} in range({start}{}):\n", stop.text()));
                    body.lines(indent + 1, out);
                }
                PStmt::Def(name, parameters, body) => {
                    out.push_str(&format!("{pad}def {name}({}):\n", parameters.join(", ")));
                    body.lines(indent + 1, out);
                }
            }
        }
    }
}

impl Case {
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.body.lines(0, &mut out);
        out.push_str("---\n");
        for asked in &self.asked {
            let line = match asked {
                Asked::Tokens(order, n) => format!("tokens {order} {n}"),
                Asked::Count(what, order, n) => format!("count({what}) {order} {n}"),
                Asked::Uses(name, true) => format!("uses({name})"),
                Asked::Uses(name, false) => format!("not uses({name})"),
                Asked::Depth(n) => format!("depth <= {n}"),
                Asked::Domain(name, values) => {
                    format!("{name} in {{{}}}", values.iter().map(i64::to_string).collect::<Vec<_>>().join(", "))
                }
                Asked::ExprDepth(name, n) => format!("{name} in expr(depth <= {n})"),
                Asked::ExprTokens(name, order, n) => format!("{name} in expr(tokens {order} {n})"),
                Asked::Within(name, role, what, order, n) => format!("{name} in {role}(count({what}) {order} {n})"),
                Asked::Three(a, b, c, nth) => THREES[*nth].0.replace('A', a).replace('B', b).replace('C', c),
                Asked::IsVar(name) => format!("{name} in var"),
                Asked::IsBlock(name) => format!("{name} in block"),
                Asked::Renamed(name) => format!("renamed({name})"),
                Asked::Relation(a, order, b) => format!("{a} {order} {b}"),
                Asked::Ops(name, ops) => format!("{name} in {{{}}}", ops.join(", ")),
            };
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    /// Whether a program fits.
    pub(crate) fn fits(&self, module: &Module, tokens: usize, max_vars: u8) -> bool {
        let mut fit = Fit { case: self, bound: HashMap::new(), funcs: HashMap::new(), reads: HashMap::new(), max_vars };
        let mut scope = Scope::default();
        if !fit.block(&self.body, &module.body, &mut scope) {
            return false;
        }
        let mut counts = HashMap::new();
        let mut deepest = 0;
        module.body.iter().for_each(|stmt| count_stmt(stmt, &mut counts, &mut deepest));
        let holds = |order: &str, value: u32, n: u32| match order {
            "<=" => value <= n,
            ">=" => value >= n,
            "<" => value < n,
            _ => value == n,
        };
        let value = |name: &String| match fit.bound.get(name) {
            Some(Tree::Expr(Expr::Const(value))) => *value,
            other => panic!("{name} is {other:?}"),
        };
        self.asked.iter().all(|asked| match asked {
            Asked::Tokens(order, n) => holds(order, tokens as u32, *n),
            Asked::Count(what, order, n) => {
                holds(order, what.split(", ").map(|what| counts.get(what).copied().unwrap_or(0)).sum(), *n)
            }
            Asked::Uses(name, wanted) => (fit.reads.get(name).copied().unwrap_or(0) > 0) == *wanted,
            Asked::Depth(n) => deepest <= *n,
            Asked::Domain(name, values) => values.contains(&value(name)),
            Asked::ExprDepth(name, n) => match &fit.bound[name] {
                Tree::Expr(expr) => depth(expr) <= *n,
                _ => false,
            },
            Asked::ExprTokens(name, order, n) => match &fit.bound[name] {
                Tree::Expr(expr) => holds(order, size(expr), *n),
                _ => false,
            },
            Asked::Within(name, _, what, order, n) => {
                let mut counts = HashMap::new();
                match &fit.bound[name] {
                    Tree::Expr(expr) => count_expr(expr, &mut counts, &mut 0),
                    Tree::Cond(comparison) => count_comparison(comparison, &mut counts, &mut 0),
                    Tree::Stmt(stmt) => count_stmt(stmt, &mut counts, &mut 0),
                    Tree::Block(stmts) => stmts.iter().for_each(|stmt| count_stmt(stmt, &mut counts, &mut 0)),
                    Tree::Op(_) => return false,
                }
                holds(order, counts.get(what).copied().unwrap_or(0), *n)
            }
            Asked::Three(a, b, c, nth) => THREES[*nth].1(value(a), value(b), value(c)),
            Asked::IsVar(name) => matches!(fit.bound[name], Tree::Expr(Expr::Var(_))),
            Asked::IsBlock(_) | Asked::Renamed(_) => true,
            Asked::Relation(a, order, b) => match *order {
                "<" => value(a) < value(b),
                "!=" => value(a) != value(b),
                _ => value(a) == value(b),
            },
            Asked::Ops(name, ops) => match &fit.bound[name] {
                Tree::Op(op) => ops.contains(&sign(*op)),
                _ => false,
            },
        })
    }
}

fn depth(expr: &Expr) -> u32 {
    match expr {
        Expr::Var(_) | Expr::Const(_) => 0,
        Expr::BinOp { left, right, .. } => 1 + depth(left).max(depth(right)),
        Expr::Compare(comparison) => 1 + depth(&comparison.left).max(depth(&comparison.right)),
        Expr::Call { args, .. } => 1 + args.iter().map(depth).max().unwrap_or(0),
    }
}

fn size(expr: &Expr) -> u32 {
    match expr {
        Expr::Var(_) | Expr::Const(_) => 1,
        Expr::BinOp { left, right, .. } => 1 + size(left) + size(right),
        Expr::Compare(comparison) => 1 + size(&comparison.left) + size(&comparison.right),
        Expr::Call { args, .. } => 2 + args.iter().map(size).sum::<u32>(),
    }
}

fn count_expr(expr: &Expr, counts: &mut HashMap<&'static str, u32>, deepest: &mut u32) {
    *deepest = depth(expr).max(*deepest);
    let mut add = |what: &'static str| *counts.entry(what).or_default() += 1;
    match expr {
        Expr::Var(_) => add("var"),
        Expr::Const(_) => add("const"),
        Expr::BinOp { op, left, right } => {
            add(sign(Ok(*op)));
            count_expr(left, counts, deepest);
            count_expr(right, counts, deepest);
        }
        Expr::Compare(comparison) => count_comparison(comparison, counts, deepest),
        Expr::Call { args, .. } => {
            add("call");
            args.iter().for_each(|arg| count_expr(arg, counts, deepest));
        }
    }
}

fn count_comparison(comparison: &Comparison, counts: &mut HashMap<&'static str, u32>, deepest: &mut u32) {
    *counts.entry("compare").or_default() += 1;
    count_expr(&comparison.left, counts, deepest);
    count_expr(&comparison.right, counts, deepest);
}

fn count_stmt(stmt: &Stmt, counts: &mut HashMap<&'static str, u32>, deepest: &mut u32) {
    let mut add = |what: &'static str| *counts.entry(what).or_default() += 1;
    match stmt {
        Stmt::Assign { value, .. } => {
            add("assign");
            count_expr(value, counts, deepest);
        }
        Stmt::Print(value) => {
            add("print");
            count_expr(value, counts, deepest);
        }
        Stmt::Return(value) => {
            add("return");
            count_expr(value, counts, deepest);
        }
        Stmt::If { condition, then, otherwise } => {
            add("if");
            count_comparison(condition, counts, deepest);
            then.iter().chain(otherwise).for_each(|stmt| count_stmt(stmt, counts, deepest));
        }
        Stmt::For { start, stop, body, .. } => {
            add("for");
            start.iter().chain([stop]).for_each(|expr| count_expr(expr, counts, deepest));
            body.iter().for_each(|stmt| count_stmt(stmt, counts, deepest));
        }
        Stmt::Def { body, .. } => {
            add("def");
            body.iter().for_each(|stmt| count_stmt(stmt, counts, deepest));
        }
    }
}

/// Names and visible variables at a point.
#[derive(Debug, Clone, Default)]
struct Scope {
    visible: u8,
    names: HashMap<String, u8>,
}

struct Fit<'a> {
    case: &'a Case,
    bound: HashMap<String, Tree>,
    funcs: HashMap<String, u8>,
    reads: HashMap<String, u32>,
    max_vars: u8,
}

/// Variables of a tree in the order in which they are read.
fn variables(tree: &Tree) -> Vec<u8> {
    fn walk(expr: &Expr, found: &mut Vec<u8>) {
        match expr {
            Expr::Var(var) => found.push(*var),
            Expr::Const(_) => {}
            Expr::BinOp { left, right, .. } => [left, right].into_iter().for_each(|side| walk(side, found)),
            Expr::Compare(comparison) => {
                [&comparison.left, &comparison.right].into_iter().for_each(|side| walk(side, found))
            }
            Expr::Call { args, .. } => args.iter().for_each(|arg| walk(arg, found)),
        }
    }
    let mut found = Vec::new();
    match tree {
        Tree::Expr(expr) => walk(expr, &mut found),
        Tree::Cond(comparison) => {
            walk(&comparison.left, &mut found);
            walk(&comparison.right, &mut found);
        }
        _ => {}
    }
    found
}

/// The tree with all variables the same: its shape.
fn shape(tree: &Tree) -> String {
    let text = format!("{tree:?}");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("Var(") {
        out.push_str(&rest[..at + 4]);
        rest = rest[at + 4..].trim_start_matches(|c: char| c.is_ascii_digit());
    }
    out + rest
}

impl Fit<'_> {
    fn fill(&mut self, name: &Option<String>, tree: Tree) -> bool {
        let Some(name) = name else { return true };
        let renamed = self.case.asked.iter().any(|asked| matches!(asked, Asked::Renamed(found) if found == name));
        match self.bound.get(name) {
            None => {
                self.bound.insert(name.clone(), tree);
                true
            }
            Some(first) if renamed => {
                let (one, other) = (variables(first), variables(&tree));
                let alike = one.len() == other.len()
                    && (0..one.len()).all(|i| (0..i).all(|j| (one[i] == one[j]) == (other[i] == other[j])));
                alike && shape(first) == shape(&tree)
            }
            Some(first) => *first == tree,
        }
    }

    fn read(&mut self, expr: &Expr, scope: &Scope) {
        for var in variables(&Tree::Expr(expr.clone())) {
            for (name, _) in scope.names.iter().filter(|(_, number)| **number == var) {
                *self.reads.entry(name.clone()).or_default() += 1;
            }
        }
    }

    /// Reads of a statement that stands for a hole, and what is visible behind it.
    fn read_stmt(&mut self, stmt: &Stmt, scope: &Scope, visible: u8) -> u8 {
        let block = |fit: &mut Self, stmts: &[Stmt], visible: u8| {
            stmts.iter().fold(visible, |visible, stmt| fit.read_stmt(stmt, scope, visible))
        };
        match stmt {
            Stmt::Assign { target, value } => {
                self.read(value, scope);
                visible.max(*target)
            }
            Stmt::Print(value) | Stmt::Return(value) => {
                self.read(value, scope);
                visible
            }
            Stmt::If { condition, then, otherwise } => {
                self.read(&condition.left, scope);
                self.read(&condition.right, scope);
                block(self, then, visible).min(block(self, otherwise, visible))
            }
            Stmt::For { target, start, stop, body } => {
                start.iter().chain([stop]).for_each(|expr| self.read(expr, scope));
                block(self, body, visible.max(*target));
                visible
            }
            Stmt::Def { .. } => visible,
        }
    }

    fn block(&mut self, pattern: &PBlock, stmts: &[Stmt], scope: &mut Scope) -> bool {
        match pattern {
            PBlock::Hole(name) => {
                for stmt in stmts {
                    scope.visible = self.read_stmt(stmt, &scope.clone(), scope.visible);
                }
                self.fill(name, Tree::Block(stmts.to_vec()))
            }
            PBlock::Stmts(patterns) => {
                patterns.len() == stmts.len()
                    && patterns.iter().zip(stmts).all(|(pattern, stmt)| self.stmt(pattern, stmt, scope))
            }
        }
    }

    fn target(&self, name: &String, target: u8, scope: &Scope) -> bool {
        match scope.names.get(name) {
            Some(&number) => number == target,
            None => target == scope.visible + 1 && target <= self.max_vars,
        }
    }

    fn stmt(&mut self, pattern: &PStmt, stmt: &Stmt, scope: &mut Scope) -> bool {
        match (pattern, stmt) {
            (PStmt::Hole(name), stmt) => {
                scope.visible = self.read_stmt(stmt, &scope.clone(), scope.visible);
                self.fill(name, Tree::Stmt(stmt.clone()))
            }
            (PStmt::Assign(name, pattern), Stmt::Assign { target, value }) => {
                if !self.target(name, *target, scope) || !self.expr(pattern, value, scope) {
                    return false;
                }
                scope.visible = scope.visible.max(*target);
                scope.names.insert(name.clone(), *target);
                true
            }
            (PStmt::Print(pattern), Stmt::Print(value)) | (PStmt::Return(pattern), Stmt::Return(value)) => {
                self.expr(pattern, value, scope)
            }
            (PStmt::If(pattern, then, otherwise), Stmt::If { condition, then: first, otherwise: second }) => {
                if !self.condition(pattern, condition, scope) {
                    return false;
                }
                let mut one = scope.clone();
                let mut other = scope.clone();
                if !self.block(then, first, &mut one) || !self.block(otherwise, second, &mut other) {
                    return false;
                }
                scope.visible = one.visible.min(other.visible);
                scope.names =
                    one.names.into_iter().filter(|(name, number)| other.names.get(name) == Some(number)).collect();
                true
            }
            (PStmt::For(name, from, to, pattern), Stmt::For { target, start, stop, body }) => {
                let bounds = match (from, start) {
                    (Some(from), Some(start)) => self.expr(from, start, scope),
                    (None, None) => true,
                    _ => false,
                };
                if !bounds || !self.target(name, *target, scope) || !self.expr(to, stop, scope) {
                    return false;
                }
                let mut inner = scope.clone();
                inner.visible = inner.visible.max(*target);
                inner.names.insert(name.clone(), *target);
                self.block(pattern, body, &mut inner)
            }
            (PStmt::Def(name, parameters, pattern), Stmt::Def { func, arity, body }) => {
                if parameters.len() != usize::from(*arity) {
                    return false;
                }
                let names = parameters.iter().cloned().zip(1..).collect();
                let mut inner = Scope { visible: *arity, names };
                let fits = self.block(pattern, body, &mut inner);
                self.funcs.insert(name.clone(), *func);
                fits
            }
            _ => false,
        }
    }

    fn operator(&mut self, pattern: &Op, op: Result<BinOp, Compare>) -> bool {
        match pattern {
            Op::Bin(found) => op == Ok(*found),
            Op::Cmp(found) => op == Err(*found),
            Op::Hole(name) => self.fill(name, Tree::Op(op)),
        }
    }

    fn condition(&mut self, pattern: &PExpr, condition: &Comparison, scope: &Scope) -> bool {
        match pattern {
            PExpr::Hole(name) => {
                self.read(&condition.left, scope);
                self.read(&condition.right, scope);
                self.fill(name, Tree::Cond(condition.clone()))
            }
            PExpr::Op(op, left, right) => {
                self.operator(op, Err(condition.op))
                    && self.expr(left, &condition.left, scope)
                    && self.expr(right, &condition.right, scope)
            }
            _ => false,
        }
    }

    fn expr(&mut self, pattern: &PExpr, expr: &Expr, scope: &Scope) -> bool {
        match (pattern, expr) {
            (PExpr::Hole(name), expr) => {
                self.read(expr, scope);
                // A hole that is a constant by its domain is no other expression.
                let constant = self
                    .case
                    .asked
                    .iter()
                    .any(|asked| matches!(asked, Asked::Domain(found, _) if Some(found) == name.as_ref()));
                (!constant || matches!(expr, Expr::Const(_))) && self.fill(name, Tree::Expr(expr.clone()))
            }
            (PExpr::Name(name), expr @ Expr::Var(var)) => {
                self.read(expr, scope);
                scope.names.get(name) == Some(var)
            }
            (PExpr::Const(value), Expr::Const(found)) => value == found,
            (PExpr::Op(op, left, right), Expr::BinOp { op: found, left: one, right: two }) => {
                self.operator(op, Ok(*found)) && self.expr(left, one, scope) && self.expr(right, two, scope)
            }
            (PExpr::Op(op, left, right), Expr::Compare(found)) => {
                self.operator(op, Err(found.op))
                    && self.expr(left, &found.left, scope)
                    && self.expr(right, &found.right, scope)
            }
            (PExpr::Call(name, patterns), Expr::Call { func, args }) => {
                self.funcs.get(name) == Some(func)
                    && patterns.len() == args.len()
                    && patterns.iter().zip(args).all(|(pattern, arg)| self.expr(pattern, arg, scope))
            }
            _ => false,
        }
    }
}
