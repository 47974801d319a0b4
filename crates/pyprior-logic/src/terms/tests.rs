//! Unification against a model that knows nothing of tricks, and the cases of the page.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::store::{DomainError, Store, Term, Universe, Var};
use crate::value::Value;
use crate::{list, map};

mod cases;
mod graph;

/// A term on paper: variables by number, constants, and functions of two parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Paper {
    Var(usize),
    Int(i64),
    Pair(Box<Paper>, Box<Paper>),
    List(Vec<Paper>),
}

const VARS: usize = 5;

fn paper() -> impl Strategy<Value = Paper> {
    let leaf = prop_oneof![3 => (0..VARS).prop_map(Paper::Var), 1 => (0..3i64).prop_map(Paper::Int)];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Paper::Pair(Box::new(a), Box::new(b))),
            prop::collection::vec(inner, 0..3).prop_map(Paper::List),
        ]
    })
}

fn build(store: &mut Store, vars: &[Var], term: &Paper) -> Term {
    match term {
        Paper::Var(place) => vars[*place].into(),
        Paper::Int(number) => store.term(*number).unwrap(),
        Paper::Pair(a, b) => {
            let (a, b) = (build(store, vars, a), build(store, vars, b));
            store.term((a, b)).unwrap()
        }
        Paper::List(items) => {
            let items: Vec<Term> = items.iter().map(|item| build(store, vars, item)).collect();
            store.term(items).unwrap()
        }
    }
}

/// The model: equations between terms are closed under transitivity, symmetry and decomposition, naively, and there is a
/// solution in rational trees if and only if no two different functions are equal. Terms are their own names.
struct Model {
    classes: Vec<HashSet<Paper>>,
}

impl Model {
    /// `None` if the equations have no solution.
    fn solve(equations: &[(Paper, Paper)]) -> Option<Model> {
        let mut model = Model { classes: Vec::new() };
        let mut left: Vec<(Paper, Paper)> = equations.to_vec();
        while let Some((a, b)) = left.pop() {
            let mut merged: HashSet<Paper> = HashSet::from([a, b]);
            let (joined, apart): (Vec<_>, Vec<_>) =
                model.classes.drain(..).partition(|class| !class.is_disjoint(&merged));
            merged.extend(joined.into_iter().flatten());
            model.classes = apart;
            let known =
                |model: &Model, x: &Paper, y: &Paper| model.same(x, y) || merged.contains(x) && merged.contains(y);
            let owned = |(x, y): (&Paper, &Paper)| (x.clone(), y.clone());
            let functions: Vec<&Paper> = merged.iter().filter(|term| !matches!(term, Paper::Var(_))).collect();
            for pair in functions.windows(2) {
                match (pair[0], pair[1]) {
                    (Paper::Int(m), Paper::Int(n)) if m == n => {}
                    (Paper::Pair(a, b), Paper::Pair(c, d)) => {
                        let parts = [(&**a, &**c), (&**b, &**d)];
                        left.extend(parts.into_iter().filter(|(x, y)| !known(&model, x, y)).map(owned));
                    }
                    (Paper::List(a), Paper::List(b)) if a.len() == b.len() => {
                        left.extend(a.iter().zip(b).filter(|(x, y)| !known(&model, x, y)).map(owned));
                    }
                    _ => return None,
                }
            }
            model.classes.push(merged);
        }
        Some(model)
    }

    fn same(&self, a: &Paper, b: &Paper) -> bool {
        a == b || self.classes.iter().any(|class| class.contains(a) && class.contains(b))
    }

    fn is_free(&self, var: usize) -> bool {
        let class = self.classes.iter().find(|class| class.contains(&Paper::Var(var)));
        class.is_none_or(|class| class.iter().all(|term| matches!(term, Paper::Var(_))))
    }
}

/// What a store says of its variables: which are free, which pairs are equal, which differ.
fn facts(store: &mut Store, vars: &[Var]) -> Vec<Entailment> {
    let mut facts = Vec::new();
    for a in vars {
        for b in vars {
            facts.push(store.entailed(*a, *b).unwrap());
        }
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Cyclic terms among them: nothing is checked for occurring in itself.
    #[test]
    fn unify_agrees_with_the_model(equations in prop::collection::vec((paper(), paper()), 1..6)) {
        let mut store = Store::new();
        let vars: Vec<Var> = (0..VARS).map(|_| store.newvar()).collect();
        let mut taken = Vec::new();
        for (a, b) in equations {
            let (left, right) = (build(&mut store, &vars, &a), build(&mut store, &vars, &b));
            let known = store.entailed(left, right).unwrap();
            let before = facts(&mut store, &vars);
            let shown: Vec<_> = vars.iter().map(|var| store.show(*var)).collect();
            taken.push((a, b));
            match Model::solve(&taken) {
                Some(model) => {
                    prop_assert!(store.unify(left, right).is_ok());
                    for x in 0..VARS {
                        prop_assert_eq!(store.is_free(vars[x]), model.is_free(x));
                        for y in 0..VARS {
                            if model.is_free(x) && model.is_free(y) {
                                let same = model.same(&Paper::Var(x), &Paper::Var(y));
                                prop_assert_eq!(store.alias_of(vars[x], vars[y]), same);
                            }
                        }
                    }
                    prop_assert_eq!(store.entailed(left, right).unwrap(), Entailment::Equal);
                    prop_assert!(known != Entailment::Different);
                    if known == Entailment::Equal {
                        prop_assert_eq!(facts(&mut store, &vars), before);
                    }
                    // Idempotent.
                    let once = facts(&mut store, &vars);
                    store.unify(left, right).unwrap();
                    prop_assert_eq!(facts(&mut store, &vars), once);
                }
                None => {
                    prop_assert_eq!(known, Entailment::Different);
                    let error = store.unify(left, right).unwrap_err();
                    prop_assert!(matches!(error, UnifyError::Unification(_)));
                    prop_assert!(error.to_string().len() < 2000);
                    // Atomic.
                    prop_assert_eq!(facts(&mut store, &vars), before);
                    let after: Vec<_> = vars.iter().map(|var| store.show(*var)).collect();
                    prop_assert_eq!(after, shown);
                    taken.pop();
                }
            }
        }
    }

    #[test]
    fn unify_is_symmetric(equations in prop::collection::vec((paper(), paper()), 1..6)) {
        let mut stores = [Store::new(), Store::new()];
        let mut all = Vec::new();
        for (turned, store) in stores.iter_mut().enumerate() {
            let vars: Vec<Var> = (0..VARS).map(|_| store.newvar()).collect();
            let mut outcomes = Vec::new();
            for (a, b) in &equations {
                let (a, b) = (build(store, &vars, a), build(store, &vars, b));
                outcomes.push(if turned == 0 { store.unify(a, b) } else { store.unify(b, a) }.is_ok());
            }
            let equal: Vec<bool> = facts(store, &vars).iter().map(|fact| *fact == Entailment::Equal).collect();
            let free: Vec<bool> = vars.iter().map(|var| store.is_free(*var)).collect();
            all.push((outcomes, equal, free));
        }
        prop_assert_eq!(&all[0], &all[1]);
    }
}

/// One side of an equation over five variables: two numbers of a domain, a pair of a domain, and two free ones.
#[derive(Debug, Clone, Copy)]
enum Side {
    Var(usize),
    Int(i64),
    Pair(usize, usize),
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![
        2 => (0..VARS).prop_map(Side::Var),
        1 => (0..4i64).prop_map(Side::Int),
        2 => (0..VARS, 0..VARS).prop_map(|(a, b)| Side::Pair(a, b)),
    ]
}

const NUMBERS: [i64; 3] = [1, 2, 3];
const PAIRS: [(i64, i64); 5] = [(1, 2), (2, 2), (3, 1), (3, 3), (0, 2)];

/// All solutions with numbers and pairs of numbers for the free variables, by trying.
fn solutions(equations: &[(Side, Side)]) -> Vec<[Value; VARS]> {
    let numbers: Vec<Value> = NUMBERS.map(Value::from).into();
    let pairs: Vec<Value> = PAIRS.map(Value::from).into();
    let mut any: Vec<Value> = (0..4).map(Value::from).collect();
    any.extend((0..4i64).flat_map(|a| (0..4i64).map(move |b| Value::from((a, b)))));
    let choices = [&numbers, &numbers, &pairs, &any, &any];
    let mut found = Vec::new();
    let mut place = [0; VARS];
    loop {
        let values: [Value; VARS] = std::array::from_fn(|var| choices[var][place[var]].clone());
        let of = |side: Side| match side {
            Side::Var(var) => values[var].clone(),
            Side::Int(number) => number.into(),
            Side::Pair(a, b) => Value::from((values[a].clone(), values[b].clone())),
        };
        if equations.iter().all(|(a, b)| of(*a) == of(*b)) {
            found.push(values);
        }
        let Some(var) = (0..VARS).find(|var| place[*var] + 1 < choices[*var].len()) else { return found };
        place[..var].fill(0);
        place[var] += 1;
    }
}

/// The store after all equations, and its variables; `None` if one of them fails.
fn solved(equations: &[(Side, Side)], turned: bool) -> Option<(Store, Vec<Var>)> {
    let mut store = Store::new();
    let numbers = Universe::new(NUMBERS);
    let mut vars = vec![store.new_domain_var(&numbers).unwrap(), store.new_domain_var(&numbers).unwrap()];
    vars.push(store.new_domain_var(&Universe::new(PAIRS)).unwrap());
    vars.extend([store.newvar(), store.newvar()]);
    for (a, b) in equations {
        let [a, b] = [*a, *b].map(|side| match side {
            Side::Var(var) => vars[var].into(),
            Side::Int(number) => store.term(number).unwrap(),
            Side::Pair(a, b) => store.term((vars[a], vars[b])).unwrap(),
        });
        if turned { store.unify(b, a) } else { store.unify(a, b) }.ok()?;
    }
    Some((store, vars))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Domains lose no solution, what is fixed is one, and the order of equations and sides does not matter.
    #[test]
    fn domains_and_structures_agree_with_brute_force(
        equations in prop::collection::vec((side(), side()), 1..5),
        order in any::<prop::sample::Index>(),
    ) {
        let solutions = solutions(&equations);
        let mut other = equations.clone();
        other.rotate_left(order.index(equations.len()));
        other.reverse();
        let mut outcomes = Vec::new();
        for (equations, turned) in [(&equations, false), (&other, false), (&equations, true), (&other, true)] {
            let Some((mut store, vars)) = solved(equations, turned) else {
                prop_assert!(solutions.is_empty(), "{:?}", solutions.first());
                outcomes.push(None);
                continue;
            };
            for solution in &solutions {
                for (var, value) in vars.iter().zip(solution) {
                    prop_assert!(store.entailed(*var, value).unwrap() != Entailment::Different);
                }
                let whole = store.term(vars.clone()).unwrap();
                prop_assert!(store.entailed(whole, solution.to_vec()).unwrap() != Entailment::Different);
            }
            if let Some(values) = store.value(vars.clone()).ok().as_ref().and_then(Value::items) {
                let small = solutions.iter().any(|solution| solution[..] == values[..]);
                // A free variable may be a structure that is tried by nobody.
                prop_assert!(small || values[3..].iter().any(|value| value.items().is_some()), "{:?}", values);
            }
            let mut facts: Vec<String> = Vec::new();
            for var in &vars {
                // A variable that was bound before it met one with a domain has none of its own.
                let left = if store.is_free(*var) { store.size(*var) } else { 0 };
                facts.push(format!("{} {left} {:?}", store.is_free(*var), store.value(*var).ok()));
            }
            outcomes.push(Some(facts));
        }
        for outcome in &outcomes[1..] {
            prop_assert_eq!(outcome, &outcomes[0]);
        }
    }
}

/// X0 = (X1, X1), X1 = (X2, X2), …: a tree of 2^n leaves in n nodes.
fn shared(store: &mut Store, depth: usize) -> Term {
    let mut term = store.newvar().into();
    for _ in 0..depth {
        term = store.term((term, term)).unwrap();
    }
    term
}

#[test]
fn shared_terms_are_unified_and_shown_in_their_size() {
    let mut store = Store::new();
    let (a, b) = (shared(&mut store, 5000), shared(&mut store, 5000));
    store.unify(a, b).unwrap();
    assert_eq!(store.entailed(a, b).unwrap(), Entailment::Equal);
    assert!(store.show(a).len() < 1000);
    let error = store.unify(a, 3).unwrap_err().to_string();
    assert!(error.len() < 2000, "{error}");
    let small = shared(&mut store, 100);
    store.unify(small, b).unwrap();
    assert_eq!(store.entailed((small, 1), (a, 2)).unwrap(), Entailment::Different);
}

#[test]
fn values_of_shared_terms_are_shared() {
    let mut store = Store::new();
    let var = store.newvar();
    let mut term: Term = var.into();
    for _ in 0..60 {
        term = store.term((term, term)).unwrap();
    }
    store.bind(var, 1).unwrap();
    let mut value = store.value(term).unwrap();
    for _ in 0..60 {
        value = value.items().unwrap()[0].clone();
    }
    assert_eq!(value, 1);
}

#[test]
fn deep_terms_do_not_overflow_the_stack() {
    let mut store = Store::new();
    let mut ends = Vec::new();
    let mut lists = Vec::new();
    for _ in 0..2 {
        let end = store.newvar();
        let mut list: Term = end.into();
        for n in 0..200_000 {
            list = store.term((n, list)).unwrap();
        }
        ends.push(end);
        lists.push(list);
    }
    store.unify(lists[0], lists[1]).unwrap();
    assert!(store.alias_of(ends[0], ends[1]));
    assert!(store.show(lists[0]).contains('…'));
    store.bind(ends[0], ()).unwrap();
    let value = store.value(lists[0]).unwrap();
    let read = store.newvar();
    store.unify(read, &value).unwrap();
    store.unify(read, lists[1]).unwrap();
    let mut other = Store::new();
    let copy = other.copy_from(&mut store, lists[0]).unwrap();
    let text = store.show(lists[0]);
    assert_eq!(other.show(copy), text);
}

#[test]
fn handles_of_other_stores_are_refused() {
    let mut store = Store::new();
    let mut other = Store::new();
    let mine = store.newvar();
    let foreign: Vec<Var> = (0..9).map(|_| other.newvar()).collect();
    let foreign = foreign[8];
    let term = other.term((1, "two", foreign)).unwrap();
    assert_eq!(store.unify(mine, foreign), Err(UnifyError::Unknown));
    assert_eq!(store.unify((mine, 1), vec![foreign]), Err(UnifyError::Unknown));
    assert_eq!(store.bind(foreign, 1), Err(UnifyError::Unknown));
    assert_eq!(store.bind(mine, term), Err(UnifyError::Unknown));
    assert_eq!(store.entailed(foreign, 1), Err(UnifyError::Unknown));
    assert_eq!(store.value(foreign), Err(ReadError::Unknown));
    assert_eq!(store.fail(foreign, ""), Err(UnifyError::Unknown));
    assert!(!store.is_free(foreign) && !store.is_bound(foreign) && !store.alias_of(foreign, foreign));
    assert!(!store.is_failed(foreign) && !store.is_needed(foreign) && store.domain(foreign).is_none());
    assert_eq!(store.assign(foreign, 1), Err(DomainError::Missing(foreign)));
    assert_eq!(store.class(foreign).count(), 0);
    store.need(foreign);
    store.watch_domain(foreign);
    assert_eq!(store.show(term), "an unknown term");
    assert!(store.is_free(mine) && store.len() == 1);
}
