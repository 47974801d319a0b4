//! Spaces of scripts through the public doors alone: what fails, what is a mistake, what repeats itself, what ends.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyprior_logic::{
    Constraints, SearchSpace, Space, SpaceError, Status, Store, TaskError, Universe, Value, distribute, fd,
};

fn all(mut space: Space) -> Result<Vec<Value>, SpaceError> {
    match space.ask()? {
        Status::Failed | Status::Suspended(_) => Ok(Vec::new()),
        Status::Solved => Ok(vec![space.value()?]),
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
fn a_mistake_stays_a_mistake() {
    let mistake = |flow: pyprior_logic::Flow, x| async move {
        flow.bind(x, 1)?;
        Err(TaskError::other("mistake"))
    };
    let panics = |_, _| async move { panic!("on purpose") };
    let panics_early = |_, _| -> std::future::Ready<Result<(), TaskError>> { panic!("on purpose") };
    for mut space in [Space::new(mistake), Space::new(panics), Space::new(panics_early)] {
        let first = space.ask().unwrap_err().to_string();
        assert_eq!(space.ask().unwrap_err().to_string(), first);
        assert_eq!(space.value().unwrap_err().to_string(), first);
        assert_eq!(space.commit(1).unwrap_err().to_string(), first);
        assert_eq!(space.clone().ask().unwrap_err().to_string(), first);
        assert_eq!(space.recipe().ask().unwrap_err().to_string(), first);
        assert_eq!(space.merge(&mut Store::new()).unwrap_err().to_string(), first);
    }
}

#[test]
fn a_contradiction_of_any_task_fails_the_space() {
    let unawaited = Space::new(|flow, root| async move {
        flow.unify(root, 1)?;
        flow.future("check", |flow| async move {
            flow.unify(1, 2)?;
            Ok(3)
        });
        Ok(())
    });
    let awaited = Space::new(|flow, root| async move {
        let value = flow.future("check", |flow| async move {
            flow.unify(1, 2)?;
            Ok(3)
        });
        flow.unify(root, flow.int(value).await?)
    });
    for mut space in [unawaited, awaited] {
        assert_eq!(space.ask().unwrap(), Status::Failed);
        assert_eq!(space.ask().unwrap(), Status::Failed);
    }
    let mut mistake = Space::new(|flow, root| async move {
        let value = flow.future("check", |_| async move { Err::<i64, _>(TaskError::other("mistake")) });
        flow.unify(root, flow.int(value).await?)
    });
    assert!(matches!(mistake.ask(), Err(SpaceError::Task(_))));
}

#[test]
fn scripts_that_do_not_end_are_stopped() {
    let mut endless = Space::new(|flow, _| async move {
        loop {
            flow.pause().await;
        }
    })
    .with_limit(1000);
    for _ in 0..2 {
        assert!(matches!(endless.ask(), Err(SpaceError::Task(TaskError::OutOfSteps { steps: 1000 }))));
    }
    let chooses = Space::new(|flow, _| async move {
        loop {
            flow.choose(1).await?;
        }
    })
    .with_limit(50);
    let mut depth = 0;
    let mut space = chooses.clone();
    let error = loop {
        match space.ask() {
            Ok(status) => assert_eq!(status, Status::Alternatives(1)),
            Err(error) => break error,
        }
        // A clone is stopped where its origin is.
        if depth % 7 == 0 {
            space = space.clone();
        }
        space.commit(1).unwrap();
        depth += 1;
    };
    assert!(matches!(error, SpaceError::Task(TaskError::OutOfSteps { .. })));
    assert_eq!(depth, 50);
}

#[test]
fn a_script_that_offers_something_else_has_diverged() {
    let runs = Arc::new(AtomicUsize::new(0));
    let mut space = Space::new(move |flow, x| {
        let run = runs.fetch_add(1, Ordering::Relaxed);
        async move {
            let taken = flow.choose(2 + run).await?;
            flow.bind(x, taken)
        }
    });
    assert_eq!(space.ask().unwrap(), Status::Alternatives(2));
    let mut clone = space.clone();
    clone.commit(1).unwrap();
    for _ in 0..2 {
        assert!(matches!(clone.ask(), Err(SpaceError::Diverged)));
    }
    space.commit(1).unwrap();
    assert_eq!(space.value().unwrap(), 1);
}

#[test]
fn bound_variables_take_part_in_relations() {
    let space = Space::new(|flow, root| async move {
        let constraints = Constraints::new(&flow)?;
        let (x, y) = (flow.newvar(), flow.newvar());
        flow.bind(x, 3)?;
        for var in [x, y] {
            flow.with(|store| store.constrain(var, &Universe::range(1..=6)))??;
        }
        constraints.post(&fd::Relation::template("%s + %s == 7").map_err(TaskError::other)?, &[x, y])?;
        flow.unify(root, (x, y))?;
        distribute(flow, vec![x, y]).await
    });
    assert_eq!(all(space).unwrap(), [Value::from((3, 4))]);
}

#[test]
fn a_failed_variable_is_not_distributed() {
    let mut space = Space::new(|flow, root| async move {
        let var = flow.with(|store| store.new_domain_var(&Universe::range(1..=3)))??;
        flow.fail_var(var, "why")?;
        flow.unify(root, 1)?;
        distribute(flow, vec![var]).await
    });
    assert!(matches!(space.ask(), Err(SpaceError::Task(_))));
}

#[test]
fn distributed_tuples_fix_the_parts_that_are_written_in_them() {
    let space = Space::new(|flow, root| async move {
        let rooms = Universe::new([("A", 1), ("B", 1), ("B", 2), ("C", 3)]);
        let talk = flow.with(|store| store.new_domain_var(&rooms))??;
        let (room, day) = (flow.newvar(), flow.with(|store| store.new_domain_var(&Universe::range(1..=2)))??);
        flow.unify(talk, (room, day))?;
        flow.unify(root, (room, day))?;
        distribute(flow, vec![talk]).await
    });
    let found: Vec<String> = all(space).unwrap().iter().map(Value::to_string).collect();
    assert_eq!(found, ["('A', 1)", "('B', 1)", "('B', 2)"]);
}

#[test]
fn what_is_by_need_stays_behind() {
    let mut space = Space::new(|flow, root| async move {
        let lazy = flow.by_need("lazy", |_| async move { Ok(5) });
        flow.unify(root, (1, lazy))
    });
    assert_eq!(space.ask().unwrap(), Status::Solved);
    assert!(matches!(space.value(), Err(SpaceError::Read(_))));
    let mut store = Store::new();
    let term = space.merge(&mut store).unwrap();
    let x = store.newvar();
    store.unify(term, (1, x)).unwrap();
    assert!(store.is_free(x));
}
