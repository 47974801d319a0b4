//! Undo restores exactly: whole stores are compared, whatever was done.

use proptest::prelude::*;

use super::event::Queue;
use super::*;

/// All of a store that anybody can see, in a form that can be compared.
#[derive(Debug, PartialEq)]
struct Dump {
    cells: Vec<(u32, u32, u32, u32, u32, u32)>,
    words: Vec<u64>,
    universes: usize,
    widths: Vec<u32>,
    partials: Vec<Var>,
    terms: String,
    /// The texts of what is interned, in the order of the numbers that it is interned under.
    interned: (Vec<String>, Vec<String>),
    names: Vec<(u32, Arc<str>)>,
    trail: usize,
    depth: usize,
    events: Vec<DomainEvent>,
    wakes: Vec<Wake>,
}

fn dump(store: &Store) -> Dump {
    let cell = |cell: &Cell| (cell.link, cell.next, cell.meta, cell.universe, cell.offset, cell.size);
    let terms = &store.terms;
    Dump {
        cells: store.cells.iter().map(cell).collect(),
        words: store.words.clone(),
        universes: store.universes.len(),
        widths: store.universes.iter().map(|known| known.width).collect(),
        partials: store.partials.clone(),
        terms: format!(
            "{:?} {:?} {:?} {:?} {:?}",
            terms.nodes, terms.args, terms.atoms, terms.functors, terms.failures
        ),
        interned: terms.interned(),
        names: store.names.clone(),
        trail: store.trail.len(),
        depth: store.depth(),
        events: store.events.pending().to_vec(),
        wakes: store.wakes.pending().to_vec(),
    }
}

#[derive(Debug, Clone)]
enum Step {
    New,
    NewDomain(u64),
    /// Universes of 70 values: domains of two words.
    NewWide(u64, u64),
    Unify(usize, usize),
    Bind(usize, i64),
    BindPair(usize, usize, usize),
    /// A domain of pairs, so many of them.
    NewPairs(u64),
    Constrain(usize),
    Assign(usize, u32),
    Discard(usize, u32),
    Keep(usize, u64),
    Range(usize, u32, u32),
    Need(usize),
    Watch(usize),
    Entailed(usize, usize),
    Read(usize),
    Fail(usize),
    Name,
    Mark,
    Undo(usize),
    Commit(usize),
    TakeEvent,
}

fn step() -> impl Strategy<Value = Step> {
    let var = 0..12usize;
    prop_oneof![
        Just(Step::New),
        any::<u64>().prop_map(Step::NewDomain),
        (any::<u64>(), any::<u64>()).prop_map(|(a, b)| Step::NewWide(a, b)),
        (var.clone(), var.clone()).prop_map(|(a, b)| Step::Unify(a, b)),
        (var.clone(), var.clone()).prop_map(|(a, b)| Step::Unify(a, b)),
        (var.clone(), 0..9i64).prop_map(|(a, n)| Step::Bind(a, n)),
        (var.clone(), var.clone(), var.clone()).prop_map(|(a, b, c)| Step::BindPair(a, b, c)),
        (var.clone(), var.clone(), var.clone()).prop_map(|(a, b, c)| Step::BindPair(a, b, c)),
        any::<u64>().prop_map(Step::NewPairs),
        var.clone().prop_map(Step::Constrain),
        (var.clone(), 0..70u32).prop_map(|(a, n)| Step::Assign(a, n)),
        (var.clone(), 0..70u32).prop_map(|(a, n)| Step::Discard(a, n)),
        (var.clone(), any::<u64>()).prop_map(|(a, n)| Step::Keep(a, n)),
        (var.clone(), 0..70u32, 0..70u32).prop_map(|(a, n, m)| Step::Range(a, n, m)),
        var.clone().prop_map(Step::Need),
        var.clone().prop_map(Step::Watch),
        (var.clone(), var.clone()).prop_map(|(a, b)| Step::Entailed(a, b)),
        var.clone().prop_map(Step::Read),
        var.prop_map(Step::Fail),
        Just(Step::Name),
        Just(Step::Mark),
        Just(Step::Mark),
        (0..4usize).prop_map(Step::Undo),
        (0..4usize).prop_map(Step::Commit),
        Just(Step::TakeEvent),
    ]
}

/// Does one step. `vars` holds handles, stale ones among them; what the store says of these does not matter as long as it
/// says it.
fn apply(store: &mut Store, vars: &mut Vec<Var>, universes: &[Arc<Universe>; 3], step: &Step) {
    let var = |place: usize| vars.get(place % vars.len().max(1)).copied().unwrap_or(Var::NONE);
    let before = dump(store);
    let failed = match *step {
        Step::New => {
            vars.push(store.newvar());
            false
        }
        Step::NewDomain(words) => store.new_domain_var_of(&universes[0], &[words]).map(|var| vars.push(var)).is_err(),
        Step::NewWide(a, b) => store.new_domain_var_of(&universes[1], &[a, b]).map(|var| vars.push(var)).is_err(),
        Step::Unify(a, b) => store.unify(var(a), var(b)).is_err(),
        Step::Bind(a, n) => store.bind(var(a), n).is_err(),
        Step::BindPair(a, b, c) => store.unify(var(a), (var(b), [var(c)])).is_err(),
        Step::NewPairs(words) => store.new_domain_var_of(&universes[2], &[words]).map(|var| vars.push(var)).is_err(),
        Step::Constrain(a) => store.constrain(var(a), &universes[a % 3]).is_err(),
        Step::Assign(a, n) => store.assign(var(a), n).is_err(),
        Step::Discard(a, n) => store.discard(var(a), n).is_err(),
        Step::Keep(a, n) => store.keep(var(a), &[n, !n]).is_err(),
        Step::Range(a, n, m) => store.keep_range(var(a), n..=m).is_err(),
        Step::Need(a) => {
            store.need(var(a));
            false
        }
        Step::Watch(a) => {
            store.watch_domain(var(a));
            store.watch_tasks(var(a));
            false
        }
        Step::Entailed(a, b) => {
            let _ = store.entailed(var(a), var(b));
            true
        }
        Step::Read(a) => {
            let _ = store.value(var(a));
            let _ = store.show(var(a));
            false
        }
        Step::Fail(a) => store.fail(var(a), "no reason").is_err(),
        Step::Name => {
            vars.push(store.newvar_named("named"));
            false
        }
        Step::TakeEvent => {
            let _ = (store.next_event(), store.next_wake());
            false
        }
        Step::Mark | Step::Undo(_) | Step::Commit(_) => false,
    };
    if failed {
        assert_eq!(dump(store).cells, before.cells, "{step:?} failed and changed something");
        assert_eq!(dump(store), before, "{step:?} failed and changed something");
    }
}

/// An event that was taken stays taken.
fn without_taken(mut dump: Dump) -> Dump {
    dump.events.clear();
    dump.wakes.clear();
    dump
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn undo_restores_exactly(steps in prop::collection::vec(step(), 1..60)) {
        let pairs = (0..4i64).flat_map(|a| (0..4i64).map(move |b| (a, [b])));
        let universes = [Universe::range(0..=9), Universe::new(0..70), Universe::new(pairs)];
        let mut store = Store::new();
        let mut vars = Vec::new();
        let mut marks: Vec<(Mark, Dump)> = Vec::new();
        for step in &steps {
            match step {
                Step::Mark => {
                    let before = dump(&store);
                    marks.push((store.mark(), before));
                }
                Step::Undo(back) if !marks.is_empty() => {
                    let place = marks.len().saturating_sub(1 + back);
                    let mut later = marks.split_off(place);
                    let (mark, before) = later.remove(0);
                    store.undo_to(mark);
                    prop_assert_eq!(without_taken(dump(&store)), without_taken(before));
                    // Marks that were closed by it do nothing.
                    let now = dump(&store);
                    for (mark, _) in later {
                        prop_assert!(!store.undo_to(mark));
                    }
                    prop_assert_eq!(dump(&store), now);
                }
                Step::Commit(back) if !marks.is_empty() => {
                    let place = marks.len().saturating_sub(1 + back);
                    let (mark, before) = marks.split_off(place).remove(0);
                    store.commit(mark);
                    prop_assert_eq!(store.depth(), before.depth);
                }
                step => apply(&mut store, &mut vars, &universes, step),
            }
        }
        while let Some((mark, before)) = marks.pop() {
            store.undo_to(mark);
            prop_assert_eq!(without_taken(dump(&store)), without_taken(before));
        }
        prop_assert!(store.trail.is_empty());
    }

    /// Aliasing intersects, whichever universes the domains are of; binding looks up.
    #[test]
    fn aliased_domains_are_intersected_as_sets(
        domains in prop::collection::vec((prop::collection::btree_set(0..80i64, 1..40), any::<bool>()), 2..6),
        value in 0..80i64,
    ) {
        let mut store = Store::new();
        let range = Universe::range(0..=79);
        let vars: Vec<Var> = domains
            .iter()
            .map(|(set, shared)| {
                let words = set.iter().fold([0; 2], |mut words, n| {
                    words[*n as usize / 64] |= 1 << (n % 64);
                    words
                });
                let var = if *shared { store.new_domain_var_of(&range, &words) }
                    else { store.new_domain_var(&Universe::new(set.iter().rev().copied())) };
                var.unwrap()
            })
            .collect();
        let mut common = domains[0].0.clone();
        for (var, (set, _)) in vars.iter().zip(&domains).skip(1) {
            let next: std::collections::BTreeSet<i64> = common.intersection(set).copied().collect();
            let before = dump(&store);
            prop_assert_eq!(store.unify(vars[0], *var).is_ok(), !next.is_empty());
            if next.is_empty() {
                prop_assert_eq!(dump(&store), before);
                break;
            }
            common = next;
        }
        let domain = store.domain(vars[0]).unwrap();
        let held: std::collections::BTreeSet<i64> = (0..domain.universe.len() as u32)
            .filter(|index| store.contains(vars[0], *index))
            .filter_map(|index| domain.universe.value(index)?.as_int())
            .collect();
        prop_assert_eq!(&held, &common);
        prop_assert_eq!(store.is_bound(vars[0]), common.len() == 1);
        prop_assert_eq!(store.bind(vars[0], value).is_ok(), common.contains(&value));
    }

    /// The sizes, the bits and the words agree with a set of numbers.
    #[test]
    fn narrowing_is_that_of_sets(bits in 1..140u32, steps in prop::collection::vec((0..5u8, 0..150u32, 0..150u32, any::<u64>()), 1..20)) {
        let universe = Universe::new(0..i64::from(bits));
        let mut store = Store::new();
        let var = store.new_domain_var(&universe).unwrap();
        let mut set: Vec<u32> = (0..bits).collect();
        for (kind, a, b, word) in steps {
            let mask = [word, word.rotate_left(7), !word];
            let has = |index: &u32| mask[*index as usize / 64] >> (index % 64) & 1 == 1;
            let (outcome, wanted): (_, Vec<u32>) = match kind {
                0 => (store.assign(var, a), set.iter().copied().filter(|index| *index == a).collect()),
                1 => (store.discard(var, a), set.iter().copied().filter(|index| *index != a).collect()),
                2 => (store.keep(var, &mask), set.iter().copied().filter(has).collect()),
                3 => (store.discard_all(var, &mask), set.iter().copied().filter(|index| !has(index)).collect()),
                _ => (store.keep_range(var, a..=b), set.iter().copied().filter(|index| (a..=b).contains(index)).collect()),
            };
            if wanted.is_empty() {
                prop_assert_eq!(outcome, Err(DomainError::Empty(var)));
            } else {
                prop_assert_eq!(outcome, Ok(wanted.len() != set.len()));
                set = wanted;
            }
            let held: Vec<u32> = (0..160).filter(|index| store.contains(var, *index)).collect();
            prop_assert_eq!(&held, &set);
            prop_assert_eq!(store.size(var) as usize, set.len());
            prop_assert_eq!(store.min_index(var), set.first().copied());
            prop_assert_eq!(store.max_index(var), set.last().copied());
            prop_assert_eq!(store.is_bound(var), set.len() == 1);
        }
    }
}

#[test]
fn a_cell_is_32_bytes_and_a_trail_entry_16() {
    assert_eq!((size_of::<Cell>(), size_of::<trail::Entry>()), (32, 16));
}

#[test]
fn a_domain_is_saved_once_between_two_marks() {
    let mut store = Store::new();
    let var = store.new_domain_var(&Universe::range(0..=63)).unwrap();
    store.discard(var, 0).unwrap();
    assert!(store.trail.is_empty(), "no mark is open");
    let outer = store.mark();
    for index in 1..10 {
        store.discard(var, index).unwrap();
    }
    assert_eq!(store.trail.len(), 1);
    let inner = store.mark();
    store.discard(var, 10).unwrap();
    store.discard(var, 11).unwrap();
    assert_eq!(store.trail.len(), 2);
    store.undo_to(inner);
    assert_eq!(store.size(var), 54);
    store.undo_to(outer);
    assert_eq!(store.size(var), 63);
}

#[test]
fn events_come_in_order_and_are_cut_back() {
    let mut queue = Queue::default();
    queue.push(1);
    queue.push(2);
    let end = queue.end();
    queue.push(3);
    assert_eq!(queue.pop(), Some(1));
    queue.cut(end);
    assert_eq!((queue.pop(), queue.pop()), (Some(2), None));
    queue.push(4);
    queue.cut(end);
    assert_eq!(queue.pop(), None);
}

#[test]
fn watched_domains_report_what_happens() {
    let mut store = Store::new();
    let (x, y) = (store.new_domain_var(&Universe::range(1..=4)).unwrap(), store.newvar());
    store.discard(x, 0).unwrap();
    assert_eq!(store.next_event(), None, "nobody watches");
    store.watch_domain(x);
    store.discard(x, 1).unwrap();
    store.discard(x, 1).unwrap();
    store.unify(x, y).unwrap();
    store.bind(y, 4).unwrap();
    let kinds: Vec<_> = std::iter::from_fn(|| store.next_event()).map(|event| (event.var, event.kind)).collect();
    assert_eq!(kinds, [(x, DomainChange::Narrowed), (x, DomainChange::Aliased), (x, DomainChange::Fixed)]);
}

#[test]
fn alias_paths_stay_short_without_compression() {
    let mut store = Store::new();
    let universe = Universe::range(0..=3);
    let vars: Vec<Var> = (0..1 << 12)
        .map(|n| if n % 5 == 0 { store.new_domain_var(&universe).unwrap() } else { store.newvar() })
        .collect();
    let mut step = 1;
    while step < vars.len() {
        for pair in (0..vars.len()).step_by(2 * step) {
            store.unify(vars[pair + step / 2], vars[pair + step]).unwrap();
        }
        step *= 2;
    }
    let depth = |var: Var| {
        let mut steps = 0;
        let mut at = var;
        while let Link::Alias(over) = store.cells[at.index()].link() {
            (at, steps) = (over, steps + 1);
        }
        steps
    };
    assert!(vars.iter().all(|var| depth(*var) <= 2 * 12 + 1));
    assert_eq!(store.class(vars[7]).count(), vars.len());
    assert!(vars.iter().all(|var| store.alias_of(*var, vars[0])));
}

/// Two cycles of n and of m nodes are equal after n + m steps at the most, not n m.
#[test]
fn unification_of_cycles_is_linear() {
    let (n, m) = (10_007, 9_973);
    let mut store = Store::new();
    let [x, y] = [n, m].map(|len| {
        let first = store.newvar();
        let mut term: Term = first.into();
        for _ in 0..len {
            term = store.term((1, term)).unwrap();
        }
        store.unify(first, term).unwrap();
        first
    });
    let mark = store.mark();
    store.unify(x, y).unwrap();
    assert!(store.trail.len() <= 2 * (n + m), "{} steps", store.trail.len());
    store.undo_to(mark);
    assert_eq!(store.entailed(x, y).unwrap(), crate::Entailment::Equal);
}
