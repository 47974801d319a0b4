//! Spaces and engines over them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::dataflow::{Flow, Propagation};
use crate::fd::{Choice, Distribution, Distributor, Network, Order, Relation, ValueOrder, View};
use crate::store::{Universe, Var};
use crate::value::Value;

fn choice() -> Space {
    Space::new(|flow, x| async move {
        match flow.choose(2).await? {
            1 => flow.bind(x, 1),
            _ => flow.bind(x, 2),
        }
    })
}

#[test]
fn a_choice_is_asked_and_committed() {
    let mut space = choice();
    assert_eq!(space.ask().unwrap(), Status::Alternatives(2));
    assert!(matches!(space.commit(0), Err(SpaceError::NoAlternative { given: 0, of: 2 })));
    assert!(matches!(space.commit(3), Err(SpaceError::NoAlternative { given: 3, of: 2 })));
    let mut other = space.clone();
    space.commit(1).unwrap();
    assert_eq!(space.ask().unwrap(), Status::Solved);
    assert_eq!(space.value().unwrap(), 1);
    other.commit(2).unwrap();
    assert_eq!(other.value().unwrap(), 2);
    assert!(matches!(other.commit(1), Err(SpaceError::NoAlternative { given: 1, of: 0 })));
    let mut store = Store::new();
    let merged = space.merge(&mut store).unwrap();
    assert_eq!(store.value(merged).unwrap(), 1);
    assert!(matches!(choice().merge(&mut store), Err(SpaceError::NotSolved)));
}

async fn queens(flow: Flow, root: Var) -> Result<(), TaskError> {
    const N: usize = 4;
    let rows: Vec<Var> = (0..N).map(|_| flow.newvar()).collect();
    for a in 0..N {
        for b in 0..a {
            let (x, y, apart) = (rows[a], rows[b], (a - b) as i64);
            flow.stacklet("no attack", |flow| async move {
                let distance = (flow.int(x).await? - flow.int(y).await?).abs();
                if distance == 0 || distance == apart { flow.fail() } else { Ok(()) }
            });
        }
    }
    flow.unify(root, rows.clone())?;
    for row in rows {
        let place = flow.choose(N).await?;
        flow.bind(row, place as i64)?;
    }
    Ok(())
}

fn all<S: SearchSpace>(mut space: S) -> Result<Vec<Value>, SpaceError> {
    match space.ask()? {
        Status::Failed | Status::Suspended(_) => Ok(Vec::new()),
        Status::Solved => {
            let mut store = Store::new();
            let solution = space.merge(&mut store)?;
            Ok(vec![store.value(solution)?])
        }
        Status::Alternatives(of) => {
            let mut found = Vec::new();
            for alternative in 1..=of {
                let mut next = space.clone();
                next.commit(alternative)?;
                found.extend(all(next)?);
            }
            Ok(found)
        }
    }
}

#[test]
fn four_queens_stand_in_two_ways() {
    let found = all(Space::new(queens)).unwrap();
    assert_eq!(found, [Value::from([2, 4, 1, 3]), Value::from([3, 1, 4, 2])]);
}

#[test]
fn recipes_come_to_the_same_space() {
    let mut space = Space::new(queens);
    space.commit(2).unwrap();
    space.commit(4).unwrap();
    let recipe = space.recipe();
    let again = recipe.clone();
    let value = std::thread::spawn(move || all(again).unwrap()).join().unwrap();
    assert_eq!(value, [Value::from([2, 4, 1, 3])]);
    assert_eq!(all(recipe.space()).unwrap(), value);
    assert_eq!(space.chosen(), [2, 4]);
}

#[test]
fn what_goes_to_other_threads() {
    fn goes<T: Send + Sync>() {}
    goes::<Store>();
    goes::<Recipe>();
    goes::<DomainSpace>();
    goes::<SpaceError>();
}

#[test]
fn the_space_that_is_committed_repeats_nothing() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let mut space = Space::new(move |flow, x| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move {
            let mut sum = 0;
            for _ in 0..5 {
                sum += flow.choose(2).await? as i64;
            }
            flow.bind(x, sum)
        }
    });
    let first = space.clone();
    while let Status::Alternatives(_) = space.ask().unwrap() {
        let _unused = space.clone();
        space.commit(1).unwrap();
    }
    assert_eq!((space.value().unwrap(), runs.load(Ordering::Relaxed)), (5.into(), 1));
    assert_eq!(space.clone().value().unwrap(), 5);
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    assert_eq!(all(first).unwrap().len(), 32);
}

#[test]
fn contradictions_fail_a_space_and_mistakes_are_errors() {
    let failed = [
        Space::new(|flow, x| async move { flow.unify((x, x), (1, 2)) }),
        Space::new(|flow, x| async move {
            flow.bind(x, 1)?;
            flow.bind(x, 2)
        }),
        Space::new(|flow, _| async move { flow.fail() }),
        Space::new(|flow, _| async move { flow.choose(0).await.map(|_| ()) }),
        Space::new(|flow, x| async move {
            flow.stacklet("other", |flow| async move { flow.unify(x, 3) });
            flow.unify(x, 4)
        }),
    ];
    for mut space in failed {
        assert_eq!(space.ask().unwrap(), Status::Failed);
        assert!(matches!(space.value(), Err(SpaceError::NotSolved)));
    }
    let mut wrong = Space::new(|_, _| async move { panic!("on purpose") });
    assert_eq!(wrong.ask().unwrap_err().to_string(), "task script: panicked: on purpose");
    let mut wrong = Space::new(|_, _| async move { Err(TaskError::other("a mistake")) });
    assert_eq!(wrong.ask().unwrap_err().to_string(), "task script: a mistake");
}

#[test]
fn a_space_may_be_stuck() {
    let mut space = Space::new(|flow, x| async move { flow.wait(x).await.map(|_| ()) });
    let Status::Suspended(blocked) = space.ask().unwrap() else { panic!("not suspended") };
    assert_eq!(blocked.to_string(), "all tasks are blocked: script waits for root");
    let mut lazy = Space::new(|flow, x| async move {
        flow.stacklet("lazy", |flow| async move { flow.wait_needed(x).await });
        Ok(())
    });
    assert_eq!(lazy.ask().unwrap(), Status::Solved);
}

#[test]
fn choices_of_several_tasks_come_one_after_the_other() {
    let space = Space::new(|flow, root| async move {
        let (x, y) = (flow.newvar(), flow.newvar());
        flow.unify(root, (x, y))?;
        for (var, count) in [(x, 2), (y, 3)] {
            flow.stacklet("choose", |flow| async move {
                let taken = flow.choose(count).await?;
                flow.bind(var, taken as i64)
            });
        }
        Ok(())
    });
    let found = all(space).unwrap();
    let wanted = (1..=2).flat_map(|x| (1..=3).map(move |y| Value::from((x, y))));
    assert_eq!(found, wanted.collect::<Vec<_>>());
}

#[test]
fn a_script_that_changes_its_mind_is_found_out() {
    let runs = Arc::new(AtomicUsize::new(0));
    let mut space = Space::new(move |flow, x| {
        let run = runs.fetch_add(1, Ordering::Relaxed);
        async move {
            let taken = flow.choose(if run == 0 { 3 } else { 2 }).await?;
            flow.bind(x, taken as i64)
        }
    });
    space.ask().unwrap();
    let mut other = space.clone();
    other.commit(3).unwrap();
    assert!(matches!(other.ask(), Err(SpaceError::Diverged)));
    space.commit(3).unwrap();
    assert_eq!(space.value().unwrap(), 3);
}

#[test]
fn merging_copies_what_hangs_on_the_root() {
    let space = Space::new(|flow, root| async move {
        let (free, cycle, shared) = (flow.newvar(), flow.newvar(), flow.newvar());
        let narrow = flow.with(|store| store.new_domain_var(&Universe::range(4..=6)))??;
        flow.unify(cycle, (1, cycle))?;
        flow.unify(shared, crate::list![free, "text", i64::MAX])?;
        flow.unify(root, (free, shared, shared, cycle, narrow))
    });
    let mut store = Store::new();
    store.newvar();
    let merged = store.newvar();
    let term = space.merge(&mut store).unwrap();
    store.unify(merged, term).unwrap();
    let [a, b, c, d, e] = std::array::from_fn(|_| store.newvar());
    store.unify(merged, (a, b, c, d, e)).unwrap();
    assert!(store.is_free(a));
    assert_eq!(store.show(d), "r1=(1, r1)");
    assert_eq!(store.size(e), 3);
    store.bind(a, 7).unwrap();
    assert_eq!(store.value(c).unwrap().to_string(), "[7, 'text', 9223372036854775807]");
    assert_eq!(store.value(b).unwrap(), store.value(c).unwrap());
}

struct AllDifferent(Vec<Var>);

impl Propagation for AllDifferent {
    fn propagate(&mut self, store: &mut Store) -> Result<(), TaskError> {
        let mut changed = true;
        while std::mem::take(&mut changed) {
            for (place, var) in self.0.iter().enumerate() {
                let Some(index) = store.fixed(*var) else { continue };
                for (other, var) in self.0.iter().enumerate() {
                    if other != place {
                        changed |= store.discard(*var, index)?;
                    }
                }
            }
        }
        store.clear_events();
        Ok(())
    }
}

#[test]
fn distribution_finds_all_of_a_finite_domain() {
    let space = Space::new(|flow, root| async move {
        let digits = Universe::range(1..=3);
        let vars = (0..3)
            .map(|_| flow.with(|store| store.new_domain_var(&digits))?.map_err(TaskError::from))
            .collect::<Result<Vec<_>, _>>()?;
        flow.set_propagation(AllDifferent(vars.clone()))?;
        flow.unify(root, vars.clone())?;
        distribute(flow, vars).await
    });
    let found: Vec<String> = all(space).unwrap().iter().map(Value::to_string).collect();
    let mut sorted = found.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(found.len(), 6);
    assert_eq!(sorted, ["[1, 2, 3]", "[1, 3, 2]", "[2, 1, 3]", "[2, 3, 1]", "[3, 1, 2]", "[3, 2, 1]"]);
}

fn queens_network(n: usize, store: &mut Store) -> (Network, Vec<Var>) {
    let rows = Universe::range(1..=n as i64);
    let vars: Vec<Var> = (0..n).map(|_| store.new_domain_var(&rows).unwrap()).collect();
    let mut network = Network::new();
    for a in 0..n {
        for b in 0..a {
            let apart = format!("x != y and abs(x - y) != {}", a - b);
            let relation = Relation::expression(&["x", "y"], &apart).unwrap();
            network.post(&relation, &[vars[a], vars[b]]).unwrap();
        }
    }
    (network, vars)
}

#[test]
fn spaces_of_domains_are_searched_by_the_same_engines() {
    for (n, ways) in [(4, 2), (5, 10), (6, 4), (7, 40)] {
        let mut store = Store::new();
        let (network, vars) = queens_network(n, &mut store);
        let space = DomainSpace::new(store, network, &vars);
        let found = all(space.clone()).unwrap();
        assert_eq!(found.len(), ways);
        let order = Order { values: ValueOrder::Greatest, distribution: Distribution::Dichotomic, ..Order::default() };
        let mut other = all(space.with_distributor(order)).unwrap();
        other.sort();
        let mut found = found;
        found.sort();
        assert_eq!(other, found);
        if n == 4 {
            assert_eq!(all(Space::new(queens)).unwrap(), found);
        }
    }
}

#[test]
fn relations_are_posted_in_a_script() {
    let space = Space::new(|flow, root| async move {
        let constraints = Constraints::new(&flow)?;
        let digits = Universe::range(1..=6);
        let x = flow.with(|store| store.new_domain_var(&digits))??;
        let y = flow.with(|store| store.new_domain_var(&digits))??;
        flow.unify(root, (x, y))?;
        let sum = Relation::template("%s + %s == 7").map_err(TaskError::other)?;
        constraints.post(&sum, &[x, y])?;
        flow.stacklet("bigger", |flow| async move {
            if flow.int(x).await? > flow.int(y).await? { Ok(()) } else { flow.fail() }
        });
        distribute(flow, vec![x, y]).await
    });
    let found: Vec<String> = all(space).unwrap().iter().map(Value::to_string).collect();
    assert_eq!(found, ["(4, 3)", "(5, 2)", "(6, 1)"]);
}

#[test]
fn a_distributor_that_does_not_divide_is_not_followed_and_a_panic_is_an_error() {
    struct Wrong(bool);
    impl Distributor for Wrong {
        fn choose(&self, view: &View<'_>) -> Option<Choice> {
            assert!(self.0, "on purpose");
            Some(Choice::Value { variable: view.len() + 5, index: 77 })
        }
    }
    let mut store = Store::new();
    let (network, vars) = queens_network(5, &mut store);
    let space = DomainSpace::new(store, network, &vars);
    assert_eq!(all(space.clone().with_distributor(Wrong(true))).unwrap().len(), 10);
    let error = space.with_distributor(Wrong(false)).ask().unwrap_err();
    assert_eq!(error.to_string(), "panicked: on purpose");
    let mut free = Store::new();
    let x = free.newvar();
    let error = DomainSpace::new(free, Network::new(), &[x]).ask().unwrap_err();
    assert_eq!(error.to_string(), "_0 has no domain");
}
