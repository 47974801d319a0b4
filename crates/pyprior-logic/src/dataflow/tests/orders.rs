//! Confluence: whichever task goes first, the same variables come to the same values.

use proptest::prelude::*;

use super::*;

/// One thing that a task does.
#[derive(Debug, Clone)]
enum Op {
    Bind(usize, i64),
    Alias(usize, usize),
    Pair(usize, usize, usize),
    Copy(usize, usize),
    Add(usize, usize, usize),
    Same(usize, usize, usize),
    SamePairs([usize; 4], usize),
    Pause,
    WaitNeeded(usize),
}

const VARS: usize = 8;

fn op() -> impl Strategy<Value = Op> {
    let var = 0..VARS;
    prop_oneof![
        3 => (var.clone(), 0..4i64).prop_map(|(a, n)| Op::Bind(a, n)),
        1 => (var.clone(), var.clone()).prop_map(|(a, b)| Op::Alias(a, b)),
        1 => (var.clone(), var.clone(), var.clone()).prop_map(|(a, b, c)| Op::Pair(a, b, c)),
        2 => (var.clone(), var.clone()).prop_map(|(a, b)| Op::Copy(a, b)),
        2 => (var.clone(), var.clone(), var.clone()).prop_map(|(a, b, c)| Op::Add(a, b, c)),
        2 => (var.clone(), var.clone(), var.clone()).prop_map(|(a, b, c)| Op::Same(a, b, c)),
        1 => (prop::array::uniform4(var.clone()), var.clone()).prop_map(|(pairs, r)| Op::SamePairs(pairs, r)),
        1 => Just(Op::Pause),
        1 => var.prop_map(Op::WaitNeeded),
    ]
}

async fn perform(flow: Flow, vars: Vec<Var>, ops: Vec<Op>) -> Done {
    for op in ops {
        match op {
            Op::Bind(a, n) => flow.unify(vars[a], n)?,
            Op::Alias(a, b) => flow.unify(vars[a], vars[b])?,
            Op::Pair(a, b, c) => flow.unify(vars[a], (vars[b], vars[c]))?,
            Op::Copy(a, b) => {
                flow.wait(vars[a]).await?;
                flow.unify(vars[a], vars[b])?;
            }
            Op::Add(a, b, c) => flow.unify(vars[c], flow.int(vars[a]).await? + flow.int(vars[b]).await?)?,
            Op::Same(a, b, c) => flow.unify(vars[c], flow.equal(vars[a], vars[b]).await?)?,
            Op::SamePairs(pairs, r) => {
                let [a, b, c, d] = pairs.map(|var| vars[var]);
                flow.unify(vars[r], flow.equal((a, b), (c, d)).await?)?;
            }
            Op::Pause => flow.pause().await,
            Op::WaitNeeded(a) => flow.wait_needed(vars[a]).await?,
        }
    }
    Ok(())
}

/// What a program came to: whether it failed, else what all variables are and which tasks are blocked.
fn outcome(programs: &[Vec<Op>], order: Option<Vec<usize>>, turn: usize) -> Option<(Vec<String>, Vec<bool>, usize)> {
    let mut main = Scheduler::new();
    let domain = |universe: Arc<Universe>| main.with(|store| store.new_domain_var(&universe)).unwrap().unwrap();
    let pairs = (0..3i64).flat_map(|a| (0..4i64).map(move |b| (a, b)));
    let mut vars: Vec<Var> = (0..VARS - 3).map(|_| main.newvar()).collect();
    vars.push(domain(Universe::range(0..=2)));
    vars.push(domain(Universe::new(pairs)));
    vars.push(domain(Universe::new([(1, 1), (2, 1), (3, 0)])));
    if let Some(order) = order {
        let mut place = 0;
        main.set_order(move |_| {
            place += 1;
            order[place % order.len()]
        });
    }
    for number in 0..programs.len() {
        let ops = programs[(number + turn) % programs.len()].clone();
        main.stacklet("task", |flow| perform(flow, vars.clone(), ops));
    }
    match main.run() {
        Ok(()) | Err(TaskError::AllBlocked(_)) => {}
        Err(TaskError::Task { error, .. }) => {
            assert!(
                error.is_contradiction() || matches!(*error, TaskError::Kind { .. } | TaskError::Read(_)),
                "{error}"
            );
            return None;
        }
        Err(error) => panic!("{error}"),
    }
    let tasks = main.tasks();
    main.with(|store| {
        let canonical = |store: &mut Store, var: Var| {
            // The first of its class stands for a free variable.
            let class = (0..VARS).find(|other| store.alias_of(vars[*other], var));
            if store.is_free(var) { format!("free {class:?}") } else { String::new() }
        };
        let free = vars.iter().map(|var| canonical(store, *var)).collect();
        let mut equal = Vec::new();
        for a in &vars {
            for b in &vars {
                equal.push(store.entailed(*a, *b).unwrap() == crate::Entailment::Equal);
            }
            for n in 0..16i64 {
                equal.push(store.entailed(*a, n).unwrap() == crate::Entailment::Equal);
                equal.push(store.entailed(*a, (n % 4, n / 4)).unwrap() == crate::Entailment::Different);
            }
        }
        Some((free, equal, tasks))
    })
    .unwrap()
}

/// What the property below has found; its seeds stand for other programs whenever there is a new kind of step.
#[test]
fn orders_that_mattered_once() {
    use Op::{Alias, Bind, Copy, Pair, Same, WaitNeeded};
    let found = [
        vec![vec![Alias(1, 0)], vec![WaitNeeded(0)], vec![Copy(0, 0)]],
        // The pair has no value that is equal to one of its parts: the answer is known at once if the pair is known.
        vec![vec![Same(4, 6, 0)], vec![Pair(6, 1, 4), WaitNeeded(4)]],
        vec![vec![Same(1, 4, 0)], vec![Alias(1, 5)], vec![Bind(4, 3)], vec![WaitNeeded(1), Bind(2, 1)]],
    ];
    for programs in found {
        let wanted = outcome(&programs, None, 0);
        for turn in 0..programs.len() {
            for order in [None, Some(vec![0]), Some(vec![1, 2]), Some(vec![2, 1, 0])] {
                assert_eq!(outcome(&programs, order, turn), wanted, "{programs:?} from {turn}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Whatever the order in which tasks are started and run, the same variables are bound to the same values and as many
    /// tasks are left; or all orders fail.
    #[test]
    fn the_order_of_tasks_does_not_matter(
        programs in prop::collection::vec(prop::collection::vec(op(), 1..5), 1..6),
        orders in prop::collection::vec(prop::collection::vec(0..8usize, 1..12), 3),
    ) {
        let wanted = outcome(&programs, None, 0);
        for (turn, order) in orders.into_iter().enumerate() {
            prop_assert_eq!(&outcome(&programs, Some(order), turn), &wanted);
        }
    }
}
