//! Whether the rest of a sketch can be filled from a state on.
//!
//! The fixed part is followed operation by operation; at a hole every state is tried that can come out of it. What has
//! been found out about a state behind a hole is kept, so that it is found out once for all rows.

use std::collections::HashMap;
use std::sync::Arc;

use pyprior_core::Language;

use super::Stop;
use super::item::{Env, Inner, Item, Rules, Zone};
use super::outcomes::{ENTRY, Tables};
use super::registers::State;
use crate::program::{FUNCTIONS, Hole, Op, Program, RETURNS, VISIBLE};
use crate::source::constraint::Role;
use crate::tally::{Kind, Tally};

/// Ways to foretell what is visible at the later places of a hole, at most.
pub(crate) const MAX_GUESSES: usize = 4_096;
/// What is known of a sketch, shared by its rows.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    pub(crate) tables: Tables,
    solvable: HashMap<State, bool>,
    /// Legal tokens of one state of a row, ascending.
    legal: HashMap<Alternative, Arc<[u32]>>,
}

impl Cache {
    /// Forgets what takes more than so many bytes. Scopes are kept: rows on their way know them by number.
    pub(crate) fn forget_beyond(&mut self, bytes: usize) {
        if self.tables.bytes > bytes {
            let envs = std::mem::take(&mut self.tables.envs);
            *self = Self::default();
            self.tables.envs = envs;
        }
    }

    pub(crate) fn legal(&self, alternative: &Alternative) -> Option<&Arc<[u32]>> {
        self.legal.get(alternative)
    }

    pub(crate) fn keep_legal(&mut self, alternative: Alternative, tokens: Arc<[u32]>) {
        self.tables.bytes += alternative.bytes() + 4 * tokens.len();
        self.legal.insert(alternative, tokens);
    }
}

/// One state that a row may be in. There are several where it is open what will be visible at the later places of a
/// hole that is being filled.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Alternative {
    pub(crate) state: State,
    /// Inside of a hole: where, and what is open, the next at the end.
    pub(crate) inside: Option<(Inner, Vec<Item>)>,
}

impl Alternative {
    /// Memory that it takes, roughly.
    fn bytes(&self) -> usize {
        let inside = self.inside.as_ref().map_or(0, |(inner, open)| inner.bytes() + open.len() * size_of::<Item>());
        ENTRY + self.state.bytes() + inside
    }
}

pub(crate) struct Solver<'a> {
    pub(crate) rules: Rules<'a>,
    pub(crate) cache: &'a mut Cache,
}

impl<'a> Solver<'a> {
    /// A solver that may do so much work for one question.
    pub(crate) fn new(language: &'a Language, program: &'a Program, cache: &'a mut Cache, work: u64) -> Self {
        cache.tables.work = work;
        Self { rules: Rules { language, program }, cache }
    }

    fn program(&self) -> &'a Program {
        self.rules.program
    }

    /// Whether the sketch can be filled from a state on.
    pub(crate) fn solvable(&mut self, mut state: State) -> Result<bool, Stop> {
        loop {
            let Some(op) = self.program().ops.get(state.at) else {
                return Ok(self.program().arithmetic.accepts(state.tally));
            };
            let Op::Hole { hole: number, place } = *op else {
                if state.step(self.rules.language, self.program(), op).is_none() {
                    return Ok(false);
                }
                continue;
            };
            let hole = &self.program().holes[number];
            if place > 0 || hole.role == Role::Const {
                if !self.pass(hole, place, &mut state) {
                    return Ok(false);
                }
                continue;
            }
            if let Some(&found) = self.cache.solvable.get(&state) {
                return Ok(found);
            }
            self.cache.tables.spend(16 + state.registers.len() as u64 / 8)?;
            let found = self.first(number, &state)?;
            self.cache.tables.bytes += ENTRY + state.bytes();
            self.cache.solvable.insert(state, found);
            return Ok(found);
        }
    }

    /// Whether some filling of a hole at its first place leads to the end.
    fn first(&mut self, number: usize, state: &State) -> Result<bool, Stop> {
        let hole = &self.program().holes[number];
        if hole.role == Role::Op {
            for weight in op_weights(hole) {
                let Some(behind) = self.behind_op(state, weight) else { continue };
                if self.solvable(behind)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        for alternative in self.enter(number, state)? {
            if self.completes(&alternative)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn behind_op(&self, state: &State, weight: Tally) -> Option<State> {
        let tally = self.program().arithmetic.add(state.tally, weight)?;
        Some(State { at: state.at + 1, tally, registers: state.registers.clone() })
    }

    /// Whether the hole that an alternative is in, and then the rest, can be filled.
    pub(crate) fn completes(&mut self, alternative: &Alternative) -> Result<bool, Stop> {
        let Some((inner, open)) = &alternative.inside else { return self.solvable(alternative.state.clone()) };
        let state = &alternative.state;
        let ends = self.cache.tables.fold(self.rules, open.iter().rev(), inner.clone(), state.tally)?;
        for (inner, tallies) in ends {
            for tally in tallies {
                if self.solvable(self.leave(state, &inner, tally))? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Goes over a hole whose filling is settled, or is one constant; whether that is possible.
    pub(crate) fn pass(&self, hole: &Hole, place: usize, state: &mut State) -> bool {
        match hole.role {
            Role::Const => {
                let weight = if place == 0 { hole.weights[Kind::Const as usize] } else { hole.again };
                let Some(tally) = self.program().arithmetic.add(state.tally, weight) else { return false };
                state.tally = tally;
            }
            Role::Op => {}
            _ => {
                let mut claims = [0; 3];
                for (claim, register) in claims.iter_mut().zip(hole.sites[place].claims) {
                    *claim = std::mem::take(&mut state.registers[usize::from(register)]);
                }
                if claims[0] != state.registers[VISIBLE] {
                    return false;
                }
                if matches!(hole.role, Role::Stmt | Role::Block) {
                    state.registers[VISIBLE] = claims[1];
                    state.registers[RETURNS] = claims[2];
                }
            }
        }
        state.at += 1;
        true
    }

    /// The ways to begin a hole at its first place.
    pub(crate) fn enter(&mut self, number: usize, state: &State) -> Result<Vec<Alternative>, Stop> {
        let hole = &self.program().holes[number];
        let here = state.registers[VISIBLE];
        let guesses = guesses(hole, here)?;
        let entry = match hole.role {
            Role::Stmt => Item::Stmt(Zone::Here, None),
            Role::Block => Item::Block(Zone::Here),
            Role::Cond => Item::Cond,
            Role::Var => Item::Expr(0),
            _ => Item::Expr(hole.depth),
        };
        let mut alternatives = Vec::new();
        for guess in guesses {
            let mut state = state.clone();
            for (site, &visible) in hole.sites.iter().zip(&guess).skip(1) {
                state.registers[usize::from(site.claims[0])] = visible;
            }
            let mut tracked = Vec::new();
            for (lane, site) in hole.sites.iter().enumerate() {
                for &(counter, register, number) in &site.tracked {
                    let var = if lane == 0 { state.registers[usize::from(register)] } else { number.unwrap_or(0) };
                    tracked.push((counter, lane, var));
                }
            }
            // Up to renaming, what counts is how many variables are read: no more than every place has.
            let (visible, most) =
                if hole.renamed && guess.len() > 1 { (vec![here], self.most(&guess)) } else { (guess, None) };
            let env = Env { hole: number, tracked, most, read: Vec::new(), body: false };
            let inner = Inner {
                env: self.cache.tables.envs.number(env),
                visible,
                target: 0,
                returns: false,
                functions: state.functions(self.program()).to_vec(),
            };
            alternatives.push(Alternative { state, inside: Some((inner, vec![entry.clone()])) });
        }
        Ok(alternatives)
    }

    /// How many variables every place has, if that is fewer than the first has.
    fn most(&self, lanes: &[u16]) -> Option<u16> {
        let legal = |visible: u16| {
            (1..=visible).filter(|&var| self.rules.allows(pyprior_core::Symbol::Var(var as u8))).count() as u16
        };
        let least = lanes.iter().map(|&visible| legal(visible)).min().unwrap_or(0);
        (least < legal(lanes[0])).then_some(least)
    }

    /// The state behind a hole that has been filled at its first place.
    pub(crate) fn leave(&self, state: &State, inner: &Inner, tally: Tally) -> State {
        let mut behind = State { at: state.at + 1, registers: state.registers.clone(), tally };
        let Op::Hole { hole, .. } = self.program().ops[state.at] else { return behind };
        let hole = &self.program().holes[hole];
        if matches!(hole.role, Role::Stmt | Role::Block) {
            let returns = u16::from(inner.returns);
            behind.registers[VISIBLE] = inner.visible[0];
            behind.registers[RETURNS] = returns;
            behind.registers[FUNCTIONS..FUNCTIONS + inner.functions.len()].copy_from_slice(&inner.functions);
            for (site, &visible) in hole.sites.iter().zip(&inner.visible).skip(1) {
                behind.registers[usize::from(site.claims[1])] = visible;
                behind.registers[usize::from(site.claims[2])] = returns;
            }
        }
        behind
    }
}

/// What may be visible at the places of a hole, where `here` is at the first: places that are known to have as many
/// variables, give or take some, are foretold together.
fn guesses(hole: &Hole, here: u16) -> Result<Vec<Vec<u16>>, Stop> {
    let mut guesses: Vec<Vec<u16>> = vec![vec![here]];
    for (place, site) in hole.sites.iter().enumerate().skip(1) {
        let (low, high) = site.visible;
        let same = hole.sites[..place].iter().position(|other| other.level.0 == site.level.0);
        let mut next = Vec::new();
        for guess in guesses {
            let known =
                same.map(|same| i32::from(guess[same]) + i32::from(site.level.1) - i32::from(hole.sites[same].level.1));
            for visible in low..=high {
                if known.is_none_or(|known| known == i32::from(visible)) {
                    next.push(guess.iter().copied().chain([visible]).collect());
                }
            }
            if next.len() > MAX_GUESSES {
                return Err(Stop::Places);
            }
        }
        guesses = next;
    }
    Ok(guesses)
}

/// What the operators of a hole count, each once.
fn op_weights(hole: &Hole) -> Vec<Tally> {
    let mut weights = hole.ops.iter().map(|op| hole.weights[Kind::of_op(*op) as usize]).collect::<Vec<_>>();
    weights.sort_unstable();
    weights.dedup();
    weights
}

/// The state before the first token.
pub(crate) fn initial(program: &Program, tally: Tally) -> State {
    State::new(program, tally)
}
