//! Cases with known answers.

use super::*;

fn vars<const N: usize>(store: &mut Store) -> [Var; N] {
    std::array::from_fn(|_| store.newvar())
}

#[test]
fn values_are_bound() {
    let store = Store::new();
    assert!(store.is_bound(1) && !store.is_free(1));
    assert!(store.is_bound("a") && !store.alias_of(1, 1));
}

#[test]
fn a_variable_is_bound_once() {
    let mut store = Store::new();
    let x = store.newvar_named("X");
    assert!(store.is_free(x) && !store.is_bound(x));
    store.bind(x, 42).unwrap();
    assert!(!store.is_free(x) && store.is_bound(x));
    assert_eq!(store.value(x).unwrap().as_int().unwrap() / 2, 21);
    store.bind(x, 42).unwrap();
    let error = store.bind(x, "hello").unwrap_err();
    assert!(matches!(error, UnifyError::Rebinding(_)));
    assert_eq!(error.to_string(), "X is bound to 42 and cannot be bound to 'hello'");
}

#[test]
fn what_is_bound_with_itself_stays_free() {
    let mut store = Store::new();
    let x = store.newvar();
    store.bind(x, x).unwrap();
    store.unify(x, x).unwrap();
    assert!(store.is_free(x) && store.alias_of(x, x) && !store.is_aliased(x));
}

#[test]
fn two_bound_variables_that_differ_do_not_bind() {
    let mut store = Store::new();
    let [x, y, z] = vars(&mut store);
    store.bind(x, 1).unwrap();
    store.bind(y, 2).unwrap();
    assert!(matches!(store.bind(x, y), Err(UnifyError::Unification(_))));
    store.bind(x, z).unwrap();
    assert_eq!(store.value(z).unwrap(), 1);
}

#[test]
fn bind_binds_nothing_but_its_variable() {
    let mut store = Store::new();
    let [x, y] = vars(&mut store);
    store.bind(x, (1, y)).unwrap();
    store.bind(x, (1, y)).unwrap();
    assert!(matches!(store.bind(x, (1, 2)), Err(UnifyError::Rebinding(_))));
    assert!(store.is_free(y));
}

#[test]
fn alias_classes_merge() {
    let mut store = Store::new();
    let [x, y, z, w] = vars(&mut store);
    store.unify(x, y).unwrap();
    store.unify(z, w).unwrap();
    assert!(!store.alias_of(x, z));
    store.unify(x, w).unwrap();
    for a in [x, y, z, w] {
        for b in [x, y, z, w] {
            assert!(store.alias_of(a, b));
        }
    }
    store.unify(y, 42).unwrap();
    for a in [x, y, z, w] {
        assert_eq!(store.value(a).unwrap(), 42);
    }
}

#[test]
fn a_chain_of_aliases_is_bound_from_its_middle() {
    let mut store = Store::new();
    let chain: [Var; 20] = vars(&mut store);
    for pair in chain.windows(2) {
        store.unify(pair[0], pair[1]).unwrap();
    }
    store.bind(chain[9], "all").unwrap();
    for var in chain {
        assert_eq!(store.value(var).unwrap(), "all");
    }
}

#[test]
fn lists_may_contain_each_other() {
    let mut store = Store::new();
    let [x, y] = vars(&mut store);
    store.unify(x, list![y]).unwrap();
    store.unify(y, list![x]).unwrap();
    assert_eq!(store.show(x), "r1=[[r1]]");
    assert!(matches!(store.value(x), Err(ReadError::Infinite { .. })));
    assert_eq!(store.entailed(x, y).unwrap(), Entailment::Equal);
}

#[test]
fn rational_trees_unify() {
    let mut store = Store::new();
    let [x, y] = vars(&mut store);
    store.unify(x, list![x]).unwrap();
    store.unify(y, list![list![y]]).unwrap();
    store.unify(x, y).unwrap();

    let mut store = Store::new();
    let [x, y] = vars(&mut store);
    store.unify(x, map! {"f" => x}).unwrap();
    store.unify(y, map! {"f" => y}).unwrap();
    let g = store.term(map! {"g" => y}).unwrap();
    let z = store.newvar();
    store.unify(z, map! {"f" => g}).unwrap();
    store.unify(x, y).unwrap();
    let error = store.unify(x, z).unwrap_err();
    assert!(matches!(error, UnifyError::Unification(_)), "{error}");
}

#[test]
fn f_of_g_is_not_f_of_f() {
    let mut store = Store::new();
    let [x, y] = vars(&mut store);
    store.unify(x, map! {"f" => x}).unwrap();
    let g = store.term(map! {"g" => y}).unwrap();
    store.unify(y, map! {"f" => g}).unwrap();
    let error = store.unify(x, y).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot unify r1={'f': r1} with r1={'f': {'g': r1}}: r1={'f': {'g': r1}} is not r1={'g': {'f': r1}}"
    );
    assert!(matches!(store.entailed(x, y), Ok(Entailment::Different)));
}

#[test]
fn pairs_unify_twice_and_not_with_other_shapes() {
    let mut store = Store::new();
    let x = store.newvar_named("X");
    store.unify(x, (1, (2, ()))).unwrap();
    store.unify(x, (1, (2, ()))).unwrap();
    let error = store.unify(x, (1, 2)).unwrap_err();
    assert_eq!(error.to_string(), "cannot unify (1, (2, None)) with (1, 2): (2, None) is not 2");
    for other in [store.term((1, 2, 3)).unwrap(), store.term([1, 2]).unwrap(), store.term(()).unwrap()] {
        assert!(matches!(store.unify(x, other), Err(UnifyError::Unification(_))));
        assert!(matches!(store.unify(other, x), Err(UnifyError::Unification(_))));
    }
}

#[test]
fn values_unify_if_they_are_equal() {
    let mut store = Store::new();
    store.unify(vec![1, 2], vec![1, 2]).unwrap();
    let error = store.unify(42, 43).unwrap_err();
    assert_eq!(error.to_string(), "cannot unify 42 with 43");
    for number in [0, -1, (1 << 29) - 1, 1 << 29, -(1 << 29), -(1 << 29) - 1, i64::MAX, i64::MIN] {
        let x = store.newvar();
        store.bind(x, number).unwrap();
        assert_eq!(store.value(x).unwrap(), number);
        store.unify(number, x).unwrap();
        assert!(store.unify(x, number ^ 1).is_err());
    }
    assert!(store.unify(true, 1).is_err() && store.unify((), false).is_err() && store.unify("1", 1).is_err());
}

#[test]
fn maps_unify_if_their_keys_are_the_same() {
    let mut store = Store::new();
    let [z, w] = vars(&mut store);
    store.unify(map! {"a" => 42, "b" => z}, map! {"a" => z, "b" => w}).unwrap();
    assert_eq!((store.value(z).unwrap(), store.value(w).unwrap()), (42.into(), 42.into()));
    let [x, y] = vars(&mut store);
    assert!(matches!(store.unify(map! {"a" => x}, map! {"a" => 1, "b" => 2}), Err(UnifyError::Unification(_))));
    assert!(matches!(store.unify(map! {"a" => 1, "b" => 2}, map! {"a" => x}), Err(UnifyError::Unification(_))));
    assert!(matches!(
        store.unify(map! {"a" => x, "b" => 1}, map! {"a" => 1, "c" => 1}),
        Err(UnifyError::Unification(_))
    ));
    assert!(store.is_free(x));
    store.unify(map! {1 => x, "k" => 2}, map! {"k" => y, 1 => y}).unwrap();
    assert_eq!(store.value(x).unwrap(), 2);
}

#[test]
fn values_come_back_as_they_went_in() {
    let mut store = Store::new();
    let inner = Value::map([("k".into(), Value::from((1, 2, "x"))), (3.into(), Value::from([true, false]))]);
    for value in [inner.clone(), Value::from(vec![inner.clone(), Value::None]), Value::from(((),)), Value::from([0; 0])]
    {
        let x = store.newvar();
        store.bind(x, &value).unwrap();
        assert_eq!(store.value(x).unwrap(), value);
        assert_eq!(store.show(x), value.to_string());
        store.unify(value.clone(), x).unwrap();
    }
    let pairs = std::collections::HashMap::from([("a", 1), ("b", 2)]);
    let list = store.term(&[1, 2][..]).unwrap();
    assert_eq!(store.value((pairs, list)).unwrap().to_string(), "({'a': 1, 'b': 2}, [1, 2])");
}

struct Foo<A> {
    a: A,
    b: Var,
}

impl<A: IntoTerm + Clone> Structure for Foo<A> {
    fn name(&self) -> &str {
        "Foo"
    }

    fn parts(&self, parts: &mut Parts<'_>) -> Result<(), UnifyError> {
        parts.field("a", self.a.clone())?;
        parts.field("b", self.b)
    }
}

#[test]
fn custom_types_unify_part_by_part() {
    let mut store = Store::new();
    let f1 = Foo { a: store.newvar(), b: store.newvar() };
    let f2 = Foo { a: 42, b: store.newvar() };
    store.unify(&f1, &f2).unwrap();
    assert_eq!(store.value(f1.a).unwrap(), 42);
    assert!(store.alias_of(f1.b, f2.b));
    store.unify(f2.b, "foo").unwrap();
    assert_eq!(store.value(f1.b).unwrap(), "foo");
    assert_eq!(store.value(&f2).unwrap().to_string(), "Foo(a=42, b='foo')");
    let error = store.unify(&f1, (42, "foo")).unwrap_err();
    assert_eq!(error.to_string(), "cannot unify Foo(a=42, b='foo') with (42, 'foo')");
}

#[test]
fn a_failed_unify_leaves_nothing_bound() {
    let mut store = Store::new();
    let [x, y] = vars(&mut store);
    assert!(store.unify((x, y, 1), (1, x, 2)).is_err());
    assert!(store.is_free(x) && store.is_free(y) && !store.alias_of(x, y));
    let outcome = store.transaction(|s| {
        s.unify(x, 1)?;
        let inner = s.transaction(|s| {
            s.unify(y, 2)?;
            s.unify(x, 2)
        });
        assert!(inner.is_err() && s.is_free(y) && s.is_bound(x));
        s.unify(1, 2)
    });
    assert!(outcome.is_err() && store.is_free(x));
}

#[test]
fn a_panic_in_a_transaction_leaves_nothing_bound() {
    let mut store = Store::new();
    let x = store.newvar();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.transaction(|s| -> Result<(), UnifyError> {
            s.bind(x, 1)?;
            panic!("on purpose")
        })
    }));
    assert!(caught.is_err() && store.is_free(x) && store.depth() == 0);
}

#[test]
fn domains_are_intersected() {
    let mut store = Store::new();
    let [a, b, c, d] = [vec![1, 2, 3], vec![2, 3, 4], vec![3, 4], vec![5, 6]]
        .map(|values| store.new_domain_var(&Universe::new(values)).unwrap());
    let domain = |store: &Store, var: Var| -> Vec<Value> {
        let held = store.domain(var).unwrap();
        held.universe.iter().enumerate().filter(|(i, _)| store.contains(var, *i as u32)).map(|(_, v)| v).collect()
    };
    store.unify(a, b).unwrap();
    assert_eq!(domain(&store, a), [Value::Int(2), Value::Int(3)]);
    assert_eq!(domain(&store, b), domain(&store, a));
    let error = store.unify(d, a).unwrap_err();
    assert!(matches!(error, UnifyError::Unification(_)));
    assert!(error.to_string().contains("{5, 6}") && error.to_string().contains("{2, 3}"), "{error}");
    assert_eq!((store.size(a), store.size(d)), (2, 2));
    store.unify(a, c).unwrap();
    for var in [a, b, c] {
        assert!(store.is_bound(var));
        assert_eq!(store.value(var).unwrap(), 3);
    }
    assert!(matches!(store.bind(b, 2), Err(UnifyError::Rebinding(_))));
}

#[test]
fn a_value_must_be_in_the_domain() {
    let mut store = Store::new();
    let x = store.new_domain_var(&Universe::new([1, 2, 4])).unwrap();
    assert!(matches!(store.bind(x, 42), Err(UnifyError::Unification(_))));
    assert!(matches!(store.unify(42, x), Err(UnifyError::Unification(_))));
    assert_eq!(store.size(x), 3);
    store.bind(x, 4).unwrap();
    assert_eq!(store.value(x).unwrap(), 4);
    assert!(matches!(store.new_domain_var(&Universe::new([0; 0])), Err(DomainError::Empty(_))));
    assert!(matches!(store.new_domain_var_of(&Universe::range(0..=3), &[16]), Err(DomainError::Empty(_))));
    assert_eq!(store.len(), 1);
}

#[test]
fn domains_of_structures_take_known_ones() {
    let mut store = Store::new();
    let rooms = Universe::new([("A", 1), ("B", 1), ("B", 2)]);
    let x = store.new_domain_var(&rooms).unwrap();
    let day = store.newvar();
    store.unify(x, ("B", day)).unwrap();
    assert_eq!((store.size(x), store.is_free(day)), (2, true));
    store.bind(day, 2).unwrap();
    assert!(matches!(store.unify(x, ("A", day)), Err(UnifyError::Unification(_))));
    assert_eq!(store.fixed(x), Some(2));
    let [room, when] = vars(&mut store);
    store.unify(x, (room, when)).unwrap();
    assert_eq!(store.value(room).unwrap(), "B");
}

#[test]
fn a_free_variable_gets_a_domain() {
    let mut store = Store::new();
    let [x, y] = vars(&mut store);
    store.constrain(x, &Universe::range(1..=5)).unwrap();
    store.unify(y, x).unwrap();
    store.constrain(y, &Universe::range(5..=9)).unwrap();
    assert_eq!(store.value(x).unwrap(), 5);
    store.constrain(x, &Universe::range(0..=9)).unwrap();
    assert!(store.constrain(x, &Universe::range(6..=9)).is_err());
    assert_eq!(store.constrain(x, &Universe::new([0; 0])), Err(UnifyError::EmptyDomain));
}

#[test]
fn equality_is_known_as_soon_as_it_can_be() {
    let mut store = Store::new();
    let [x, y, z] = vars(&mut store);
    assert_eq!(store.entailed(x, x).unwrap(), Entailment::Equal);
    assert_eq!(store.entailed(x, y).unwrap(), Entailment::Open(vec![x, y]));
    assert_eq!(store.entailed((x, 1), (y, 2)).unwrap(), Entailment::Different);
    assert_eq!(store.entailed((x, x), (1, 2)).unwrap(), Entailment::Different);
    store.unify(x, y).unwrap();
    assert_eq!(store.entailed(x, y).unwrap(), Entailment::Equal);
    assert_eq!(store.entailed((x, z), (y, 1)).unwrap(), Entailment::Open(vec![z]));
    let low = store.new_domain_var(&Universe::range(0..=3)).unwrap();
    let high = store.new_domain_var(&Universe::range(4..=9)).unwrap();
    assert_eq!(store.entailed(low, high).unwrap(), Entailment::Different);
    assert_eq!(store.entailed(low, 7).unwrap(), Entailment::Different);
    assert_eq!(store.entailed(low, 2).unwrap(), Entailment::Open(vec![low]));
}

#[test]
fn failed_values_fail_who_needs_them() {
    let mut store = Store::new();
    let [x, y, z] = vars(&mut store);
    store.fail(x, "out of order").unwrap();
    assert!(store.is_failed(x) && !store.is_free(x) && !store.is_bound(x));
    store.unify(y, x).unwrap();
    assert!(store.is_failed(y));
    let error = store.unify(x, 1).unwrap_err();
    assert_eq!(error.to_string(), "a failed value: out of order");
    assert!(matches!(store.unify((z, x), (1, 1)), Err(UnifyError::Failed(_))));
    assert!(store.is_free(z));
    assert!(matches!(store.value(y), Err(ReadError::Failed(_))));
    assert!(matches!(store.fail(x, "again"), Err(UnifyError::Rebinding(_))));
    store.unify(x, y).unwrap();
}
