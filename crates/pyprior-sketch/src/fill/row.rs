//! One row: the states that it may be in, its legal tokens, and what a token does.

use std::sync::Arc;

use pyprior_core::{BinOp, Compare, Form, Language, Symbol};

use super::Stop;
use super::feasible::{Alternative, Cache, Solver};
use super::item::{Pick, Rules};
use super::registers::State;
use super::relations::Relations;
use crate::program::{Op, Program};
use crate::source::constraint::Role;
use crate::tally::{Kind, Tally};

/// What may come next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Legal {
    /// Nothing: the program is complete.
    End,
    /// One token.
    Token(u32),
    /// Some constants, ascending.
    Values(Arc<[i64]>),
    /// Some tokens, ascending.
    Tokens(Arc<[u32]>),
}

/// A function of the sketch that has just been completed, and how many statements of the module have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Completed {
    pub(crate) statements: u8,
    /// Number of functions of the sketch that are complete.
    pub(crate) functions: usize,
    /// Tokens of the row up to there.
    pub(crate) tokens: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Row {
    alternatives: Vec<Alternative>,
    /// Constants of holes, by hole.
    pub(crate) values: Vec<Option<i64>>,
    /// Tokens of holes that have been filled, as ranges of the row's.
    filled: Vec<Option<(u32, u32)>>,
    /// Where the hole that is being filled began.
    start: u32,
    /// Tokens of a repeated hole that have been taken again.
    again: Option<u32>,
    /// Variables of a repeated hole and what they have become.
    renaming: Vec<(u32, u32)>,
    pub(crate) completed: Completed,
    /// Number of constants that are known.
    pub(crate) chosen: usize,
}

/// Everything that a row asks.
pub(crate) struct Asked<'a> {
    pub(crate) language: &'a Language,
    pub(crate) program: &'a Program,
    pub(crate) cache: &'a mut Cache,
    pub(crate) relations: &'a mut Relations,
    pub(crate) work: u64,
}

impl Asked<'_> {
    /// The same to be asked with other limits.
    pub(crate) fn again(&mut self) -> Asked<'_> {
        let Self { language, program, work, .. } = *self;
        Asked { language, program, cache: self.cache, relations: self.relations, work }
    }

    fn solver(&mut self) -> Solver<'_> {
        Solver::new(self.language, self.program, self.cache, self.work)
    }
}

impl Row {
    /// The row before its first token, where the counters stand at `tally`.
    pub(crate) fn new(asked: &mut Asked<'_>, tally: Tally) -> Result<Self, Stop> {
        let holes = asked.program.holes.len();
        let state = State::new(asked.program, tally);
        let mut row = Self {
            alternatives: vec![Alternative { state, inside: None }],
            values: vec![None; holes],
            filled: vec![None; holes],
            start: 0,
            again: None,
            renaming: Vec::new(),
            completed: Completed { statements: 0, functions: 0, tokens: 0 },
            chosen: 0,
        };
        row.settle(asked, 0)?;
        Ok(row)
    }

    /// Registers of the row: what they say of names and functions is the same in all alternatives.
    pub(crate) fn registers(&self) -> &[u16] {
        self.alternatives.first().map_or(&[], |alternative| &alternative.state.registers)
    }

    /// Ranges of the tokens of holes that have been filled, by hole; of those with several places the first one's.
    pub(crate) fn filled(&self) -> &[Option<(u32, u32)>] {
        &self.filled
    }

    /// The operation that takes the next token, outside of holes that are being filled.
    pub(crate) fn op(&self) -> Option<usize> {
        self.alternatives.first().filter(|first| first.inside.is_none()).map(|first| first.state.at)
    }

    fn visible(&self) -> u16 {
        match self.alternatives.first() {
            Some(Alternative { inside: Some((inner, _)), .. }) => inner.visible[0],
            Some(Alternative { state, .. }) => state.registers[crate::program::VISIBLE],
            None => 0,
        }
    }

    /// What may come next; `tokens` are those of the row.
    pub(crate) fn legal(&self, asked: &mut Asked<'_>, tokens: &[u32]) -> Result<Legal, Stop> {
        let Some(first) = self.alternatives.first() else { return Ok(Legal::Tokens(Arc::new([]))) };
        if first.inside.is_some() {
            return self.inside(asked);
        }
        let program = asked.program;
        let Some(op) = program.ops.get(first.state.at) else { return Ok(Legal::End) };
        let &Op::Hole { hole: number, .. } = op else {
            let token = first.state.token(asked.language, program, op);
            return Ok(token.map_or(Legal::Tokens(Arc::new([])), Legal::Token));
        };
        let hole = &program.holes[number];
        if let Some(again) = self.again {
            return Ok(self.repeated(asked, tokens, number, again));
        }
        if hole.role == Role::Const {
            let mut work = asked.work;
            return Ok(Legal::Values(asked.relations.values(program, number, &self.values, &mut work)?));
        }
        let mut picks = Vec::new();
        for &op in &hole.ops {
            let weight = hole.weights[Kind::of_op(op) as usize];
            for alternative in &self.alternatives {
                let Some(tally) = program.arithmetic.add(alternative.state.tally, weight) else { continue };
                let behind = State { tally, at: first.state.at + 1, registers: alternative.state.registers.clone() };
                if asked.solver().solvable(behind)? {
                    picks.push(Pick::Symbol(op_symbol(op)));
                    break;
                }
            }
        }
        Ok(Legal::Tokens(spelled(asked.language, &picks).into()))
    }

    /// The token of a hole that has been filled before.
    fn repeated(&self, asked: &Asked<'_>, tokens: &[u32], hole: usize, again: u32) -> Legal {
        let original = self.filled[hole].and_then(|(start, _)| tokens.get((start + again) as usize).copied());
        let Some(original) = original else { return Legal::Tokens(Arc::new([])) };
        if !asked.program.holes[hole].renamed || asked.language.vocab().form(original) != Some(Form::Var) {
            return Legal::Token(original);
        }
        if let Some((_, now)) = self.renaming.iter().find(|(before, _)| *before == original) {
            return Legal::Token(*now);
        }
        let rules = Rules { language: asked.language, program: asked.program };
        let free = (1..=self.visible()).map(|var| Symbol::Var(var as u8)).filter(|&symbol| {
            let token = asked.language.vocab().id_of_symbol(symbol);
            rules.allows(symbol) && !self.renaming.iter().any(|(_, now)| Some(*now) == token)
        });
        Legal::Tokens(spelled(asked.language, &free.map(Pick::Symbol).collect::<Vec<_>>()).into())
    }

    /// What may come next inside of a hole.
    fn inside(&self, asked: &mut Asked<'_>) -> Result<Legal, Stop> {
        let mut all: Vec<u32> = Vec::new();
        for alternative in &self.alternatives {
            let known = asked.cache.legal(alternative).map(Arc::clone);
            let tokens = match known {
                Some(tokens) => tokens,
                None => {
                    let picks = Self::picks_of(asked, alternative)?;
                    let tokens: Arc<[u32]> = spelled(asked.language, &picks).into();
                    asked.cache.keep_legal(alternative.clone(), Arc::clone(&tokens));
                    tokens
                }
            };
            if self.alternatives.len() == 1 {
                return Ok(Legal::Tokens(tokens));
            }
            all.extend(tokens.iter());
        }
        all.sort_unstable();
        all.dedup();
        Ok(Legal::Tokens(all.into()))
    }

    fn picks_of(asked: &mut Asked<'_>, alternative: &Alternative) -> Result<Vec<Pick>, Stop> {
        let mut solver = asked.solver();
        let mut picks = Vec::new();
        for (pick, behind) in choices(&mut solver, alternative, None) {
            if solver.completes(&behind)? {
                picks.push(pick);
            }
        }
        Ok(picks)
    }

    /// Takes a token that is legal; `tokens` are those of the row with this one.
    pub(crate) fn take(&mut self, asked: &mut Asked<'_>, tokens: &[u32]) -> Result<(), Stop> {
        let (Some(&token), Some(first)) = (tokens.last(), self.alternatives.first()) else { return Ok(()) };
        let (program, language) = (asked.program, asked.language);
        let Some(symbol) = language.vocab().symbol(token) else { return Ok(()) };
        if first.inside.is_some() {
            let mut next: Vec<Alternative> = Vec::new();
            let mut solver = asked.solver();
            for alternative in &self.alternatives {
                for (_, behind) in choices(&mut solver, alternative, Some(symbol)) {
                    if self.alternatives.len() == 1 || solver.completes(&behind)? {
                        next.push(behind);
                    }
                }
            }
            self.alternatives = next;
        } else {
            let at = first.state.at;
            match &program.ops[at] {
                &Op::Hole { hole: number, place } => {
                    let hole = &program.holes[number];
                    if let Some(again) = &mut self.again {
                        let (start, end) = self.filled[number].unwrap_or((0, 1));
                        let original = tokens.get((start + *again) as usize).copied().unwrap_or(token);
                        if hole.renamed && !self.renaming.iter().any(|(before, _)| *before == original) {
                            self.renaming.push((original, token));
                        }
                        *again += 1;
                        if *again == end - start {
                            self.again = None;
                            self.renaming.clear();
                            let solver = asked.solver();
                            self.alternatives.retain_mut(|it| solver.pass(hole, place, &mut it.state));
                        }
                    } else {
                        let len = tokens.len() as u32;
                        self.filled[number] = Some((len - 1, len));
                        let weight = match symbol {
                            Symbol::Const(value) => {
                                self.values[number] = Some(value);
                                self.chosen += 1;
                                hole.weights[Kind::Const as usize]
                            }
                            Symbol::BinOp(op) => hole.weights[Kind::of_op(Ok(op)) as usize],
                            Symbol::Compare(op) => hole.weights[Kind::of_op(Err(op)) as usize],
                            _ => Tally::default(),
                        };
                        for alternative in &mut self.alternatives {
                            let sum = program.arithmetic.add(alternative.state.tally, weight);
                            alternative.state.tally = sum.unwrap_or_default();
                            alternative.state.at += 1;
                        }
                    }
                }
                op => self.alternatives.retain_mut(|it| it.state.step(language, program, op).is_some()),
            }
        }
        self.settle(asked, tokens.len() as u32)
    }

    /// Goes on to where a token is to be taken.
    fn settle(&mut self, asked: &mut Asked<'_>, len: u32) -> Result<(), Stop> {
        let (program, language) = (asked.program, asked.language);
        let rules = Rules { language, program };
        loop {
            let Some(first) = self.alternatives.first() else { return Ok(()) };
            if first.inside.is_some() {
                self.alternatives.retain_mut(|it| settle_inside(rules, it));
                let Some(first) = self.alternatives.first() else { return Ok(()) };
                let at = first.state.at;
                if first.inside.as_ref().is_some_and(|(_, open)| !open.is_empty()) {
                    break;
                }
                let solver = asked.solver();
                for alternative in &mut self.alternatives {
                    if let Some((inner, _)) = alternative.inside.take() {
                        alternative.state = solver.leave(&alternative.state, &inner, alternative.state.tally);
                    }
                }
                if let Op::Hole { hole, .. } = program.ops[at] {
                    self.filled[hole] = Some((self.start, len));
                }
                continue;
            }
            match program.ops.get(first.state.at) {
                None
                | Some(
                    Op::Token { .. } | Op::Target { .. } | Op::Read { .. } | Op::Define { .. } | Op::Callee { .. },
                ) => break,
                Some(&Op::Hole { hole: number, place }) => {
                    let hole = &program.holes[number];
                    if place > 0 {
                        self.again.get_or_insert(0);
                        break;
                    }
                    self.start = len;
                    if matches!(hole.role, Role::Const | Role::Op) {
                        break;
                    }
                    let mut entered = Vec::new();
                    let mut solver = asked.solver();
                    for alternative in &self.alternatives {
                        entered.extend(solver.enter(number, &alternative.state)?);
                    }
                    self.alternatives = entered;
                }
                Some(op) => {
                    if let Op::LeaveDef { statements, .. } = op {
                        self.completed =
                            Completed { statements: *statements, functions: self.completed.functions + 1, tokens: len };
                    }
                    self.alternatives.retain_mut(|it| it.state.step(language, program, op).is_some());
                }
            }
        }
        if self.alternatives.len() > 1 {
            let mut seen = std::collections::HashSet::new();
            self.alternatives.retain(|it| seen.insert(it.clone()));
        }
        Ok(())
    }
}

/// The tokens of picks, ascending.
fn spelled(language: &Language, picks: &[Pick]) -> Vec<u32> {
    let mut tokens = Vec::new();
    for pick in picks {
        match *pick {
            Pick::Consts => {
                let constants = language.vocab().ids_of(Form::Const);
                tokens.extend(constants.filter(|&token| language.grammar().allows(token)));
            }
            Pick::Symbol(symbol) => tokens.extend(language.vocab().id_of_symbol(symbol)),
        }
    }
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

/// Opens what takes no token; whether that is possible.
fn settle_inside(rules: Rules<'_>, alternative: &mut Alternative) -> bool {
    let Some((inner, open)) = &mut alternative.inside else { return true };
    while let Some(item) = open.pop_if(|item| !Rules::takes(item)) {
        match rules.settle(item, inner) {
            Some(opens) => open.extend(opens.into_iter().rev()),
            None => return false,
        }
    }
    true
}

/// What the top of an open hole takes, or what of it stands for one symbol, with what comes behind.
fn choices(solver: &mut Solver<'_>, alternative: &Alternative, only: Option<Symbol>) -> Vec<(Pick, Alternative)> {
    let Some((inner, open)) = &alternative.inside else { return Vec::new() };
    let Some((top, rest)) = open.split_last() else { return Vec::new() };
    let rules = solver.rules;
    let mut found = Vec::new();
    for choice in rules.choices(&mut solver.cache.tables.envs, top, inner) {
        let fits = match choice.pick {
            Pick::Consts => only.is_none_or(|only| matches!(only, Symbol::Const(_))),
            Pick::Symbol(symbol) => only.is_none_or(|only| only == symbol),
        };
        if !fits {
            continue;
        }
        let Some(tally) = rules.program.arithmetic.add(alternative.state.tally, choice.tally) else { continue };
        let mut open = rest.to_vec();
        open.extend(choice.opens.into_iter().rev());
        let state = State { tally, ..alternative.state.clone() };
        let mut behind = Alternative { state, inside: Some((choice.inner, open)) };
        if settle_inside(rules, &mut behind) {
            found.push((choice.pick, behind));
        }
    }
    found
}

fn op_symbol(op: Result<BinOp, Compare>) -> Symbol {
    match op {
        Ok(op) => Symbol::BinOp(op),
        Err(op) => Symbol::Compare(op),
    }
}
