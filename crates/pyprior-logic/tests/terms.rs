//! Terms, domains and marks through the public doors alone: what is large, deep, shared, foreign or only partly known.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use pyprior_logic::{DomainError, Entailment, Parts, Store, Structure, Term, UnifyError, Universe, Value, Var};

fn pairs(store: &mut Store, pairs: &[(i64, i64)]) -> Var {
    store.new_domain_var(&Universe::new(pairs.iter().copied())).unwrap()
}

/// A term of 2^depth leaves in `depth` nodes.
fn shared(store: &mut Store, depth: usize) -> Var {
    let mut var = store.newvar();
    store.bind(var, 1).unwrap();
    for _ in 0..depth {
        let around = store.newvar();
        store.unify(around, (var, var)).unwrap();
        var = around;
    }
    var
}

#[test]
fn a_domain_and_a_structure_meet_in_any_order() {
    let mut store = Store::new();
    let (d, x) = (pairs(&mut store, &[(1, 2), (3, 4)]), store.newvar());
    store.unify((x, d), (1, (x, 2))).unwrap();
    assert_eq!(store.value((x, d)).unwrap().to_string(), "(1, (1, 2))");
    let mut store = Store::new();
    let (d, x) = (pairs(&mut store, &[(1, 2), (3, 4)]), store.newvar());
    store.unify((d, x), ((x, 2), 1)).unwrap();
    assert_eq!(store.value((x, d)).unwrap().to_string(), "(1, (1, 2))");
}

#[test]
fn a_domain_keeps_what_agrees_with_what_is_known() {
    let mut store = Store::new();
    let d = pairs(&mut store, &[(1, 2), (3, 4), (3, 5), (6, 6)]);
    let (x, y) = (store.newvar(), store.new_domain_var(&Universe::range(2..=5)).unwrap());
    let mark = store.mark();
    store.unify(d, (x, y)).unwrap();
    assert_eq!((store.size(d), store.is_bound(d), store.is_free(x)), (3, true, true));
    let inner = store.mark();
    store.bind(x, 3).unwrap();
    assert_eq!((store.size(d), store.is_free(y)), (2, true));
    store.discard(y, 3).unwrap();
    assert_eq!(store.value(d).unwrap().to_string(), "(3, 4)");
    store.undo_to(inner);
    // From the other side: a domain that is narrowed fixes the parts, or refuses.
    store.assign(d, 0).unwrap();
    assert_eq!(store.value((x, y)).unwrap().to_string(), "(1, 2)");
    store.undo_to(mark);
    assert_eq!((store.size(d), store.size(y), store.is_free(d), store.is_free(x)), (4, 4, true, true));
    store.unify(d, (x, x)).unwrap();
    assert_eq!(store.value(x).unwrap(), 6);
}

#[test]
fn domains_over_one_structure_are_intersected() {
    for early in [false, true] {
        let mut store = Store::new();
        let (d, e) = (pairs(&mut store, &[(1, 2), (3, 4), (5, 6)]), pairs(&mut store, &[(3, 4), (5, 6), (7, 8)]));
        let (x, y) = (store.newvar(), store.newvar());
        if early {
            store.unify(d, e).unwrap();
        }
        store.unify(d, (x, y)).unwrap();
        store.unify(e, (x, y)).unwrap();
        store.unify(d, e).unwrap();
        assert_eq!((store.size(d), store.size(e)), (2, 2), "{early}");
        let z = store.newvar();
        store.unify(z, (x, 4)).unwrap();
        store.unify(d, z).unwrap();
        assert_eq!(store.value(e).unwrap().to_string(), "(3, 4)");
    }
    let mut store = Store::new();
    let (d, e) = (pairs(&mut store, &[(1, 2), (3, 4)]), pairs(&mut store, &[(5, 6), (7, 8)]));
    let (x, y) = (store.newvar(), store.newvar());
    store.unify(d, (x, y)).unwrap();
    assert!(matches!(store.unify(e, (x, y)).and_then(|()| store.unify(d, e)), Err(UnifyError::Unification(_))));
}

#[test]
fn an_equality_with_a_domain_is_open_until_it_is_decided() {
    let mut store = Store::new();
    let (d, x) = (pairs(&mut store, &[(1, 2), (3, 2)]), store.newvar());
    let Entailment::Open(vars) = store.entailed(d, (x, 2)).unwrap() else { panic!("decided") };
    assert!(vars.contains(&d) && vars.contains(&x));
    assert_eq!(store.entailed(d, (x, 3)).unwrap(), Entailment::Different);
    let y = store.newvar();
    store.unify(y, (x, 2)).unwrap();
    store.unify(d, y).unwrap();
    assert_eq!(store.entailed(d, y).unwrap(), Entailment::Equal);
    assert_eq!(store.entailed(y, d).unwrap(), Entailment::Equal);
    assert_eq!(store.entailed(d, (3, 2)).unwrap(), Entailment::Open(vec![d, x]));
}

#[test]
fn a_failed_part_is_told_before_the_domain_is_looked_at() {
    let mut store = Store::new();
    let (d, f) = (pairs(&mut store, &[(1, 2), (3, 4)]), store.newvar());
    store.fail(f, "why").unwrap();
    assert!(matches!(store.unify(d, (f, 2)), Err(UnifyError::Failed(_))));
}

#[test]
fn a_failed_variable_has_no_domain() {
    let mut store = Store::new();
    let d = store.new_domain_var(&Universe::range(1..=3)).unwrap();
    let mark = store.mark();
    store.fail(d, "why").unwrap();
    assert!(store.is_failed(d) && store.domain(d).is_none());
    assert_eq!((store.size(d), store.fixed(d), store.assign(d, 0)), (0, None, Err(DomainError::Missing(d))));
    store.undo_to(mark);
    assert_eq!((store.size(d), store.assign(d, 0)), (3, Ok(true)));
}

#[test]
fn a_bound_variable_gets_a_domain() {
    let mut store = Store::new();
    let x = store.newvar();
    store.bind(x, 3).unwrap();
    let mark = store.mark();
    store.constrain(x, &Universe::range(1..=5)).unwrap();
    assert_eq!((store.size(x), store.fixed(x), store.value(x).unwrap() == 3), (1, Some(2), true));
    assert!(store.constrain(x, &Universe::range(4..=5)).is_err());
    store.undo_to(mark);
    assert!(store.domain(x).is_none() && store.value(x).unwrap() == 3);
    let (y, z) = (store.newvar(), store.newvar());
    store.unify(y, (z, 2)).unwrap();
    store.constrain(y, &Universe::new([(1, 2), (3, 2), (1, 4)])).unwrap();
    assert_eq!((store.size(y), store.is_bound(y)), (2, true));
    store.bind(z, 3).unwrap();
    assert_eq!(store.fixed(y), Some(1));
}

struct Boom;

impl Structure for Boom {
    fn name(&self) -> &str {
        "Boom"
    }

    fn parts(&self, _: &mut Parts<'_>) -> Result<(), UnifyError> {
        panic!("on purpose")
    }
}

#[test]
fn a_panic_of_parts_leaves_no_mark_open() {
    let mut store = Store::new();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(store.entailed(&Boom, 1)))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(store.value(&Boom)))).is_err());
    assert_eq!(store.depth(), 0);
}

#[test]
fn marks_of_other_stores_are_refused() {
    let (mut a, mut b) = (Store::new(), Store::new());
    let x = b.newvar();
    let mine = b.mark();
    b.bind(x, 1).unwrap();
    let foreign = a.mark();
    assert!(!b.undo_to(foreign) && b.is_bound(x));
    let foreign = a.mark();
    assert!(!b.commit(foreign) && b.depth() == 1);
    assert!(b.undo_to(mine) && b.is_free(x));
}

#[test]
fn deep_values_go_in_and_out() {
    let mut store = Store::new();
    let mut deep = Value::from(1);
    for _ in 0..150_000 {
        deep = Value::from((deep,));
    }
    let x = store.newvar();
    store.unify(x, &deep).unwrap();
    assert_eq!(store.value(x).unwrap(), deep);
    let d = store.new_domain_var(&Universe::new([deep.clone(), Value::from(2)])).unwrap();
    store.unify(d, x).unwrap();
    assert_eq!(store.fixed(d), Some(0));
}

#[test]
fn depth_through_sharing_is_no_trap() {
    let mut store = Store::new();
    let mut var = store.newvar();
    store.bind(var, (0,)).unwrap();
    let mut items = vec![var];
    for _ in 0..1000 {
        for _ in 0..190 {
            let around = store.newvar();
            store.unify(around, (var,)).unwrap();
            var = around;
        }
        items.push(var);
    }
    let value = store.value(items).unwrap();
    assert_eq!(value.items().unwrap().len(), 1001);
}

/// Each of these takes for ever if parts that are shared are visited once for each time that they occur.
#[test]
fn shared_values_take_the_time_of_their_size() {
    let mut store = Store::new();
    let var = shared(&mut store, 200);
    let listed = store.new_domain_var(&Universe::new(0..100)).unwrap();
    assert!(store.unify(listed, var).is_err());
    let value = store.value(var).unwrap();
    let x = store.newvar();
    let before = format!("{store:?}").len();
    store.unify(x, &value).unwrap();
    assert!(format!("{store:?}").len() < 3 * before, "written down once");
    assert_eq!(store.value(x).unwrap(), value);
    assert_eq!(store.entailed(x, var).unwrap(), Entailment::Equal);
    let d = store.new_domain_var(&Universe::new([value.clone(), Value::from(2)])).unwrap();
    store.unify(d, (x, 3)).unwrap_err();
    store.unify(d, var).unwrap();
    let keyed = store.newvar();
    store.unify(keyed, Value::map([(value, Value::from(1))])).unwrap();
    assert!(store.unify(keyed, 1).unwrap_err().to_string().len() < 500);
}

#[test]
fn reading_leaves_nothing_behind() {
    let mut store = Store::new();
    let x = store.newvar();
    let before = format!("{store:?}").len();
    for _ in 0..100 {
        assert!(store.value((x, 1)).is_err());
    }
    assert!(format!("{store:?}").len() < before + 100);
}

#[test]
fn universes_that_are_too_large_are_refused() {
    let mut store = Store::new();
    let too_many = Universe::range(0..=1 << 24);
    assert_eq!(store.new_domain_var(&too_many), Err(DomainError::TooLarge { most: Universe::MAX }));
    assert_eq!(store.new_domain_var_of(&too_many, &[1]), Err(DomainError::TooLarge { most: Universe::MAX }));
    let x = store.newvar();
    assert!(matches!(store.constrain(x, &too_many), Err(UnifyError::Domain(DomainError::TooLarge { .. }))));
    assert!(store.is_free(x) && store.len() == 1);
    let all = store.new_domain_var(&Universe::range(1..=1 << 24)).unwrap();
    store.unify(all, 1i64 << 24).unwrap();
}

#[test]
fn maps_in_any_order_of_keys_are_one() {
    let mut store = Store::new();
    let pair = |key: i64, value: i64| (Value::from(key), Value::from(value));
    let unsorted = Value::Map(Arc::new([pair(2, 1), pair(1, 7), pair(1, 1)]));
    store.unify(unsorted, Value::map([pair(2, 1), pair(1, 1)])).unwrap();
}

#[test]
fn a_class_is_called_by_a_name_that_it_has() {
    let mut store = Store::new();
    let (y, x) = (store.newvar(), store.newvar_named("X"));
    store.unify(y, x).unwrap();
    assert_eq!(store.show(x), "X");
    let z = store.new_domain_var(&Universe::range(1..=2)).unwrap();
    store.unify(x, z).unwrap();
    assert_eq!(store.show(z), "X{1, 2}");
    assert!(store.unify(y, 9).unwrap_err().to_string().contains("X{1, 2}"));
}

#[test]
fn copies_keep_the_domains_of_partly_known_structures() {
    let mut store = Store::new();
    let (d, x) = (pairs(&mut store, &[(1, 2), (3, 2), (5, 6)]), store.newvar());
    store.unify(d, (x, 2)).unwrap();
    let mut other = Store::new();
    let copy = other.copy_from(&mut store, Term::from(d)).unwrap();
    assert!(other.entailed(copy, (5, 2)).unwrap() == Entailment::Different);
    other.unify(copy, (3, 2)).unwrap();
}

#[test]
fn what_has_no_room_is_refused() {
    let mut store = Store::new();
    let x = store.newvar();
    assert!(matches!(store.unify(x, u64::MAX), Err(UnifyError::TooLarge { .. })));
    store.unify(x, (1usize, 'c', None::<i64>, Some("s"), 5, 6, 7, &"t".to_owned())).unwrap();
    assert_eq!(store.value(x).unwrap().to_string(), "(1, 'c', None, 's', 5, 6, 7, 't')");
}
