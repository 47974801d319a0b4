//! The parser's statements to ours and to tokens.
//!
//! Every token is taken by a [`Matcher`] as soon as it is known, so that the rules have their say at the place in the
//! source where they are broken, and recursion never goes deeper than the language does.

use ruff_python_ast as py;
use ruff_text_size::{Ranged, TextSize};

use super::bindings::{Bindings, Def, Scope};
use super::constants::Constants;
use super::error::EncodeErrorKind as Kind;
use super::{Encoded, Refusal, lacking, refusal};
use crate::ast::{Module, Stmt};
use crate::codec::program_names::ProgramNames;
use crate::matcher::Matcher;
use crate::vocab::Symbol;

/// Reads a module, from the first token of the matcher on.
pub(super) fn module(
    matcher: &mut Matcher,
    constants: Option<&mut Constants>,
    normalise: bool,
    body: &[py::Stmt],
) -> Result<Encoded, Refusal> {
    let Some(first) = body.first() else { return Err(Refusal { at: 0, kind: Kind::Empty }) };
    let defs = body.iter().filter_map(py::Stmt::as_function_def_stmt).map(|def| def.name.as_str()).collect();
    let bindings = Bindings::new(defs, matcher.language().config().max_vars);
    let mut reader = Reader::new(matcher, constants, normalise, bindings);
    let body = reader.block(body, first.start())?;
    let Reader { matcher, bindings, .. } = reader;
    Ok(Encoded { tokens: matcher.tokens().to_vec(), tree: Module { body }, names: names(bindings) })
}

/// Reads the start of a module of `statements` statements, from the first token of the matcher on, up to the block
/// whose first statement is at `open`, if there is one.
pub(super) fn start(
    matcher: &mut Matcher,
    normalise: bool,
    body: &[py::Stmt],
    statements: u8,
    open: Option<TextSize>,
) -> Result<ProgramNames, Refusal> {
    let Some(first) = body.first() else { return Err(Refusal { at: 0, kind: Kind::Empty }) };
    let defs = body.iter().filter_map(py::Stmt::as_function_def_stmt).map(|def| def.name.as_str()).collect();
    let bindings = Bindings::new(defs, matcher.language().config().max_vars);
    let mut reader = Reader { open, ..Reader::new(matcher, None, normalise, bindings) };
    reader.put(Symbol::Block(statements), first.start())?;
    for stmt in body {
        match reader.stmt(stmt) {
            Err(_) if reader.stopped => break,
            other => drop(other?),
        }
    }
    let mut bindings = reader.bindings;
    bindings.scopes.extend(bindings.function.take().map(Scope::into_names));
    Ok(names(bindings))
}

pub(super) fn names(bindings: Bindings<'_>) -> ProgramNames {
    let funcs = bindings.defs.iter().map(|def| def.name.to_owned()).collect();
    let scopes = [bindings.module.into_names()].into_iter().chain(bindings.scopes).collect();
    ProgramNames::from_source(funcs, scopes)
}

pub(super) struct Reader<'s, 'm> {
    pub(super) matcher: &'m mut Matcher,
    pub(super) constants: Option<&'m mut Constants>,
    pub(super) normalise: bool,
    pub(super) bindings: Bindings<'s>,
    /// Where the block that is still to be written would begin.
    open: Option<TextSize>,
    /// Whether it has been reached: then nothing more is read, by way of a refusal that means nothing.
    stopped: bool,
}

/// Refuses something at a place.
pub(super) fn refuse<T>(at: TextSize, kind: Kind) -> Result<T, Refusal> {
    Err(Refusal { at: at.to_usize(), kind })
}

impl<'s, 'm> Reader<'s, 'm> {
    pub(super) fn new(
        matcher: &'m mut Matcher,
        constants: Option<&'m mut Constants>,
        normalise: bool,
        bindings: Bindings<'s>,
    ) -> Self {
        Self { matcher, constants, normalise, bindings, open: None, stopped: false }
    }

    /// Takes a token.
    pub(super) fn put(&mut self, symbol: Symbol, at: TextSize) -> Result<(), Refusal> {
        self.put_named(symbol, at, "")
    }

    /// Takes a token; `name` is the function's that it is about.
    pub(super) fn put_named(&mut self, symbol: Symbol, at: TextSize, name: &str) -> Result<(), Refusal> {
        match self.matcher.language().vocab().id_of_symbol(symbol) {
            Some(token) => self.put_token(token, at, name),
            None => refuse(at, refusal::no_token(self.matcher, symbol)),
        }
    }

    pub(super) fn put_token(&mut self, token: u32, at: TextSize, name: &str) -> Result<(), Refusal> {
        if self.matcher.accept_token(token).is_ok() {
            return Ok(());
        }
        refuse(at, refusal::illegal(self.matcher, token, name))
    }

    fn block(&mut self, body: &'s [py::Stmt], at: TextSize) -> Result<Vec<Stmt>, Refusal> {
        if self.open.is_some() && self.open == body.first().map(Ranged::start) {
            self.stopped = true;
            return refuse(at, Kind::Empty);
        }
        let max = self.matcher.language().config().max_block_stmts;
        if let Some(extra) = body.get(max as usize) {
            return refuse(extra.start(), Kind::Block { max, got: body.len() });
        }
        // A block has a statement, and `max` is at most 255.
        self.put(Symbol::Block(u8::try_from(body.len()).unwrap_or(u8::MAX)), at)?;
        body.iter().map(|stmt| self.stmt(stmt)).collect()
    }

    pub(super) fn stmt(&mut self, stmt: &'s py::Stmt) -> Result<Stmt, Refusal> {
        let at = stmt.start();
        match stmt {
            py::Stmt::Assign(assign) => self.assign(assign),
            py::Stmt::Expr(expr) => self.print(&expr.value, at),
            py::Stmt::Return(found) => {
                let Some(value) = &found.value else { return refuse(at, lacking::BARE_RETURN) };
                self.put(Symbol::Return, at)?;
                Ok(Stmt::Return(self.expr(value)?))
            }
            py::Stmt::If(found) => self.branches(&found.test, &found.body, &found.elif_else_clauses, at),
            py::Stmt::For(found) => self.repeat(found),
            py::Stmt::FunctionDef(def) => self.def(def),
            py::Stmt::AnnAssign(_) => refuse(at, lacking::ANNOTATIONS),
            py::Stmt::Match(_) => refuse(at, lacking::MATCH),
            py::Stmt::TypeAlias(_) => refuse(at, lacking::TYPE_ALIAS),
            // The others start with keywords that have been refused before the parser saw them.
            _ => refuse(at, lacking::OTHER),
        }
    }

    fn target(&mut self, target: &'s py::Expr) -> Result<(u8, &'s str), Refusal> {
        let at = target.start();
        match target {
            py::Expr::Name(name) => {
                let var = self.bindings.target(&name.id, at.to_usize())?;
                self.put(Symbol::Var(var), at)?;
                Ok((var, &name.id))
            }
            py::Expr::Tuple(_) => refuse(at, lacking::TUPLES),
            _ => refuse(at, lacking::TARGET),
        }
    }

    fn assign(&mut self, assign: &'s py::StmtAssign) -> Result<Stmt, Refusal> {
        let [target] = assign.targets.as_slice() else { return refuse(assign.start(), lacking::MULTIPLE) };
        self.put(Symbol::Assign, assign.start())?;
        let (var, name) = self.target(target)?;
        let value = self.expr(&assign.value)?;
        self.bindings.scope().bind(var, name);
        Ok(Stmt::Assign { target: var, value })
    }

    fn print(&mut self, value: &'s py::Expr, at: TextSize) -> Result<Stmt, Refusal> {
        let call = value.as_call_expr();
        let prints = |call: &&py::ExprCall| call.func.as_name_expr().is_some_and(|name| name.id == "print");
        let Some(call) = call.filter(prints) else { return refuse(at, lacking::EXPRESSION) };
        let [value] = &*call.arguments.args else { return refuse(at, lacking::PRINT_ARGUMENTS) };
        self.put(Symbol::Print, at)?;
        Ok(Stmt::Print(self.expr(value)?))
    }

    /// An `if`, or the `elif` that stands for one in an `else`.
    fn branches(
        &mut self,
        test: &'s py::Expr,
        body: &'s [py::Stmt],
        clauses: &'s [py::ElifElseClause],
        at: TextSize,
    ) -> Result<Stmt, Refusal> {
        let last = clauses.last().map_or(body, |last| &last.body);
        let is_open = self.open.is_some_and(|open| last.last().is_some_and(|last| last.end() > open));
        if clauses.last().is_none_or(|last| last.test.is_some()) && !is_open {
            return refuse(at, Kind::MissingElse);
        }
        self.put(Symbol::If, at)?;
        let condition = self.condition(test)?;
        let before = self.bindings.scope().slots.save();
        let then = self.block(body, body.first().map_or(at, Ranged::start))?;
        let first = self.bindings.scope().slots.swap(before);
        let otherwise = match clauses {
            [clause, rest @ ..] => match &clause.test {
                Some(test) => {
                    self.put(Symbol::Block(1), clause.start())?;
                    vec![self.branches(test, &clause.body, rest, clause.start())?]
                }
                None => self.block(&clause.body, clause.body.first().map_or(at, Ranged::start))?,
            },
            [] => return refuse(at, Kind::MissingElse),
        };
        self.bindings.scope().end_if(first);
        Ok(Stmt::If { condition, then, otherwise })
    }

    fn repeat(&mut self, found: &'s py::StmtFor) -> Result<Stmt, Refusal> {
        let at = found.start();
        if let Some(first) = found.orelse.first() {
            return refuse(first.start(), lacking::LOOP_ELSE);
        }
        let ranges = |call: &&py::ExprCall| call.func.as_name_expr().is_some_and(|name| name.id == "range");
        let Some(range) = found.iter.as_call_expr().filter(ranges) else {
            return refuse(found.iter.start(), lacking::ITERATION);
        };
        let (start, stop) = match &*range.arguments.args {
            [stop] => (None, stop),
            [start, stop] => (Some(start), stop),
            _ => return refuse(found.iter.start(), lacking::ITERATION),
        };
        self.put(if start.is_some() { Symbol::For2 } else { Symbol::For }, at)?;
        let (target, name) = self.target(&found.target)?;
        let start = start.map(|start| self.expr(start)).transpose()?;
        let stop = self.expr(stop)?;
        let before = self.bindings.scope().slots.save();
        self.bindings.scope().bind(target, name);
        let body = self.block(&found.body, found.body.first().map_or(at, Ranged::start))?;
        self.bindings.scope().end_loop(before);
        Ok(Stmt::For { target, start, stop, body })
    }

    fn def(&mut self, def: &'s py::StmtFunctionDef) -> Result<Stmt, Refusal> {
        let (at, name) = (def.start(), def.name.as_str());
        let name_at = def.name.start();
        let func = u8::try_from(self.bindings.defs.len() + 1).unwrap_or(u8::MAX);
        if self.bindings.defs.len() >= self.matcher.language().config().max_funcs as usize {
            return refuse(at, refusal::no_token(self.matcher, Symbol::Func(func)));
        }
        self.put(Symbol::Func(func), at)?;
        self.bindings.usable(name, name_at.to_usize())?;
        if self.bindings.defs.iter().any(|other| other.name == name) {
            return refuse(name_at, Kind::Redefined { name: name.to_owned() });
        }
        let parameters = &def.parameters;
        // Defaults, annotations and the other kinds of parameters have been refused before the parser saw them.
        let plain = parameters.posonlyargs.is_empty() && parameters.kwonlyargs.is_empty();
        if !plain || parameters.vararg.is_some() || parameters.kwarg.is_some() {
            return refuse(parameters.start(), lacking::STARRED);
        }
        let got = parameters.args.len();
        let max = self.matcher.language().config().effective_arity();
        if let Some(extra) = parameters.args.get(max as usize) {
            return refuse(extra.start(), Kind::Parameters { max, got });
        }
        let arity = u8::try_from(got).unwrap_or(u8::MAX);
        self.put(Symbol::Arity(arity), parameters.start())?;
        self.bindings.defs.push(Def { name, arity });
        self.bindings.function = Some(Scope::default());
        for parameter in &parameters.args {
            let (name, at) = (parameter.parameter.name.as_str(), parameter.start());
            if self.bindings.scope().slots.find(name).is_some() {
                return refuse(at, Kind::DuplicateParameter { name: name.to_owned() });
            }
            let var = self.bindings.target(name, at.to_usize())?;
            self.bindings.scope().bind(var, name);
        }
        let body = self.block(&def.body, def.body.first().map_or(at, Ranged::start))?;
        let scope = self.bindings.function.take().unwrap_or_default();
        self.bindings.scopes.push(scope.into_names());
        Ok(Stmt::Def { func, arity, body })
    }
}
