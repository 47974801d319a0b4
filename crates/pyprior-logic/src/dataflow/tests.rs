//! The cases of the page, and confluence.

mod orders;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use super::*;
use crate::store::{Store, Universe, Var};
use crate::terms::UnifyError;
use crate::value::Value;

type Done = Result<(), TaskError>;

async fn generate(flow: Flow, mut n: i64, limit: i64, mut r: Var) -> Done {
    while n < limit {
        let tail = flow.newvar();
        flow.unify(r, (n, tail))?;
        (n, r) = (n + 1, tail);
    }
    flow.bind(r, ())
}

async fn sum(flow: Flow, mut l: Var, mut a: i64, r: Var) -> Done {
    loop {
        let (head, tail) = (flow.newvar(), flow.newvar());
        flow.unify(l, (head, tail))?;
        a += flow.int(head).await?;
        if flow.equal(tail, ()).await? {
            return flow.bind(r, a);
        }
        l = tail;
    }
}

async fn lgenerate(flow: Flow, mut n: i64, mut l: Var, made: Rc<Cell<i64>>) -> Done {
    loop {
        flow.wait_needed(l).await?;
        let tail = flow.newvar();
        flow.bind(l, (n, tail))?;
        made.set(made.get() + 1);
        (n, l) = (n + 1, tail);
    }
}

async fn lsum(flow: Flow, mut l: Var, mut a: i64, mut limit: i64, r: Var) -> Done {
    while limit > 0 {
        let (head, tail) = (flow.newvar(), flow.newvar());
        flow.wait(l).await?;
        flow.unify(l, (head, tail))?;
        a += flow.int(head).await?;
        (l, limit) = (tail, limit - 1);
    }
    flow.bind(r, a)
}

#[test]
fn producer_and_consumer() {
    let mut main = Scheduler::new();
    let (x, s) = (main.newvar(), main.newvar());
    main.stacklet("sum", |flow| sum(flow, x, 0, s));
    main.stacklet("generate", |flow| generate(flow, 0, 10, x));
    assert_eq!(main.value(s).unwrap(), 45);
    main.run().unwrap();
    assert_eq!(main.tasks(), 0);
}

#[test]
fn a_lazy_producer_makes_what_is_needed_and_is_left_waiting() {
    let mut main = Scheduler::new();
    let (y, t) = (main.newvar(), main.newvar());
    let made = Rc::new(Cell::new(0));
    main.stacklet("lgenerate", |flow| lgenerate(flow, 0, y, Rc::clone(&made)));
    main.stacklet("lsum", |flow| lsum(flow, y, 0, 10, t));
    assert_eq!(main.value(t).unwrap(), 45);
    main.run().unwrap();
    assert_eq!((made.get(), main.tasks()), (10, 1));
}

#[test]
fn long_loops_keep_no_trail_and_no_stack() {
    let mut main = Scheduler::new();
    let (x, s) = (main.newvar(), main.newvar());
    main.stacklet("generate", |flow| generate(flow, 0, 100_000, x));
    main.stacklet("sum", |flow| sum(flow, x, 0, s));
    assert_eq!(main.value(s).unwrap(), 4_999_950_000);
}

#[test]
fn what_needs_a_free_variable_waits_for_it() {
    let mut main = Scheduler::new();
    let (x, y, z) = (main.newvar(), main.newvar(), main.newvar());
    main.stacklet("add", |flow| async move { flow.bind(z, flow.int(x).await? + flow.int(y).await?) });
    assert!(main.run().is_err());
    assert!(main.is_free(z));
    main.bind(y, 2).unwrap();
    main.bind(x, 40).unwrap();
    main.run().unwrap();
    assert_eq!(main.value(z).unwrap(), 42);
}

#[test]
fn equality_of_aliases_is_known_at_once_and_else_waits() {
    let mut main = Scheduler::new();
    let (x, y, r) = (main.newvar_named("X"), main.newvar_named("Y"), main.newvar());
    assert!(main.block_on("main", |flow| flow.equal(x, x)).unwrap());
    main.stacklet("compare", |flow| async move { flow.bind(r, flow.equal(x, y).await?) });
    let Err(TaskError::AllBlocked(blocked)) = main.run() else { panic!("no deadlock") };
    assert_eq!(blocked.to_string(), "all tasks are blocked: compare waits for X and Y");
    main.unify(x, y).unwrap();
    main.run().unwrap();
    assert_eq!(main.value(r).unwrap(), Value::Bool(true));
    assert!(main.is_free(x));
}

#[test]
fn a_part_that_differs_decides_an_equality() {
    let mut main = Scheduler::new();
    let (a, b, c, r) = (main.newvar(), main.newvar(), main.newvar(), main.newvar());
    main.stacklet("compare", |flow| async move { flow.bind(r, flow.equal((a, b), (c, 1)).await?) });
    main.bind(b, 2).unwrap();
    assert_eq!(main.value(r).unwrap(), Value::Bool(false));
    assert!(main.is_free(a) && main.is_free(c));
}

#[test]
fn an_equality_needs_its_sides_at_once_and_their_parts_at_last() {
    let mut main = Scheduler::new();
    let runs = Rc::new(Cell::new(0));
    let [x, y, a, b] = [1, 2, 3, 4].map(|value| {
        let runs = Rc::clone(&runs);
        main.by_need("lazy", move |_| async move {
            runs.set(runs.get() + 1);
            Ok(value)
        })
    });
    let z = main.newvar();
    main.unify(y, z).unwrap();
    assert!(main.block_on("main", |flow| flow.equal(y, z)).unwrap());
    main.run().unwrap();
    assert_eq!((main.value(y).unwrap(), runs.get()), (2.into(), 1), "known at once, and needed as in any other order");
    assert!(!main.block_on("main", |flow| flow.equal(x, 7)).unwrap());
    assert_eq!(runs.get(), 2);
    let different = main.future("different", |flow| async move { flow.equal((a, z), (b, 3)).await });
    main.run().unwrap();
    assert_eq!((main.value(different).unwrap(), runs.get()), (false.into(), 2), "no part was needed");
    let late = main.newvar();
    main.stacklet("late", |flow| async move {
        for _ in 0..10 {
            flow.pause().await;
        }
        flow.bind(late, 0)
    });
    let decided = main.future("decided", |flow| async move { flow.equal((a, late), (3, 1)).await });
    assert_eq!((main.value(decided).unwrap(), runs.get()), (false.into(), 2), "nor while others could still decide");
    assert!(main.block_on("main", |flow| flow.equal((a, b), (3, 4))).unwrap());
    assert_eq!(runs.get(), 4);
}

#[test]
fn parts_that_nobody_waits_for_any_more_are_not_needed() {
    let mut main = Scheduler::new();
    let a = main.newvar();
    main.stacklet("gives up", |flow| async move {
        let mut equal = flow.equal((a, 1), (2, 1));
        let pending = std::future::poll_fn(|context| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut equal).poll(context).is_pending())
        });
        assert!(pending.await);
        drop(equal);
        flow.pause().await;
        Ok(())
    });
    main.stacklet("lazy", |flow| async move { flow.wait_needed(a).await });
    main.run().unwrap();
    assert_eq!(main.tasks(), 1);
}

#[test]
fn a_function_that_chooses_may_start_tasks_and_may_panic() {
    let mut main = Scheduler::new();
    let (x, flow) = (main.newvar(), main.flow());
    let mut calls = 0;
    main.set_order(move |ready| {
        calls += 1;
        match calls {
            1 => panic!("no order"),
            2 => flow.stacklet("started", move |flow| async move { flow.bind(x, 1) }),
            _ => {}
        }
        ready - 1
    });
    main.stacklet("first", |flow| async move { flow.wait(x).await.map(|_| ()) });
    assert_eq!(main.run().unwrap_err().to_string(), "panicked: no order");
    assert_eq!((main.tasks(), main.is_free(x)), (1, true));
    main.run().unwrap();
    assert_eq!((main.tasks(), main.value(x).unwrap()), (0, 1.into()));
}

#[test]
fn what_is_dropped_may_start_tasks() {
    struct Starts(Flow, Var);
    impl Propagation for Starts {
        fn propagate(&mut self, _: &mut Store) -> Done {
            Ok(())
        }
    }
    impl Drop for Starts {
        fn drop(&mut self) {
            let var = self.1;
            self.0.stacklet("started", move |flow| async move { flow.bind(var, 1) });
        }
    }
    let mut main = Scheduler::new();
    let x = main.newvar();
    main.set_propagation(Starts(main.flow(), x)).unwrap();
    main.set_propagation(Differ(x, x)).unwrap();
    assert_eq!(main.value(x).unwrap(), 1);
}

#[test]
fn needs_come_with_waits_bindings_and_aliases() {
    let mut main = Scheduler::new();
    let names = ["waited", "bound", "aliased", "unneeded"];
    let vars = names.map(|name| main.newvar_named(name));
    let log = Rc::new(std::cell::RefCell::new(Vec::new()));
    for (name, var) in names.into_iter().zip(vars) {
        let log = Rc::clone(&log);
        main.task(name).stacklet(|flow| async move {
            flow.wait_needed(var).await?;
            log.borrow_mut().push(name);
            Ok(())
        });
    }
    main.run().unwrap();
    assert!(log.borrow().is_empty());
    let [waited, bound, aliased, _] = vars;
    main.task("consumer").stacklet(|flow| async move { flow.wait(waited).await.map(|_| ()) });
    assert!(matches!(main.run(), Err(TaskError::AllBlocked(_))));
    assert_eq!(*log.borrow(), ["waited"]);
    main.bind(bound, 1).unwrap();
    main.unify(aliased, waited).unwrap();
    let _ = main.run();
    assert_eq!(*log.borrow(), ["waited", "bound", "aliased"]);
    main.bind(aliased, ()).unwrap();
    main.run().unwrap();
    assert_eq!(main.tasks(), 1);
}

#[test]
fn a_deadlock_names_tasks_and_variables_and_is_survived() {
    let mut main = Scheduler::new();
    let (x, y, never) = (main.newvar_named("X"), main.newvar_named("Y"), main.newvar());
    main.stacklet("first", |flow| async move { flow.bind(y, flow.int(x).await?) });
    main.stacklet("second", |flow| async move { flow.bind(x, flow.int(y).await?) });
    main.stacklet("lazy", |flow| async move { flow.wait_needed(never).await });
    let Err(TaskError::AllBlocked(blocked)) = main.run() else { panic!("no deadlock") };
    assert_eq!(blocked.to_string(), "all tasks are blocked: first waits for X, second waits for Y");
    let Err(TaskError::AllBlocked(blocked)) = main.value(x) else { panic!("no deadlock") };
    let main_waits = Blocked { task: "main".into(), variables: vec!["X".into()] };
    assert_eq!(blocked.tasks.last(), Some(&main_waits));
    assert_eq!(main.tasks(), 3, "who asked does not stay");
    main.bind(x, 7).unwrap();
    main.run().unwrap();
    assert_eq!(main.value(y).unwrap(), 7);
}

#[test]
fn a_task_that_fails_fails_what_it_was_to_bind() {
    let mut main = Scheduler::new();
    let wrong = main.future("wrong", |flow| async move {
        flow.unify(1, 2)?;
        Ok(3)
    });
    let next = main.future("next", |flow| async move { Ok(flow.int(wrong).await? + 1) });
    let Err(TaskError::FailedValue(failed)) = main.value(next) else { panic!("no failed value") };
    assert_eq!(failed.reason.as_ref(), "task wrong: cannot unify 1 with 2");
    main.run().unwrap();
    assert!(main.with(|store| store.is_failed(wrong)).unwrap());
    let (a, b) = (main.newvar(), main.newvar());
    main.task("pair").binding([a, b]).stacklet(|flow| async move {
        flow.bind(a, 1)?;
        flow.fail()
    });
    main.run().unwrap();
    assert_eq!(main.value(a).unwrap(), 1);
    assert!(matches!(main.wait(b), Err(TaskError::FailedValue(_))));
}

#[test]
fn errors_and_panics_of_tasks_reach_who_runs_them() {
    let mut main = Scheduler::new();
    let x = main.newvar();
    main.stacklet("boom", |_| async move { panic!("on {}", "purpose") });
    main.stacklet("text", |_| async move { Err(TaskError::other("something else")) });
    main.stacklet("fine", |flow| async move { flow.bind(x, 1) });
    assert_eq!(main.run().unwrap_err().to_string(), "task boom: panicked: on purpose");
    assert_eq!(main.run().unwrap_err().to_string(), "task text: something else");
    main.run().unwrap();
    assert_eq!(main.value(x).unwrap(), 1);
    let y = main.future("late", |_| async move { if true { panic!("late") } else { Ok(1) } });
    assert!(main.value(y).unwrap_err().to_string().contains("panicked: late"));
}

#[test]
fn futures_by_need_are_computed_once_somebody_asks() {
    let mut main = Scheduler::new();
    let runs = Rc::new(Cell::new(0));
    let count = Rc::clone(&runs);
    let lazy = main.by_need("lazy", move |_| async move {
        count.set(count.get() + 1);
        Ok(6)
    });
    main.run().unwrap();
    assert_eq!(runs.get(), 0);
    let double = main.future("double", |flow| async move { Ok(2 * flow.int(lazy).await?) });
    assert_eq!(main.value(double).unwrap(), 12);
    assert_eq!((main.value(lazy).unwrap(), runs.get()), (6.into(), 1));
}

#[test]
fn tasks_run_first_in_first_out() {
    let mut main = Scheduler::new();
    let go = main.newvar();
    let log = Rc::new(std::cell::RefCell::new(Vec::new()));
    for number in 0..5 {
        let log = Rc::clone(&log);
        main.stacklet("waiter", |flow| async move {
            log.borrow_mut().push(number);
            flow.wait(go).await?;
            log.borrow_mut().push(10 + number);
            flow.pause().await;
            log.borrow_mut().push(20 + number);
            Ok(())
        });
    }
    main.stacklet("starter", |flow| async move { flow.bind(go, ()) });
    main.run().unwrap();
    assert_eq!(*log.borrow(), [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24]);
}

#[test]
fn streams_are_read_while_they_are_written() {
    let mut main = Scheduler::new();
    let list = main.newvar();
    main.stacklet("squares", |flow| async move {
        let mut out = flow.writer(list);
        for n in 0..4 {
            out.needed().await?;
            out.push(n * n)?;
        }
        out.needed().await?;
        out.close()
    });
    main.run().unwrap();
    assert!(main.is_free(list));
    let read = |flow: Flow| async move {
        let mut reader = flow.reader(list);
        let mut seen = Vec::new();
        while let Some(value) = reader.next().await? {
            seen.push(value);
        }
        Ok(seen)
    };
    for _ in 0..2 {
        assert_eq!(main.block_on("main", read).unwrap(), [0, 1, 4, 9].map(Value::from));
    }
    let wrong = main.newvar();
    main.bind(wrong, (1, 2, 3)).unwrap();
    let error = main.block_on("main", |flow| async move { flow.reader(wrong).next().await }).unwrap_err();
    assert_eq!(error.to_string(), "(1, 2, 3) is not a list of pairs");
    let plain = main.newvar();
    main.bind(plain, (1, (2, ()))).unwrap();
    let both = main.block_on("main", |flow| async move {
        let mut reader = flow.reader(plain);
        Ok((reader.next().await?, reader.next().await?, reader.next().await?))
    });
    assert_eq!(both.unwrap(), (Some(1.into()), Some(2.into()), None));
}

#[test]
fn a_domain_that_comes_down_to_one_value_wakes_tasks() {
    let mut main = Scheduler::new();
    let x = main.with(|store| store.new_domain_var(&Universe::range(0..=2))).unwrap().unwrap();
    let y = main.future("double", |flow| async move { Ok(2 * flow.int(x).await?) });
    assert!(main.run().is_err());
    main.with(|store| store.discard(x, 0)).unwrap().unwrap();
    assert!(main.run().is_err());
    main.with(|store| store.discard(x, 1)).unwrap().unwrap();
    assert_eq!(main.value(y).unwrap(), 4);
}

struct Differ(Var, Var);

impl Propagation for Differ {
    fn propagate(&mut self, store: &mut Store) -> Done {
        store.clear_events();
        for (a, b) in [(self.0, self.1), (self.1, self.0)] {
            if let Some(index) = store.fixed(a) {
                store.discard(b, index)?;
            }
        }
        Ok(())
    }
}

#[test]
fn propagation_runs_when_no_task_can() {
    let mut main = Scheduler::new();
    let bits = Universe::range(0..=1);
    let [x, y] = [0, 1].map(|_| main.with(|store| store.new_domain_var(&bits)).unwrap().unwrap());
    main.set_propagation(Differ(x, y)).unwrap();
    main.stacklet("choose", |flow| async move {
        flow.stable().await?;
        flow.bind(x, 1)
    });
    assert_eq!(main.value(y).unwrap(), 0);
    let [x, y] = [0, 1].map(|_| main.with(|store| store.new_domain_var(&bits)).unwrap().unwrap());
    main.unify((x, y), (1, 1)).unwrap();
    main.set_propagation(Differ(x, y)).unwrap();
    let error = main.run().unwrap_err();
    assert!(error.is_contradiction(), "{error}");
    let z = main.newvar();
    let error = main.wait(z).unwrap_err();
    assert!(error.is_contradiction(), "{error}");
}

#[test]
fn tasks_wait_in_turn_until_nothing_else_runs() {
    let mut main = Scheduler::new();
    let log = Rc::new(std::cell::RefCell::new(Vec::new()));
    for (number, pauses) in [(0, 0), (1, 3), (2, 1)] {
        let log = Rc::clone(&log);
        main.stacklet("settles", |flow| async move {
            for _ in 0..pauses {
                flow.pause().await;
            }
            flow.stable().await?;
            log.borrow_mut().push(number);
            flow.pause().await;
            log.borrow_mut().push(10 + number);
            Ok(())
        });
    }
    main.run().unwrap();
    assert_eq!(*log.borrow(), [0, 10, 2, 12, 1, 11]);
    main.stacklet("chooses", |flow| async move { flow.choose(2).await.map(|_| ()) });
    let error = main.run().unwrap_err();
    assert_eq!(error.to_string(), "all tasks are blocked: chooses waits for a choice, or for something outside");
}

#[test]
fn what_is_dropped_is_gone() {
    let token = Rc::new(());
    let mut main = Scheduler::new();
    let x = main.newvar();
    for _ in 0..3 {
        let held = Rc::clone(&token);
        main.stacklet("waiter", |flow| async move {
            let result = flow.wait(x).await;
            drop(held);
            result.map(|_| ())
        });
    }
    assert!(main.run().is_err());
    let held = Rc::clone(&token);
    main.stacklet("not started", |flow| async move {
        let result = flow.wait(x).await;
        drop(held);
        result.map(|_| ())
    });
    assert_eq!(Rc::strong_count(&token), 5);
    drop(main);
    assert_eq!(Rc::strong_count(&token), 1);
}

#[test]
fn futures_of_a_scheduler_are_for_its_tasks() {
    let main = Scheduler::new();
    let x = main.newvar();
    let mut wait = std::pin::pin!(main.wait_for_test(x));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(TaskError::Outside)) = wait.as_mut().poll(&mut context) else { panic!("accepted") };
}

impl Scheduler {
    fn wait_for_test(&self, var: Var) -> Wait {
        Flow::wait(self, var)
    }
}

#[test]
fn the_store_is_not_reentered() {
    struct Nosy(Flow);
    impl crate::Structure for Nosy {
        fn name(&self) -> &str {
            "Nosy"
        }
        fn parts(&self, parts: &mut crate::Parts<'_>) -> Result<(), UnifyError> {
            assert!(matches!(self.0.unify(1, 1), Err(TaskError::Busy)));
            parts.field("x", self.0.newvar())
        }
    }
    let main = Scheduler::new();
    let x = main.newvar();
    assert!(matches!(main.unify(x, &Nosy(main.flow())), Err(TaskError::Unify(UnifyError::Unknown))));
    assert!(main.is_free(x));
}
