//! The names of a filled sketch: its own, and for what holes bind names of the pool that it does not use.

use std::collections::HashMap;

use pyprior_core::ast::{Expr, Stmt};
use pyprior_core::{NameError, Names, ProgramNames};

use crate::matcher::SketchMatcher;

/// The names of the program that a row has come to; `None` if it is not complete.
pub(crate) fn names(row: &SketchMatcher) -> Option<Result<ProgramNames, NameError>> {
    let sketch = row.sketch();
    let module = sketch.language.vocab().tokens_to_ast(row.tokens()).ok()?;
    let program = &sketch.program;
    let mut noted: HashMap<u32, Vec<&str>> = HashMap::new();
    for &(at, register) in &row.noted {
        noted.entry(at).or_default().extend(program.names[usize::from(register)].as_deref());
    }
    let pools = Names::default();
    let free = |name: &&str| !program.names.iter().flatten().any(|used| used == name);
    let mut namer = Namer {
        noted,
        at: 0,
        vars: pools.vars().filter(free).map(str::to_owned).collect(),
        funcs: pools.funcs().filter(free).map(str::to_owned).collect(),
        functions: Vec::new(),
        scopes: vec![Scope::default()],
        scope: 0,
    };
    namer.vars.reverse();
    namer.funcs.reverse();
    namer.block(&module.body);
    let scopes = namer.scopes.into_iter().map(|scope| scope.bound).collect();
    Some(ProgramNames::new(namer.functions, scopes))
}

#[derive(Debug, Default)]
struct Scope {
    visible: usize,
    /// The name of each variable, visible or not.
    current: Vec<Option<String>>,
    /// Names that the pool has given.
    given: HashMap<u8, String>,
    bound: Vec<String>,
}

struct Namer<'a> {
    noted: HashMap<u32, Vec<&'a str>>,
    /// Position of the next token.
    at: u32,
    /// From the end.
    vars: Vec<String>,
    funcs: Vec<String>,
    functions: Vec<String>,
    scopes: Vec<Scope>,
    scope: usize,
}

impl Namer<'_> {
    fn next(&mut self) -> u32 {
        self.at += 1;
        self.at - 1
    }

    fn here(&mut self) -> &mut Scope {
        &mut self.scopes[self.scope]
    }

    fn bind(&mut self, var: u8, noted: Option<String>) {
        let nth = usize::from(var).saturating_sub(1);
        let Self { scopes, scope, vars, .. } = self;
        let here = &mut scopes[*scope];
        if here.current.len() <= nth {
            here.current.resize(nth + 1, None);
        }
        let known = here.current[nth].clone().filter(|_| nth < here.visible);
        let name = noted.or(known).unwrap_or_else(|| {
            let fresh = || vars.pop().unwrap_or_else(|| format!("v{}_{var}", *scope));
            here.given.entry(var).or_insert_with(fresh).clone()
        });
        here.current[nth] = Some(name.clone());
        here.bound.push(name);
    }

    fn target(&mut self, var: u8) {
        let at = self.next();
        let noted = self.noted.get(&at).and_then(|names| names.first()).map(|name| (*name).to_owned());
        self.bind(var, noted);
    }

    fn show(&mut self, var: u8) {
        let here = self.here();
        here.visible = here.visible.max(usize::from(var));
    }

    fn block(&mut self, block: &[Stmt]) {
        self.next();
        block.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        let at = self.next();
        match stmt {
            Stmt::Assign { target, value } => {
                self.target(*target);
                self.expr(value);
                self.show(*target);
            }
            Stmt::Print(value) | Stmt::Return(value) => self.expr(value),
            Stmt::If { condition, then, otherwise } => {
                self.next();
                self.expr(&condition.left);
                self.expr(&condition.right);
                let before = self.here().visible;
                self.block(then);
                let first = std::mem::replace(&mut self.here().visible, before);
                self.block(otherwise);
                let second = self.here().visible;
                self.here().visible = first.min(second);
            }
            Stmt::For { target, start, stop, body } => {
                self.target(*target);
                start.iter().for_each(|start| self.expr(start));
                self.expr(stop);
                let before = self.here().visible;
                self.show(*target);
                self.block(body);
                self.here().visible = before;
            }
            Stmt::Def { func, arity, body } => {
                let noted = self.noted.get(&at).and_then(|names| names.first()).map(|name| (*name).to_owned());
                let name = noted.or_else(|| self.funcs.pop()).unwrap_or_else(|| format!("func_{func}"));
                self.functions.push(name);
                let at = self.next();
                self.scope = self.scopes.len();
                self.scopes.push(Scope::default());
                for var in 1..=*arity {
                    let noted = self.noted.get(&at).and_then(|names| names.get(usize::from(var) - 1));
                    let noted = noted.map(|name| (*name).to_owned());
                    self.bind(var, noted);
                    self.show(var);
                }
                self.block(body);
                self.scope = 0;
            }
        }
    }

    fn expr(&mut self, expr: &Expr) {
        self.next();
        match expr {
            Expr::Var(_) | Expr::Const(_) => {}
            Expr::BinOp { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            Expr::Compare(comparison) => {
                self.expr(&comparison.left);
                self.expr(&comparison.right);
            }
            Expr::Call { args, .. } => {
                self.next();
                args.iter().for_each(|arg| self.expr(arg));
            }
        }
    }
}
