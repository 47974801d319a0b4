//! Tasks through the public doors alone: no word is lost, no panic gets out, and what runs for ever is stopped.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use proptest::prelude::*;
use pyprior_logic::{Entailment, Flow, Mark, Scheduler, Store, TaskError, Universe, Value, Var};

fn domain(main: &Flow, universe: &Arc<Universe>) -> Var {
    let Ok(Ok(var)) = main.with(|store| store.new_domain_var(universe)) else { panic!("no values") };
    var
}

#[test]
fn a_wait_that_was_undone_waits_again() {
    let mut main = Scheduler::new();
    let (x, y) = (main.newvar_named("X"), main.newvar());
    let mark = main.with(Store::mark).unwrap();
    main.stacklet("t", move |flow| async move {
        flow.wait(x).await?;
        flow.bind(y, 1)
    });
    assert!(main.run().is_err());
    main.with(|store| store.undo_to(mark)).unwrap();
    main.bind(x, 7).unwrap();
    main.run().unwrap();
    assert_eq!(main.value(y).unwrap(), 1);
}

#[test]
fn waits_on_variables_that_were_one_for_a_while() {
    for turned in [false, true] {
        let mut main = Scheduler::new();
        let [x, y, of_x, of_y] = std::array::from_fn(|_| main.newvar());
        for (on, to) in [(x, of_x), (y, of_y)] {
            main.stacklet("waiter", move |flow| async move {
                flow.wait(on).await?;
                flow.bind(to, 1)
            });
        }
        assert!(main.run().is_err());
        let mark = main.with(Store::mark).unwrap();
        if turned {
            main.unify(x, y).unwrap()
        } else {
            main.unify(y, x).unwrap()
        }
        assert!(main.run().is_err());
        main.with(|store| store.undo_to(mark)).unwrap();
        main.bind(x, 1).unwrap();
        assert!(main.run().is_err());
        assert!(main.is_bound(of_x) && main.is_free(of_y));
        main.bind(y, 1).unwrap();
        main.run().unwrap();
        assert!(main.is_bound(of_y));
    }
}

#[test]
fn a_need_of_a_member_that_is_not_the_root_is_seen() {
    for turned in [false, true] {
        let mut main = Scheduler::new();
        let (x, y) = (main.newvar(), main.newvar());
        main.unify(x, y).unwrap();
        let lazy = if turned { x } else { y };
        main.stacklet("lazy", move |flow| async move {
            flow.wait_needed(lazy).await?;
            flow.bind(lazy, 5)
        });
        assert_eq!(main.value(x).unwrap(), 5);
    }
}

#[test]
fn an_equality_is_decided_by_narrowing() {
    let mut main = Scheduler::new();
    let x = domain(&main, &Universe::range(0..=3));
    let (y, z) = (domain(&main, &Universe::range(0..=3)), domain(&main, &Universe::range(0..=3)));
    let equal = main.future("eq", move |flow| async move { flow.equal(x, 0).await });
    let apart = main.future("eq", move |flow| async move { flow.equal(y, z).await });
    assert!(main.run().is_err());
    main.with(|store| store.discard(x, 0)).unwrap().unwrap();
    main.with(|store| (store.keep_range(y, 0..=1).is_ok(), store.keep_range(z, 2..=3).is_ok())).unwrap();
    assert_eq!(main.value((equal, apart)).unwrap().to_string(), "(False, False)");
}

#[test]
fn an_equality_of_a_domain_and_a_structure_waits() {
    for (bound, wanted) in [(1, true), (3, false)] {
        let mut main = Scheduler::new();
        let d = domain(&main, &Universe::new([(1, 2), (3, 4)]));
        let x = main.newvar();
        let equal = main.future("eq", move |flow| async move { flow.equal(d, (x, 2)).await });
        assert!(matches!(main.run(), Err(TaskError::AllBlocked(_))));
        main.unify(d, (1, 2)).unwrap();
        assert!(matches!(main.run(), Err(TaskError::AllBlocked(_))), "x is free");
        main.bind(x, bound).unwrap();
        assert_eq!(main.value(equal).unwrap(), Value::Bool(wanted));
    }
}

#[test]
fn panics_outside_of_futures_are_errors_of_tasks() {
    let mut main = Scheduler::new();
    let panics = |yes: bool| assert!(!yes, "on purpose");
    main.stacklet("x", |_| {
        panics(true);
        async move { Ok(()) }
    });
    let value = main.future("y", |_| {
        panics(true);
        async move { Ok(1) }
    });
    let error = main.run().unwrap_err().to_string();
    assert!(error.contains("task x: panicked: on purpose"), "{error}");
    assert!(main.value(value).unwrap_err().to_string().contains("on purpose"));
    let outcome = main.block_on("z", |_| {
        panics(true);
        async move { Ok(1) }
    });
    assert!(matches!(outcome, Err(TaskError::Panicked { .. })));
}

struct Bad;

impl Drop for Bad {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "dropped");
    }
}

#[test]
fn what_panics_when_it_is_dropped_ends_nobody_else() {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut main = Scheduler::new();
        let x = main.newvar();
        let blocked = main.block_on("m", |flow| async move {
            let _bad = Bad;
            flow.wait(x).await
        });
        assert!(matches!(blocked, Err(TaskError::AllBlocked(_))));
        for _ in 0..2 {
            let bad = Bad;
            main.stacklet("left", move |flow| async move {
                let _bad = bad;
                flow.wait(x).await.map(drop)
            });
        }
        assert!(main.run().is_err());
        main.stacklet("not started", |_| {
            let bad = Bad;
            async move {
                let _bad = bad;
                Ok(())
            }
        });
    }));
    assert!(outcome.is_ok());
}

struct Flag(AtomicBool, Waker);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
        self.1.wake_by_ref();
    }
}

type Child<F> = (Option<Pin<Box<F>>>, Option<Arc<Flag>>);

/// Polls each future only after its own waker was woken, as sets of futures do.
struct Both<F> {
    futures: Vec<Child<F>>,
}

impl<F: Future> Future for Both<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        for (future, flag) in &mut self.futures {
            let Some(running) = future else { continue };
            let made = || Arc::new(Flag(AtomicBool::new(true), context.waker().clone()));
            let flag = flag.get_or_insert_with(made);
            if flag.0.swap(false, Ordering::SeqCst)
                && running.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(flag)))).is_ready()
            {
                *future = None;
            }
        }
        if self.futures.iter().all(|(future, _)| future.is_none()) { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[test]
fn futures_with_wakers_of_their_own_are_woken() {
    let mut main = Scheduler::new();
    let vars: [Var; 3] = std::array::from_fn(|_| main.newvar());
    let done = main.newvar();
    main.stacklet("t", move |flow| async move {
        let futures = vars.map(|var| (Some(Box::pin(flow.wait(var))), None));
        Both { futures: futures.into() }.await;
        flow.bind(done, 1)
    });
    for var in vars {
        assert!(matches!(main.run(), Err(TaskError::AllBlocked(_))));
        main.bind(var, 1).unwrap();
    }
    main.run().unwrap();
    assert!(main.is_bound(done));
}

#[test]
fn a_deadlock_names_who_was_to_be_run() {
    let mut main = Scheduler::new();
    let x = main.newvar_named("X");
    let error = main.block_on("lonely", |flow| async move { flow.wait_needed(x).await }).unwrap_err();
    assert_eq!(error.to_string(), "all tasks are blocked: lonely waits for X");
}

#[test]
fn what_runs_for_ever_is_stopped_and_can_go_on() {
    let mut main = Scheduler::new();
    let count = Rc::new(Cell::new(0));
    let counted = Rc::clone(&count);
    main.stacklet("endless", |flow| async move {
        loop {
            counted.set(counted.get() + 1);
            flow.pause().await;
        }
    });
    main.limit_steps(100);
    for _ in 0..2 {
        assert!(matches!(main.run(), Err(TaskError::OutOfSteps { steps: 100 })));
    }
    assert_eq!(count.get(), 100);
    main.limit_steps(50);
    let x = main.newvar();
    assert!(matches!(main.wait(x), Err(TaskError::OutOfSteps { steps: 50 })));
    assert!((140..=150).contains(&count.get()));
    let mut main = Scheduler::new();
    main.limit_steps(1);
    main.stacklet("one step", |_| async { Ok(()) });
    main.run().unwrap();
    main.run().unwrap();
}

#[test]
fn wait_gives_what_is_there() {
    let mut main = Scheduler::new();
    let (x, y) = (main.newvar(), main.newvar());
    let sum = main.future("sum", move |flow| async move {
        let (one, pair) = (flow.wait(1).await?, flow.wait(x).await?);
        flow.unify(pair, (2, y))?;
        Ok((one, flow.wait((1, y)).await?))
    });
    main.unify(x, (main.newvar(), 3)).unwrap();
    assert_eq!(main.value(sum).unwrap().to_string(), "(1, (1, 3))");
    assert_eq!(main.value(x).unwrap().to_string(), "(2, 3)");
}

#[test]
fn a_store_in_use_is_told_as_that() {
    let mut main = Scheduler::new();
    let (flow, x) = (main.flow(), main.newvar());
    let (value, equal) = main.with(|_| (flow.value(x), flow.equal(x, 1))).unwrap();
    assert!(matches!(main.block_on("m", |_| value), Err(TaskError::Busy)));
    assert!(matches!(main.block_on("m", |_| equal), Err(TaskError::Busy)));
}

#[test]
fn a_value_by_need_that_somebody_else_gave_is_not_computed() {
    let mut main = Scheduler::new();
    let x = main.by_need("x", |_| async move { Ok(1) });
    main.run().unwrap();
    main.bind(x, 2).unwrap();
    main.run().unwrap();
    assert_eq!(main.tasks(), 0);
}

#[test]
fn a_handle_that_outlives_its_scheduler_starts_nothing() {
    let token = Rc::new(());
    let flow = Scheduler::new().flow();
    let held = Rc::clone(&token);
    flow.stacklet("late", |flow| async move {
        let _held = (held, flow);
        Ok(())
    });
    assert_eq!(Rc::strong_count(&token), 1);
}

#[test]
fn a_failed_value_is_handed_on_as_it_is() {
    let mut main = Scheduler::new();
    let mut last = main.future("first", |flow| async move {
        flow.unify(1, 2)?;
        Ok(1)
    });
    for _ in 0..1000 {
        let before = last;
        last = main.future("next", move |flow| async move { Ok(flow.int(before).await? + 1) });
    }
    let error = main.value(last).unwrap_err();
    assert_eq!(error.to_string(), "a failed value: task first: cannot unify 1 with 2");
}

#[test]
fn a_shared_value_of_the_wrong_kind_is_told_in_short() {
    let mut main = Scheduler::new();
    let value = (0..60).fold(Value::from(1), |value, _| Value::from((value.clone(), value)));
    let error = main.block_on("m", |flow| async move { flow.int(&value).await }).unwrap_err();
    assert!(matches!(error, TaskError::Kind { .. }) && error.to_string().len() < 200);
}

#[test]
fn long_lists_are_values() {
    let mut main = Scheduler::new();
    let x = main.newvar();
    main.stacklet("generate", move |flow| async move {
        let mut writer = flow.writer(x);
        for n in 0..20_000 {
            writer.push(n)?;
        }
        writer.close()
    });
    let text = main.value(x).unwrap().to_string();
    assert!(text.starts_with("(0, (1, (2, ") && text.trim_end_matches(')').ends_with("(19999, None"));
}

/// What the program around the tasks does.
#[derive(Debug, Clone)]
enum Step {
    Bind(usize, i64),
    Pair(usize, usize, usize),
    Alias(usize, usize),
    Discard(usize, u32),
    Need(usize),
    Mark,
    Undo,
    Commit,
    Run,
}

const VARS: usize = 6;

fn step() -> impl Strategy<Value = Step> {
    let var = 0..VARS;
    prop_oneof![
        1 => (var.clone(), 0..3i64).prop_map(|(a, n)| Step::Bind(a, n)),
        1 => (var.clone(), var.clone(), var.clone()).prop_map(|(a, b, c)| Step::Pair(a, b, c)),
        2 => (var.clone(), var.clone()).prop_map(|(a, b)| Step::Alias(a, b)),
        1 => (var.clone(), 0..4u32).prop_map(|(a, n)| Step::Discard(a, n)),
        1 => var.prop_map(Step::Need),
        2 => Just(Step::Mark),
        2 => Just(Step::Undo),
        1 => Just(Step::Commit),
        4 => Just(Step::Run),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// After each run, whoever still waits has reason to: whatever was bound, aliased, narrowed and undone between.
    #[test]
    fn nobody_sleeps_on(steps in prop::collection::vec(step(), 1..40)) {
        let mut main = Scheduler::new();
        let ints = Universe::range(0..=3);
        let pairs = Universe::new((0..3i64).flat_map(|a| (0..3i64).map(move |b| (a, b))));
        let vars: [Var; VARS] = std::array::from_fn(|place| match place {
            0 => domain(&main, &ints),
            1 => domain(&main, &pairs),
            _ => main.newvar(),
        });
        let awake: Rc<RefCell<BTreeSet<usize>>> = Rc::default();
        for (place, var) in vars.into_iter().enumerate() {
            let (bound, needed) = (Rc::clone(&awake), Rc::clone(&awake));
            main.stacklet("wait", move |flow| async move {
                flow.wait(var).await?;
                bound.borrow_mut().insert(place);
                Ok(())
            });
            main.stacklet("need", move |flow| async move {
                flow.wait_needed(var).await?;
                needed.borrow_mut().insert(VARS + place);
                Ok(())
            });
            for (other, second) in vars.into_iter().enumerate() {
                let equal = Rc::clone(&awake);
                main.stacklet("equal", move |flow| async move {
                    flow.equal(var, (second, 1)).await?;
                    equal.borrow_mut().insert(2 * VARS + place * VARS + other);
                    Ok(())
                });
            }
        }
        // What tasks write down under a mark goes with it; all have written before the first.
        let _ = main.run();
        let mut marks: Vec<Mark> = Vec::new();
        for step in steps {
            match step {
                Step::Bind(a, n) => drop(main.unify(vars[a], n)),
                Step::Pair(a, b, c) => drop(main.unify(vars[a], (vars[b], vars[c]))),
                Step::Alias(a, b) => drop(main.unify(vars[a], vars[b])),
                Step::Discard(a, n) => drop(main.with(|store| store.discard(vars[a], n))),
                Step::Need(a) => main.with(|store| store.need(vars[a])).unwrap(),
                Step::Mark => marks.push(main.with(Store::mark).unwrap()),
                Step::Undo => drop(marks.pop().map(|mark| main.with(|store| store.undo_to(mark)))),
                Step::Commit => drop(marks.pop().map(|mark| main.with(|store| store.commit(mark)))),
                Step::Run => match main.run() {
                    Ok(()) | Err(TaskError::AllBlocked(_)) => {
                        let awake = awake.borrow();
                        for place in 0..VARS {
                            let var = vars[place];
                            prop_assert!(awake.contains(&place) || main.is_free(var), "{} is bound", place);
                            let needed = main.with(|store| store.is_needed(var)).unwrap();
                            prop_assert!(awake.contains(&(VARS + place)) || !needed, "{} is needed", place);
                            for (other, second) in vars.into_iter().enumerate() {
                                let known = main.with(|store| store.entailed(var, (second, 1))).unwrap().unwrap();
                                let told = awake.contains(&(2 * VARS + place * VARS + other));
                                prop_assert!(told || matches!(known, Entailment::Open(_)), "{} {} {:?}", place, other, known);
                            }
                        }
                    }
                    Err(error) => prop_assert!(false, "{}", error),
                },
            }
        }
    }
}
