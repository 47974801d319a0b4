//! What can come out of something that is open: scopes behind it, and what was counted on the way.

use std::collections::HashMap;
use std::sync::Arc;

use super::Stop;
use super::item::{Env, Envs, Inner, Item, Rules};
use crate::source::constraint::Role;
use crate::tally::{Arithmetic, Kind, Tallies, Tally};

/// States behind something, each with the counts that lead there.
pub(crate) type Outcomes = Arc<[(Inner, Tallies)]>;

/// What an entry of a table takes beside what is in it, roughly.
pub(super) const ENTRY: usize = 64;

/// What expressions depend on: leaves and calls by what they count.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Leaves {
    hole: usize,
    leaves: Vec<Tally>,
    calls: Vec<(u32, Tally)>,
}

/// Answers that have been found, for all rows of a sketch.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) envs: Envs,
    leaves: HashMap<Leaves, u32>,
    /// By scope, visible variables and functions.
    leaves_of: HashMap<(u32, u16, Vec<u16>), u32>,
    expressions: HashMap<(u32, u32), Tallies>,
    items: HashMap<(Item, Inner), Outcomes>,
    all: Vec<Leaves>,
    /// Units of work that the question under way may still take.
    pub(crate) work: u64,
    /// Memory that answers take, roughly.
    pub(super) bytes: usize,
}

impl Tables {
    pub(crate) fn spend(&mut self, work: u64) -> Result<(), Stop> {
        self.work = self.work.checked_sub(work).ok_or(Stop::Work)?;
        Ok(())
    }

    fn sums(&mut self, arithmetic: &Arithmetic, a: &[Tally], b: &[Tally]) -> Result<Vec<Tally>, Stop> {
        self.spend(1 + Arithmetic::work(a, b))?;
        let sums = arithmetic.sums(a, b);
        // What reducing took.
        self.spend((sums.len() as u64).pow(2) / 16)?;
        Ok(sums)
    }

    fn leaves(&mut self, rules: Rules<'_>, inner: &Inner) -> u32 {
        let visible = inner.visible.iter().copied().min().unwrap_or(0);
        let key = (inner.env, visible, inner.functions.clone());
        if let Some(&number) = self.leaves_of.get(&key) {
            return number;
        }
        let env: Env = self.envs.get(inner.env).clone();
        let hole = rules.hole(&env);
        let arithmetic = &rules.program.arithmetic;
        let mut leaves = rules.reads(&env, inner).into_iter().map(|(_, tally)| tally).collect::<Vec<_>>();
        let mut calls = Vec::new();
        if hole.role != Role::Var {
            if rules.constants() {
                leaves.push(hole.weights[Kind::Const as usize]);
            }
            if rules.allows(pyprior_core::Symbol::Call) {
                let weights = (hole.weights[Kind::Call as usize], hole.weights[Kind::Callee as usize]);
                if let Some(weight) = arithmetic.add(weights.0, weights.1) {
                    calls.extend(rules.callees(inner).map(|(_, arity)| (arity, weight)));
                }
            }
        }
        calls.sort_unstable();
        calls.dedup();
        let within = leaves.into_iter().filter_map(|leaf| arithmetic.add(leaf, Tally::default())).collect();
        let leaves = Leaves { hole: env.hole, leaves: arithmetic.reduce(within), calls };
        let next = self.all.len() as u32;
        let number = *self.leaves.entry(leaves).or_insert_with_key(|leaves| {
            self.all.push(leaves.clone());
            next
        });
        self.bytes += ENTRY + 2 * key.2.len();
        self.leaves_of.insert(key, number);
        number
    }

    /// Counts of expressions with so many levels of operators and calls at most.
    fn expression(&mut self, rules: Rules<'_>, leaves: u32, depth: u32) -> Result<Tallies, Stop> {
        if let Some(found) = self.expressions.get(&(leaves, depth)) {
            return Ok(Arc::clone(found));
        }
        let arithmetic = &rules.program.arithmetic;
        let Leaves { hole, leaves: mut found, calls } = self.all[leaves as usize].clone();
        let hole = &rules.program.holes[hole];
        if let Some(below) = depth.checked_sub(1).filter(|_| hole.role != Role::Var) {
            let operand = self.expression(rules, leaves, below)?;
            let pairs = self.sums(arithmetic, &operand, &operand)?;
            let ops = rules.binops().map(Ok).chain(rules.compares().map(Err));
            let mut weights = ops.map(|op| hole.weights[Kind::of_op(op) as usize]).collect::<Vec<_>>();
            weights.sort_unstable();
            weights.dedup();
            found.extend(self.sums(arithmetic, &weights, &pairs)?);
            for (arity, weight) in calls {
                let mut args: Vec<Tally> = arithmetic.add(weight, Tally::default()).into_iter().collect();
                for _ in 0..arity {
                    args = self.sums(arithmetic, &args, &operand)?;
                }
                found.extend(args);
            }
        }
        let found: Tallies = arithmetic.reduce(found).into();
        self.bytes += ENTRY + size_of_val(&*found);
        self.expressions.insert((leaves, depth), Arc::clone(&found));
        Ok(found)
    }

    /// What can come out of items one after the other.
    pub(crate) fn fold<'i>(
        &mut self,
        rules: Rules<'_>,
        items: impl Iterator<Item = &'i Item>,
        inner: Inner,
        tally: Tally,
    ) -> Result<Vec<(Inner, Vec<Tally>)>, Stop> {
        let mut states = vec![(inner, vec![tally])];
        for item in items {
            let mut next = Gathered::default();
            for (inner, tallies) in &states {
                for (behind, more) in self.outcomes(rules, item, inner)?.iter() {
                    let sums = self.sums(&rules.program.arithmetic, tallies, more)?;
                    next.add(behind, sums);
                }
            }
            states = next.finish(&rules.program.arithmetic);
        }
        Ok(states)
    }

    fn outcomes(&mut self, rules: Rules<'_>, item: &Item, inner: &Inner) -> Result<Outcomes, Stop> {
        // What copies and look-ups of the state take.
        self.spend(8 + (inner.visible.len() + inner.functions.len()) as u64 / 4)?;
        match item {
            Item::Expr(depth) => {
                let leaves = self.leaves(rules, inner);
                let tallies = self.expression(rules, leaves, *depth)?;
                return Ok(single(inner, tallies));
            }
            Item::Stmts { .. } => return self.statements(rules, item, inner),
            item if !Rules::takes(item) => {
                let mut behind = inner.clone();
                return match rules.settle(item.clone(), &mut behind) {
                    Some(opens) => Ok(seal(self.fold(rules, opens.iter(), behind, Tally::default())?)),
                    None => Ok(Arc::new([])),
                };
            }
            _ => {}
        }
        let key = (item.clone(), inner.clone());
        if let Some(found) = self.items.get(&key) {
            return Ok(Arc::clone(found));
        }
        let mut gathered = Gathered::default();
        for choice in rules.choices(&mut self.envs, item, inner) {
            let Some(tally) = rules.program.arithmetic.add(choice.tally, Tally::default()) else { continue };
            for (behind, tallies) in self.fold(rules, choice.opens.iter(), choice.inner, tally)? {
                gathered.add(&behind, tallies);
            }
        }
        let found = seal(gathered.finish(&rules.program.arithmetic));
        self.keep(key, &found);
        Ok(found)
    }

    fn keep(&mut self, key: (Item, Inner), found: &Outcomes) {
        let outcomes = found.iter().map(|(inner, tallies)| inner.bytes() + size_of_val(&**tallies)).sum::<usize>();
        self.bytes += ENTRY + size_of::<Item>() + key.1.bytes() + outcomes;
        self.items.insert(key, Arc::clone(found));
    }

    /// The rest of a block: a loop where [`Rules::settle`] would recur once a statement.
    fn statements(&mut self, rules: Rules<'_>, item: &Item, inner: &Inner) -> Result<Outcomes, Stop> {
        let key = (item.clone(), inner.clone());
        if let Some(found) = self.items.get(&key) {
            return Ok(Arc::clone(found));
        }
        let zero: Tallies = Arc::new([Tally::default()]);
        let mut states: Vec<(Item, Inner, Tallies)> = vec![(item.clone(), inner.clone(), zero)];
        let mut done = Gathered::default();
        while !states.is_empty() {
            let mut next: HashMap<Item, Gathered> = HashMap::new();
            for (item, mut inner, tallies) in states {
                let Some(opens) = rules.settle(item, &mut inner) else { continue };
                let [stmt, rest] = opens.as_slice() else {
                    done.add(&inner, tallies.to_vec());
                    continue;
                };
                for (behind, more) in self.outcomes(rules, stmt, &inner)?.iter() {
                    let sums = self.sums(&rules.program.arithmetic, &tallies, more)?;
                    next.entry(rest.clone()).or_default().add(behind, sums);
                }
            }
            states = Vec::new();
            for (item, gathered) in next {
                let found = gathered.finish(&rules.program.arithmetic).into_iter();
                states.extend(found.map(|(inner, tallies)| (item.clone(), inner, tallies.into())));
            }
        }
        let found = seal(done.finish(&rules.program.arithmetic));
        self.keep(key, &found);
        Ok(found)
    }
}

fn single(inner: &Inner, tallies: Tallies) -> Outcomes {
    if tallies.is_empty() { Arc::new([]) } else { Arc::new([(inner.clone(), tallies)]) }
}

fn seal(states: Vec<(Inner, Vec<Tally>)>) -> Outcomes {
    states.into_iter().map(|(inner, tallies)| (inner, tallies.into())).collect()
}

/// Counts by state, in the order in which states come up.
#[derive(Debug, Default)]
struct Gathered {
    places: HashMap<Inner, usize>,
    states: Vec<(Inner, Vec<Tally>)>,
}

impl Gathered {
    fn add(&mut self, inner: &Inner, tallies: Vec<Tally>) {
        if tallies.is_empty() {
            return;
        }
        match self.places.get(inner) {
            Some(&place) => self.states[place].1.extend(tallies),
            None => {
                self.places.insert(inner.clone(), self.states.len());
                self.states.push((inner.clone(), tallies));
            }
        }
    }

    fn finish(self, arithmetic: &Arithmetic) -> Vec<(Inner, Vec<Tally>)> {
        self.states.into_iter().map(|(inner, tallies)| (inner, arithmetic.reduce(tallies))).collect()
    }
}
