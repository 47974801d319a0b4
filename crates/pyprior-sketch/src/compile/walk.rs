//! The program, statement by statement.

mod expressions;

use pyprior_core::{Context, Language, Position, StatementForm, Symbol};

use super::counts::Counters;
use super::roles::Roles;
use super::scope::{Name, Scope};
use crate::error::{Place, SketchError, SketchErrorKind, unsupported};
use crate::program::{FUNCTIONS, Function, Hole, Op, Program, Reg};
use crate::source::constraint::{Claim, Role};
use crate::source::tree::{Block, Stmt, StmtKind};
use crate::tally::{Kind, Tally};

/// Registers of a sketch, at most.
const MAX_REGISTERS: usize = 4_000;

pub(super) struct Walk<'a> {
    language: &'a Language,
    roles: &'a Roles,
    counters: &'a Counters,
    depth: u32,
    ops: Vec<Op>,
    holes: Vec<Hole>,
    names: Vec<Option<String>>,
    functions: Vec<Function>,
    scope: Scope,
    /// Names that were ever bound.
    bound: Vec<String>,
    /// Names that the module binds.
    global: Vec<String>,
    in_function: bool,
    /// Statements of the module so far.
    statements: u8,
    /// Levels so far.
    levels: u32,
}

/// Where a statement stands.
#[derive(Clone, Copy)]
struct At {
    context: Context,
    control_depth: u32,
    position: Position,
}

impl At {
    fn below(self) -> (Context, u32) {
        let context = if self.context == Context::Top { Context::Mod } else { self.context };
        (context, self.control_depth + 1)
    }
}

fn lacking(place: Place, what: impl Into<String>, why: impl Into<String>) -> SketchError {
    SketchErrorKind::NotInLanguage { what: what.into(), why: why.into() }.at(place)
}

impl<'a> Walk<'a> {
    pub(super) fn new(language: &'a Language, roles: &'a Roles, counters: &'a Counters, depth: u32) -> Self {
        let registers = FUNCTIONS + language.grammar().functions() as usize;
        let holes = roles.sorts().iter().enumerate().map(|(nth, sort)| {
            let places = match sort.role {
                Role::Const => 1,
                _ => sort.places as u16,
            };
            let weights = std::array::from_fn(|kind| counters.weight(KINDS[kind], Some(nth), places));
            Hole {
                name: sort.name.clone(),
                role: sort.role,
                sites: Vec::new(),
                depth: sort.depth.unwrap_or(u32::MAX),
                values: sort.values.clone(),
                ops: sort.ops.clone(),
                weights,
                again: counters.weight(Kind::Const, None, 1),
                renamed: sort.renamed,
            }
        });
        Self {
            language,
            roles,
            counters,
            depth,
            ops: Vec::new(),
            holes: holes.collect(),
            names: vec![None; registers],
            functions: Vec::new(),
            scope: Scope::default(),
            bound: Vec::new(),
            global: Vec::new(),
            in_function: false,
            statements: 0,
            levels: 0,
        }
    }

    pub(super) fn program(
        mut self,
        block: &Block,
        relations: Vec<Claim>,
        behaviours: Vec<Claim>,
    ) -> Result<Program, SketchError> {
        self.block(block, Context::Top, 0)?;
        for (name, place) in self.counters.names() {
            if !self.bound.iter().any(|bound| bound == name) {
                return Err(SketchErrorKind::Unbound { name: name.to_owned() }.at(place));
            }
        }
        self.check_shared()?;
        Ok(Program {
            ops: self.ops,
            holes: self.holes,
            registers: self.names.len(),
            names: self.names,
            functions: self.functions,
            arithmetic: crate::tally::Arithmetic::default(),
            relations,
            behaviours,
            max_functions: self.language.grammar().functions() as usize,
            tokens: (0, None),
        })
    }

    /// What the exact legal sets do not cover of holes that occur several times.
    fn check_shared(&self) -> Result<(), SketchError> {
        for (nth, hole) in self.holes.iter().enumerate().filter(|(_, hole)| hole.is_shared()) {
            let place = self.counters.names().next().map(|(_, place)| place);
            let Some(place) = place else { continue };
            if hole.renamed && hole.sites.iter().any(|site| !site.tracked.is_empty()) {
                let message = format!(
                    "reads are counted of a name that {} may read, and {} is alike up to renaming",
                    hole.name, hole.name
                );
                return Err(unsupported(place, message));
            }
            let later = hole.sites.iter().skip(1).flat_map(|site| &site.tracked);
            if later.into_iter().any(|(_, _, number)| number.is_none()) {
                let message = format!(
                    "reads are counted of a name behind a hole for statements, and {} (hole {}), which occurs several times, may read it",
                    hole.name,
                    nth + 1
                );
                return Err(unsupported(place, message));
            }
        }
        Ok(())
    }

    fn register(&mut self, name: Option<&str>, place: Place) -> Result<Reg, SketchError> {
        if self.names.len() == MAX_REGISTERS {
            return Err(SketchErrorKind::TooMany { what: "names and blocks", limit: MAX_REGISTERS }.at(place));
        }
        self.names.push(name.map(str::to_owned));
        Ok((self.names.len() - 1) as Reg)
    }

    fn fresh_level(&mut self) -> (u32, u16) {
        self.levels += 1;
        (self.levels, 0)
    }

    fn weight(&self, kind: Kind) -> Tally {
        self.counters.weight(kind, None, 1)
    }

    fn token(&mut self, symbol: Symbol, kind: Kind, place: Place, what: &str) -> Result<(), SketchError> {
        let Some(token) = self.language.vocab().id_of_symbol(symbol) else {
            return Err(lacking(place, what, "the language has no token for it"));
        };
        if !self.language.grammar().allows(token) {
            return Err(lacking(place, what, "the language excludes it"));
        }
        let tally = self.weight(kind);
        self.ops.push(Op::Token { token, tally });
        Ok(())
    }

    fn block(&mut self, block: &Block, context: Context, control_depth: u32) -> Result<(), SketchError> {
        let len = block.stmts.len();
        if let [Stmt { kind: StmtKind::Hole(hole) | StmtKind::Any(hole), .. }] = block.stmts.as_slice()
            && self.holes[self.roles.at(hole.place)].role == Role::Block
        {
            let at = At { context, control_depth, position: Position::Only };
            return self.hole(hole, at, 0);
        }
        let max = self.language.config().max_block_stmts;
        let Some(count) = u8::try_from(len).ok().filter(|count| u32::from(*count) <= max) else {
            let why = format!("the language has blocks of at most {max} (option max_block_stmts)");
            return Err(lacking(block.place, format!("a block of {len} statements"), why));
        };
        self.token(Symbol::Block(count), Kind::Block, block.place, &format!("a block of {len} statements"))?;
        let any = if len > 1 { Some(self.register(None, block.place)?) } else { None };
        for (nth, stmt) in block.stmts.iter().enumerate() {
            let position = match (nth + 1 == len, len) {
                (true, 1) => Position::Only,
                (true, _) => Position::Last,
                (false, _) => Position::Inner,
            };
            if context == Context::Top {
                self.statements = nth as u8 + 1;
            }
            self.stmt(stmt, At { context, control_depth, position })?;
            if let Some(any) = any {
                self.ops.push(if nth + 1 < len { Op::Inner { any } } else { Op::EndBlock { any } });
            }
        }
        Ok(())
    }

    fn form(&mut self, form: StatementForm, at: At, place: Place) -> Result<(), SketchError> {
        let (what, symbol) = match form {
            StatementForm::Print => ("`print`", Symbol::Print),
            StatementForm::Assign => ("an assignment", Symbol::Assign),
            StatementForm::Return => ("`return`", Symbol::Return),
            StatementForm::If => ("`if`", Symbol::If),
            StatementForm::For => ("`for`", Symbol::For),
            StatementForm::For2 => ("`for` over two bounds", Symbol::For2),
            StatementForm::Def => ("`def`", Symbol::Func(1)),
        };
        let mut forms = self.language.grammar().statements(at.context, at.control_depth, at.position);
        if !forms.any(|(found, _)| found == form) {
            let why = match form {
                StatementForm::Return if at.context != Context::Func => "it stands outside of a function",
                StatementForm::Return => "statements follow it",
                StatementForm::If | StatementForm::For | StatementForm::For2
                    if at.control_depth >= self.language.config().max_control_depth =>
                {
                    "it nests deeper than the language allows (option max_control_depth)"
                }
                StatementForm::Def if at.context != Context::Top => "definitions stand in the module alone",
                StatementForm::Def if at.position == Position::Last => {
                    "a block of several statements does not end with a definition"
                }
                _ => "the language excludes it",
            };
            return Err(lacking(place, what, why));
        }
        if form == StatementForm::Def {
            return Ok(());
        }
        self.token(symbol, Kind::of_form(form), place, what)
    }

    fn stmt(&mut self, stmt: &Stmt, at: At) -> Result<(), SketchError> {
        let place = stmt.place;
        match &stmt.kind {
            StmtKind::Assign(name, value) => {
                self.form(StatementForm::Assign, at, place)?;
                let target = self.target(name, place)?;
                self.expr(value, 0)?;
                self.commit(target);
                self.ops.push(Op::Returns(false));
            }
            StmtKind::Print(value) => {
                self.form(StatementForm::Print, at, place)?;
                self.expr(value, 0)?;
                self.ops.push(Op::Returns(false));
            }
            StmtKind::Return(value) => {
                self.form(StatementForm::Return, at, place)?;
                self.expr(value, 0)?;
                self.ops.push(Op::Returns(true));
            }
            StmtKind::If(condition, then, otherwise) => {
                self.form(StatementForm::If, at, place)?;
                self.condition(condition)?;
                self.branches(then, otherwise, at, place)?;
            }
            StmtKind::For(name, start, stop, body) => {
                let form = if start.is_some() { StatementForm::For2 } else { StatementForm::For };
                self.form(form, at, place)?;
                let target = self.target(name, place)?;
                start.iter().try_for_each(|start| self.expr(start, 0))?;
                self.expr(stop, 0)?;
                let saved = self.register(None, place)?;
                self.ops.push(Op::Save { saved });
                let before = self.scope.clone();
                self.commit(target);
                let (context, control_depth) = at.below();
                self.block(body, context, control_depth)?;
                self.ops.push(Op::Restore { saved });
                self.leave(before);
            }
            StmtKind::Def(name, parameters, body) => {
                self.form(StatementForm::Def, at, place)?;
                self.def(name, parameters, body, place)?;
            }
            StmtKind::Hole(hole) => self.hole(hole, at, 0)?,
            StmtKind::Any(_) => {
                return Err(unsupported(place, "`...` stands for a whole block, and is not alone in its block"));
            }
        }
        Ok(())
    }

    /// Back to an earlier scope: what has been bound since is out of sight.
    fn leave(&mut self, before: Scope) {
        let after = std::mem::replace(&mut self.scope, before);
        for name in after.names {
            if !self.scope.names.iter().any(|kept| kept.register == name.register) {
                self.ops.push(Op::Clear { name: name.register });
            }
        }
    }

    fn branches(&mut self, then: &Block, otherwise: &Block, at: At, place: Place) -> Result<(), SketchError> {
        let (saved, then_visible) = (self.register(None, place)?, self.register(None, place)?);
        let then_returns = self.register(None, place)?;
        let (context, control_depth) = at.below();
        self.ops.push(Op::Save { saved });
        let before = self.scope.clone();
        self.block(then, context, control_depth)?;
        let first = std::mem::replace(&mut self.scope, before.clone());
        self.ops.push(Op::Else { saved, then: then_visible, then_returns });
        self.block(otherwise, context, control_depth)?;
        self.ops.push(Op::EndIf { then: then_visible, then_returns });
        let second = std::mem::replace(&mut self.scope, before);
        self.scope.low = first.low.min(second.low);
        self.scope.high = first.high.min(second.high);
        self.scope.level = match first.level.0 == second.level.0 {
            true => first.level.min(second.level),
            false => self.fresh_level(),
        };
        let new = |scope: &Scope, known: &Scope| {
            let fresh = scope.names.iter().filter(|name| !known.names.iter().any(|old| old.register == name.register));
            fresh.cloned().collect::<Vec<_>>()
        };
        let (first, second) = (new(&first, &self.scope), new(&second, &self.scope));
        for name in &first {
            let Some(other) = second.iter().find(|other| other.name == name.name) else { continue };
            let (number, doubtful) = match (name.number, other.number) {
                (Some(one), Some(two)) if one == two => (Some(one), false),
                (Some(_), Some(_)) => continue,
                _ => (None, true),
            };
            let into = self.register(Some(&name.name), place)?;
            self.ops.push(Op::Merge { then: name.register, otherwise: other.register, into });
            self.scope.names.push(Name { name: name.name.clone(), register: into, number, doubtful });
        }
        for name in first.iter().chain(&second) {
            self.ops.push(Op::Clear { name: name.register });
        }
        Ok(())
    }

    fn def(
        &mut self,
        name: &str,
        parameters: &[(String, Place)],
        body: &Block,
        place: Place,
    ) -> Result<(), SketchError> {
        if self.functions.iter().any(|function| function.name == name) {
            return Err(lacking(place, format!("`{name}`"), "it is defined twice"));
        }
        if self.global.iter().any(|global| global == name) {
            return Err(lacking(place, format!("`{name}`"), "it is the name of a variable"));
        }
        for (parameter, place) in parameters {
            if parameter == name || self.functions.iter().any(|function| function.name == *parameter) {
                return Err(lacking(*place, format!("the parameter `{parameter}`"), "it is the name of a function"));
            }
        }
        if self.functions.len() == self.language.grammar().functions() as usize {
            return Err(lacking(place, format!("`{name}`"), "the language has no more functions (option max_funcs)"));
        }
        let func = self.register(Some(name), place)?;
        let tally = self.weight(Kind::Def);
        self.ops.push(Op::Define { func, tally });
        let arity = parameters.len();
        let symbol = u8::try_from(arity).map_or(Symbol::Pad, Symbol::Arity);
        let what = format!("`{name}` with {arity} parameters");
        match symbol {
            Symbol::Arity(_) => self.token(symbol, Kind::Arity, place, &what)?,
            _ => return Err(lacking(place, what, "the language has no token for it")),
        }
        let saved = self.register(None, place)?;
        let outside = std::mem::take(&mut self.scope);
        let arity = arity as u16;
        self.scope.low = arity;
        self.scope.level = self.fresh_level();
        self.scope.high = arity;
        let mut registers = Vec::new();
        for ((parameter, place), number) in parameters.iter().zip(1..) {
            let register = self.register(Some(parameter), *place)?;
            registers.push(register);
            self.bound.push(parameter.clone());
            self.scope.names.push(Name { name: parameter.clone(), register, number: Some(number), doubtful: false });
        }
        self.ops.push(Op::EnterDef { saved, arity, parameters: registers });
        self.in_function = true;
        self.block(body, Context::Func, 0)?;
        self.in_function = false;
        self.leave(outside);
        self.ops.push(Op::LeaveDef { saved, func, statements: self.statements });
        let returns = self.returns(body);
        self.functions.push(Function { name: name.to_owned(), register: func, arity: parameters.len(), returns });
        Ok(())
    }

    /// Whether a block returns on every path, as far as no hole decides that.
    fn returns(&self, block: &Block) -> Option<bool> {
        let returns = |stmt: &Stmt| match &stmt.kind {
            StmtKind::Return(_) => Some(true),
            StmtKind::If(_, then, otherwise) => match (self.returns(then), self.returns(otherwise)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (then, otherwise) => then.and(otherwise),
            },
            StmtKind::Hole(_) | StmtKind::Any(_) => None,
            _ => Some(false),
        };
        let mut any = Some(false);
        for stmt in block.stmts.iter().map(returns) {
            if stmt == Some(true) {
                return stmt;
            }
            any = any.and(stmt);
        }
        any
    }

    /// The target of an assignment or a loop; [`commit`](Self::commit) makes it visible.
    fn target(&mut self, name: &str, place: Place) -> Result<Name, SketchError> {
        if self.functions.iter().any(|function| function.name == name) {
            return Err(lacking(place, format!("`{name}`"), "it is the name of a function"));
        }
        let found = match self.scope.find(name) {
            Some(found) if found.doubtful => {
                let message = format!(
                    "`{name}` is assigned again, and the branches of an `if` that bound it hold holes for statements, so that it may be two variables"
                );
                return Err(unsupported(place, message));
            }
            Some(found) => found.clone(),
            None => {
                if u32::from(self.scope.low) >= self.language.config().max_vars {
                    return Err(lacking(
                        place,
                        format!("`{name}`"),
                        "the language has no more variables (option max_vars)",
                    ));
                }
                let register = self.register(Some(name), place)?;
                let number = (self.scope.low == self.scope.high).then_some(self.scope.low + 1);
                self.bound.push(name.to_owned());
                if !self.in_function {
                    self.global.push(name.to_owned());
                }
                Name { name: name.to_owned(), register, number, doubtful: false }
            }
        };
        let tally = self.weight(Kind::Target);
        self.ops.push(Op::Target { name: found.register, tally });
        Ok(found)
    }

    fn commit(&mut self, target: Name) {
        self.ops.push(Op::Commit { name: target.register });
        if self.scope.find(&target.name).is_none() {
            let most = self.language.config().max_vars as u16;
            self.scope.low += 1;
            self.scope.high = (self.scope.high + 1).min(most);
            self.scope.level.1 += 1;
            self.scope.names.push(target);
        }
    }
}

/// By number.
const KINDS: [Kind; Kind::COUNT] = [
    Kind::Block,
    Kind::Assign,
    Kind::Print,
    Kind::Return,
    Kind::If,
    Kind::For,
    Kind::For2,
    Kind::Def,
    Kind::Arity,
    Kind::Target,
    Kind::Read,
    Kind::Const,
    Kind::Add,
    Kind::Sub,
    Kind::Mul,
    Kind::Lt,
    Kind::Eq,
    Kind::Call,
    Kind::Callee,
];
