//! Which constants have a solution: relations between constants, holes with the same relations together.
//!
//! Constants cost one token each whatever they are, so relations and shape do not touch each other.

use std::collections::HashMap;
use std::sync::Arc;

use super::Stop;
use super::finite::Finite;
use crate::claim::{Values, holds};
use crate::program::Program;
use crate::source::constraint::{Claim, Role, Term};

/// Holes that have relations in common, directly or not.
#[derive(Debug)]
struct Group {
    /// Numbers of holes.
    holes: Vec<usize>,
    /// Claims by the position in `holes` at which the last of theirs is known.
    claims: Vec<Vec<Claim>>,
    finite: Finite,
}

/// A group, what is known of it, and the hole that is asked for.
type Question = (usize, Vec<Option<i64>>, usize);

#[derive(Debug, Default)]
pub(crate) struct Relations {
    groups: Vec<Group>,
    /// Of all holes.
    names: Vec<String>,
    /// By hole.
    group_of: Vec<Option<usize>>,
    found: HashMap<Question, Arc<[i64]>>,
}

const MAX_KEPT: usize = 1 << 18;
/// Work that a search without propagation may take.
const FIRST_WORK: u64 = 20_000;

impl Relations {
    pub(crate) fn new(program: &Program) -> Self {
        Self::of(program, &program.relations)
    }

    /// Some of the relations.
    pub(crate) fn of(program: &Program, relations: &[Claim]) -> Self {
        let number = |name: &str| program.holes.iter().position(|hole| hole.role == Role::Const && hole.name == name);
        let holes_of = |claim: &Claim| {
            let mut holes = Vec::new();
            claim.formula.terms(&mut |term| {
                if let Term::Hole(name, _) = term {
                    holes.extend(number(name).filter(|hole| !holes.contains(hole)));
                }
            });
            holes
        };
        let mut group_of: Vec<Option<usize>> = vec![None; program.holes.len()];
        // Names of groups that have become one are those of the first.
        for (name, claim) in relations.iter().enumerate() {
            let holes = holes_of(claim);
            let old = holes.iter().filter_map(|&hole| group_of[hole]).collect::<Vec<_>>();
            for (hole, group) in group_of.iter_mut().enumerate() {
                if holes.contains(&hole) || group.is_some_and(|group| old.contains(&group)) {
                    *group = Some(name);
                }
            }
        }
        let mut groups: Vec<Group> = Vec::new();
        let mut names: Vec<usize> = Vec::new();
        for (hole, group) in group_of.iter_mut().enumerate() {
            let Some(name) = *group else { continue };
            let nth = names.iter().position(|other| *other == name).unwrap_or_else(|| {
                names.push(name);
                groups.push(Group { holes: Vec::new(), claims: Vec::new(), finite: Finite::default() });
                groups.len() - 1
            });
            groups[nth].holes.push(hole);
            groups[nth].claims.push(Vec::new());
            *group = Some(nth);
        }
        let mut constant = Vec::new();
        for claim in relations {
            let holes = holes_of(claim);
            let last = holes.iter().filter_map(|&hole| {
                let group = group_of[hole]?;
                Some((groups[group].holes.iter().position(|other| *other == hole)?, group))
            });
            match last.max() {
                Some((place, group)) => groups[group].claims[place].push(claim.clone()),
                None => constant.push(claim.clone()),
            }
        }
        // Claims about nothing hold or not: a group without holes.
        if !constant.is_empty() {
            groups.push(Group { holes: Vec::new(), claims: vec![constant], finite: Finite::default() });
        }
        let names = program.holes.iter().map(|hole| hole.name.clone()).collect::<Vec<_>>();
        for group in &mut groups {
            group.finite = Finite::new(group.claims.iter().flatten(), &group.holes, &names);
        }
        Self { groups, names, group_of, found: HashMap::new() }
    }

    /// Whether they have no solution.
    pub(crate) fn contradict(&self, program: &Program, work: &mut u64) -> Result<bool, Stop> {
        Ok(self.find_contradiction(program, work)?.is_some())
    }

    /// The holes of a group that has no solution; none if that is unknown, or there are none in it.
    pub(crate) fn without_solution(&self, program: &Program, work: &mut u64) -> Option<Vec<usize>> {
        self.find_contradiction(program, work).ok().flatten()
    }

    fn find_contradiction(&self, program: &Program, work: &mut u64) -> Result<Option<Vec<usize>>, Stop> {
        let mut values = vec![None; program.holes.len()];
        for group in &self.groups {
            if group.holes.is_empty() {
                let none = Values { names: &self.names, values: &values, quantified: &[] };
                for claim in group.claims.iter().flatten() {
                    if !holds(claim, &none, work).ok_or(Stop::Work)? {
                        return Ok(Some(Vec::new()));
                    }
                }
            } else if !self.decide(program, group, &mut values, work)? {
                return Ok(Some(group.holes.clone()));
            }
        }
        Ok(None)
    }

    /// The constants that a hole may be, given those of others.
    pub(crate) fn values(
        &mut self,
        program: &Program,
        hole: usize,
        known: &[Option<i64>],
        work: &mut u64,
    ) -> Result<Arc<[i64]>, Stop> {
        let domain = &program.holes[hole].values;
        let Some(nth) = self.group_of[hole] else { return Ok(domain.as_slice().into()) };
        let group = &self.groups[nth];
        let key = (nth, group.holes.iter().map(|&hole| known[hole]).collect::<Vec<_>>(), hole);
        if let Some(found) = self.found.get(&key) {
            return Ok(Arc::clone(found));
        }
        let mut legal = Vec::new();
        for &value in domain {
            let mut values = known.to_vec();
            values[hole] = Some(value);
            if self.decide(program, group, &mut values, work)? {
                legal.push(value);
            }
        }
        if self.found.len() > MAX_KEPT {
            self.found.clear();
        }
        let legal: Arc<[i64]> = legal.into();
        self.found.insert(key, Arc::clone(&legal));
        Ok(legal)
    }

    /// Whether the holes of a group have values, those that are known included.
    ///
    /// Mostly some are found at once. Where they are not, the solver of finite domains takes over, which propagates.
    fn decide(
        &self,
        program: &Program,
        group: &Group,
        values: &mut Vec<Option<i64>>,
        work: &mut u64,
    ) -> Result<bool, Stop> {
        let mut first = FIRST_WORK;
        match self.solve(program, group, 0, values, &mut first) {
            Ok(found) => Ok(found),
            Err(_) => {
                *work = work.saturating_sub(FIRST_WORK);
                let domains = group.holes.iter().map(|&hole| match values[hole] {
                    Some(value) => vec![value],
                    None => program.holes[hole].values.clone(),
                });
                group.finite.solvable(&domains.collect::<Vec<_>>(), work)
            }
        }
    }

    /// Whether the holes of a group from one on have values; those that have keep theirs.
    fn solve(
        &self,
        program: &Program,
        group: &Group,
        place: usize,
        values: &mut Vec<Option<i64>>,
        work: &mut u64,
    ) -> Result<bool, Stop> {
        let Some(&hole) = group.holes.get(place) else { return Ok(true) };
        let fixed = values[hole];
        let one = [fixed.unwrap_or(0)];
        let domain: &[i64] = if fixed.is_some() { &one } else { &program.holes[hole].values };
        for &value in domain {
            let Some(left) = work.checked_sub(8) else {
                values[hole] = fixed;
                return Err(Stop::Work);
            };
            *work = left;
            values[hole] = Some(value);
            let here = Values { names: &self.names, values, quantified: &[] };
            let mut fits = true;
            for claim in &group.claims[place] {
                match holds(claim, &here, work) {
                    Some(true) => {}
                    Some(false) => {
                        fits = false;
                        break;
                    }
                    None => {
                        values[hole] = fixed;
                        return Err(Stop::Work);
                    }
                }
            }
            if fits {
                match self.solve(program, group, place + 1, values, work) {
                    Ok(false) => {}
                    done => {
                        values[hole] = fixed;
                        return done;
                    }
                }
            }
        }
        values[hole] = fixed;
        Ok(false)
    }
}
