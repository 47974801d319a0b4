//! The cases of finite domains, and what may go wrong.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use pyprior_logic::fd::{
    self, AllDistinct, Choice, Conflict, Consistency, Distribution, Distributor, Domains, EvaluationError,
    FiniteDomain, Limit, Network, Operator, Order, Propagator, Relation, Repository, SolveError, Solver, Stopped,
    ValueOrder, VariableOrder, View,
};
use pyprior_logic::{Store, Universe, Value};

fn problem(domains: &[(&str, FiniteDomain)], texts: &[&str]) -> Repository {
    let mut problem = Repository::default();
    let names: Vec<&str> = domains.iter().map(|(name, _)| *name).collect();
    for (name, domain) in domains {
        problem.variable(name, domain).unwrap();
    }
    for text in texts {
        problem.add(&fd::make_expression(&names, text).unwrap()).unwrap();
    }
    problem
}

fn count(domains: &[(&str, FiniteDomain)], texts: &[&str]) -> usize {
    let problem = problem(domains, texts);
    let found = Solver::new().solve(&problem).unwrap();
    assert_eq!(found.stopped(), None);
    assert_eq!(Solver::new().count(&problem).unwrap(), found.len());
    assert_eq!(Solver::new().iter(&problem).unwrap().count(), found.len());
    found.len()
}

#[test]
fn pairs_and_sums_over_32_values() {
    let d = FiniteDomain::range(0..=31);
    assert_eq!(count(&[("a", d.clone()), ("b", d.clone())], &["a < b"]), 496);
    let mut distinct = problem(&[("a", d.clone()), ("b", d.clone())], &[]);
    distinct.add(&AllDistinct(&["a", "b"])).unwrap();
    assert_eq!(Solver::new().solve(&distinct).unwrap().len(), 992);
    assert_eq!(count(&[("a", d.clone()), ("b", d.clone()), ("c", d)], &["a == b + c"]), 528);
}

/// Values of solutions go by the numbers of domains, which those taken back must not shift.
#[test]
fn variables_that_are_refused_leave_nothing_behind() {
    let mut problem = problem(&[("a", FiniteDomain::new(["x", "y"]))], &[]);
    let refused = problem.variables_of([
        ("b", FiniteDomain::range(1..=3)),
        ("c", FiniteDomain::new(["u", "v"])),
        ("a", FiniteDomain::range(5..=6)),
    ]);
    assert_eq!(refused, Err(SolveError::DuplicateVariable { name: "a".into() }));
    assert_eq!(problem.names().collect::<Vec<_>>(), ["a"]);
    problem.variables_of([("b", FiniteDomain::range(7..=8)), ("c", FiniteDomain::new(["w"]))]).unwrap();
    problem.add(&fd::make_expression(&["a", "b"], "a == 'y' and b == 8").unwrap()).unwrap();
    let found = Solver::new().solve_first(&problem).unwrap().unwrap();
    assert_eq!(found.to_string(), "a = 'y', b = 8, c = 'w'");
    assert_eq!(Solver::new().first(problem).unwrap().unwrap(), found);
}

#[test]
fn expressions_of_three_variables_are_exact() {
    let bit = FiniteDomain::range(0..=1);
    let three = [("a", bit.clone()), ("b", bit.clone()), ("c", bit)];
    assert_eq!(count(&three, &["not(a==1 and b==1 and c==1)"]), 7);
}

#[test]
fn all_distinct_revised() {
    let revise = |domains: &[&[i64]], consistency| {
        let mut store = Store::new();
        let universe = Universe::range(1..=2);
        let vars: Vec<_> = domains
            .iter()
            .map(|domain| {
                let words = domain.iter().fold(0, |words, value| words | 1 << (value - 1));
                store.new_domain_var_of(&universe, &[words]).unwrap()
            })
            .collect();
        let mut network = Network::new();
        network.post(&Relation::AllDistinct(consistency), &vars).unwrap();
        let possible = network.propagate(&mut store).unwrap();
        possible.then(|| vars.iter().map(|var| store.words(*var)[0]).collect::<Vec<_>>())
    };
    for consistency in [Consistency::Adaptive, Consistency::Domain] {
        assert_eq!(revise(&[&[1, 2], &[1, 2]], consistency), Some(vec![3, 3]));
        assert_eq!(revise(&[&[1], &[2]], consistency), Some(vec![1, 2]));
        assert_eq!(revise(&[&[1], &[1]], consistency), None);
        assert_eq!(revise(&[&[1, 2], &[1, 2], &[1, 2]], consistency), None);
        assert_eq!(revise(&[&[1], &[1, 2]], consistency), Some(vec![1, 2]));
    }
}

#[test]
fn matching_sees_what_pairs_of_domains_do_not() {
    // Values 1..4: x, y, z in {1,2}, {2,3}, {1,3} need all three, which no one of them has as its domain.
    let mut store = Store::new();
    let universe = Universe::range(1..=4);
    let vars: Vec<_> =
        [0b0011, 0b0110, 0b0101, 0b1111].map(|words| store.new_domain_var_of(&universe, &[words]).unwrap()).into();
    let mut network = Network::new();
    network.post(&Relation::AllDistinct(Consistency::Domain), &vars).unwrap();
    assert!(network.propagate(&mut store).unwrap());
    assert_eq!(store.words(vars[3]), [0b1000]);
}

#[test]
fn sums_narrow_domains() {
    let mut store = Store::new();
    let v = store.new_domain_var(&Universe::range(1..=2)).unwrap();
    let mut network = Network::new();
    network.post(&Relation::linear([2], Operator::Equal, 2), &[v]).unwrap();
    assert!(network.propagate(&mut store).unwrap());
    assert_eq!(store.fixed(v), Some(0));
    // The ends of 64 bits: 2 * x == 2^64 - 2 has one solution, and nothing overflows on the way.
    let top = FiniteDomain::range(i64::MAX - 1..=i64::MAX);
    let ends = problem(&[("x", top.clone()), ("y", top.clone()), ("z", top)], &["x + y - z == 9223372036854775807"]);
    assert_eq!(Solver::new().solve(&ends).unwrap().len(), 3);
}

#[test]
fn a_domain_given_twice_is_two_domains() {
    let d = FiniteDomain::new([1, 2, 3]);
    let found = Solver::new().solve(&problem(&[("a", d.clone()), ("b", d)], &["a == 1", "b == 3"])).unwrap();
    assert_eq!(found.iter().map(|solution| solution.to_string()).collect::<Vec<_>>(), ["a = 1, b = 3"]);
}

#[test]
fn logic_variables_and_those_of_the_solver_are_the_same() {
    let mut store = Store::new();
    let low = store.new_domain_var(&Universe::range(1..=3)).unwrap();
    let high = store.new_domain_var(&Universe::range(2..=9)).unwrap();
    let other = store.new_domain_var(&Universe::range(0..=9)).unwrap();
    let mut network = Network::new();
    network.post(&Relation::template("%s + %s == 5").unwrap(), &[low, other]).unwrap();
    network.post(&Relation::template("%s != %s").unwrap(), &[high, other]).unwrap();
    assert!(network.propagate(&mut store).unwrap());
    assert_eq!(store.size(other), 3);
    // Now both are 2 or 3, so the other is 3 or 2, and not the same.
    store.unify(low, high).unwrap();
    assert!(network.propagate(&mut store).unwrap());
    assert_eq!((store.size(low), store.size(other)), (2, 2));
    let mark = store.mark();
    store.unify(high, 2).unwrap();
    assert!(network.propagate(&mut store).unwrap());
    assert_eq!(store.domain(other).unwrap().universe.value(store.fixed(other).unwrap()), Some(Value::Int(3)));
    store.undo_to(mark);
    assert_eq!((store.size(low), store.size(other)), (2, 2));
    // A contradiction leaves the store alone.
    store.unify(other, 5).unwrap_err();
    network.post(&Relation::template("%s > 7").unwrap(), &[other]).unwrap();
    assert!(!network.propagate(&mut store).unwrap());
    assert_eq!((store.size(low), store.size(other)), (2, 2));
}

#[test]
fn no_solution_is_no_error() {
    let d = FiniteDomain::range(1..=2);
    let hopeless = problem(&[("a", d.clone()), ("b", d.clone())], &["a + b > 9"]);
    assert!(Solver::new().solve(&hopeless).unwrap().is_empty());
    assert_eq!(Solver::new().solve_first(&hopeless).unwrap(), None);
    assert!(Solver::new().iter(&hopeless).unwrap().next().is_none());
    assert!(Solver::new().minimise(&hopeless, "a").unwrap().is_none());
    let mut three = problem(&[("a", d.clone()), ("b", d.clone()), ("c", d)], &[]);
    three.add(&AllDistinct(&["a", "b", "c"])).unwrap();
    assert_eq!(Solver::new().solve_first(&three).unwrap(), None);
    assert_eq!(Solver::new().parallel(true).solve(&three).unwrap().len(), 0);
}

#[test]
fn what_is_wrong_with_a_problem_is_named() {
    let d = FiniteDomain::range(1..=2);
    let none: [i64; 0] = [];
    let domains = |names: &[&'static str]| names.iter().map(|name| (*name, d.clone())).collect::<Vec<_>>();
    let new = |names: &[&str], domains: Vec<(&str, FiniteDomain)>, constraint| {
        Repository::new(names, domains, [constraint]).unwrap_err().to_string()
    };
    let pair = || fd::make_expression(&["a", "q"], "a < q").unwrap();
    assert_eq!(new(&["a"], domains(&["a"]), pair()), "a < q is over `q`, which is no variable of the problem");
    assert_eq!(new(&["a", "q"], domains(&["a"]), pair()), "variable `q` has no domain");
    assert_eq!(new(&["a", "a"], domains(&["a"]), pair()), "there are two variables `a`");
    assert_eq!(new(&["a"], domains(&["a", "z"]), pair()), "a domain for `z`, which is no variable of the problem");
    assert_eq!(new(&["a"], vec![("a", FiniteDomain::new(none))], pair()), "the domain of `a` is empty");
    let narrow = Relation::linear([1], Operator::Less, 2).on(&["a", "q"]);
    assert_eq!(new(&["a", "q"], domains(&["a", "q"]), narrow), "a sum of 1 terms takes 1 variables and was given 2");
    let words = FiniteDomain::new(["one", "two"]);
    let mut wrong = problem(&[("a", words.clone()), ("b", words)], &[]);
    wrong.add(&Relation::linear([1, 1], Operator::Equal, 2).on(&["a", "b"])).unwrap();
    let error = Solver::new().solve(&wrong).unwrap_err().to_string();
    assert_eq!(error, "a sum of 2 terms is over `a`, which may be 'one'");
}

#[test]
fn an_expression_without_a_value_is_an_error_unless_it_is_guarded() {
    let d = FiniteDomain::range(0..=3);
    let two = [("a", d.clone()), ("b", d)];
    let error = Solver::new().solve(&problem(&two, &["6 // a == b"])).unwrap_err();
    assert_eq!(error.to_string(), "6 // a == b at a = 0, b = 0: division by zero");
    assert_eq!(count(&two, &["a != 0 and 6 // a == b"]), 2);
    assert_eq!(count(&two, &["a != 0", "6 // a == b"]), 2);
    let error = Solver::new().solve(&problem(&two, &["a < 'x'"])).unwrap_err();
    assert!(matches!(error, SolveError::Evaluation { source: EvaluationError::Operands { .. }, .. }), "{error}");
}

struct Shouts;

impl Propagator for Shouts {
    fn name(&self) -> &str {
        "shouts"
    }

    fn propagate(&self, _: &mut Domains<'_>) -> Result<(), Conflict> {
        panic!("no")
    }
}

impl Distributor for Shouts {
    fn choose(&self, _: &View<'_>) -> Option<Choice> {
        panic!("never")
    }
}

#[test]
fn panics_of_closures_come_back_as_errors() {
    let d = FiniteDomain::range(0..=3);
    let names = ["a", "b"];
    let domains = || names.map(|name| (name, d.clone()));
    let closure = |values: &[Value]| if values[0] == 2 { panic!("two") } else { values[0] != values[1] };
    let problem = Repository::new(&names, domains(), [fd::make_expression(&names, closure).unwrap()]).unwrap();
    let error = Solver::new().solve(&problem).unwrap_err().to_string();
    assert_eq!(error, "a closure at a = 2, b = 0: the function panicked: two");
    let custom = Relation::Custom(std::sync::Arc::new(Shouts)).on(&names);
    let problem = Repository::new(&names, domains(), [custom]).unwrap();
    for solver in [Solver::new(), Solver::new().parallel(true)] {
        assert_eq!(solver.solve(&problem).unwrap_err().to_string(), "shouts panicked: no");
        let free = Repository::new(&names, domains(), []).unwrap();
        assert_eq!(solver.strategy(Shouts).solve(&free).unwrap_err().to_string(), "the strategy panicked: never");
    }
}

#[test]
fn a_runaway_search_stops_at_its_limit_and_says_so() {
    // Thirty pigeons whose holes are told apart by closures alone: nothing propagates.
    let d = FiniteDomain::range(1..=29);
    let names: Vec<String> = (0..30).map(|n| format!("p{n}")).collect();
    let mut runaway = Repository::default();
    let vars: Vec<_> = names.iter().map(|name| runaway.variable(name, &d).unwrap()).collect();
    let differ = Relation::predicate(|values| values[0] != values[1]);
    for (place, one) in vars.iter().enumerate() {
        for other in &vars[place + 1..] {
            runaway.post(&differ, &[*one, *other]).unwrap();
        }
    }
    for parallel in [false, true] {
        let solver = Solver::new().parallel(parallel);
        let found = solver.clone().nodes(1000).solve(&runaway).unwrap();
        assert_eq!((found.len(), found.stopped()), (0, Some(Limit::Nodes(1000))));
        let time = Duration::from_millis(30);
        let stopped = solver.time(time).solve_first(&runaway).unwrap_err();
        assert_eq!(stopped, Stopped::Limit(Limit::Time(time)));
        assert_eq!(stopped.to_string(), "the search was stopped at its limit of 30ms");
    }
    let free = problem(&[("a", d.clone()), ("b", d)], &[]);
    let found = Solver::new().solutions(5).solve(&free).unwrap();
    assert_eq!((found.len(), found.stopped()), (5, Some(Limit::Solutions(5))));
    assert_eq!(Solver::new().solutions(5).iter(&free).unwrap().count(), 5);
}

#[test]
fn best_solutions() {
    let d = FiniteDomain::range(0..=20);
    let names = [("x", d.clone()), ("y", d.clone()), ("z", d)];
    let limited = problem(&names, &["2*x + 3*y + z <= 40", "x <= y + 4"]);
    for solver in [Solver::new(), Solver::new().parallel(true)] {
        let best = solver.maximise(&limited, "5*x + 4*y - z").unwrap().unwrap();
        // Brute force.
        let mut most = i64::MIN;
        for (x, y, z) in (0_i64..21).flat_map(|x| (0..21).flat_map(move |y| (0..21).map(move |z| (x, y, z)))) {
            if 2 * x + 3 * y + z <= 40 && x <= y + 4 {
                most = most.max(5 * x + 4 * y - z);
            }
        }
        assert_eq!((best.value, best.stopped), (most, None));
        let least = solver.minimise(&limited, "abs(x*y - 17) + max(y, z) % 7").unwrap().unwrap();
        let value = |name| least.solution.get(name).unwrap().as_int().unwrap();
        let (x, y, z) = (value("x"), value("y"), value("z"));
        assert_eq!((x * y - 17).abs() + y.max(z) % 7, least.value);
        let mut fewest = i64::MAX;
        for (x, y, z) in (0_i64..21).flat_map(|x| (0..21).flat_map(move |y| (0..21).map(move |z| (x, y, z)))) {
            if 2 * x + 3 * y + z <= 40 && x <= y + 4 {
                fewest = fewest.min((x * y - 17).abs() + y.max(z) % 7);
            }
        }
        assert_eq!(least.value, fewest);
    }
    let error = Solver::new().minimise(&limited, "x, y").unwrap_err();
    assert!(error.to_string().starts_with("column 2 of"), "{error}");
    assert!(matches!(Solver::new().minimise(&limited, "'x'"), Err(Stopped::Problem(SolveError::Objective { .. }))));
}

#[test]
fn a_variable_whose_factor_is_zero_is_read_all_the_same() {
    let texts = FiniteDomain::new(["a", "b"]);
    let numbers = FiniteDomain::range(0..=3);
    let mixed = |text: &str| problem(&[("x", texts.clone()), ("y", numbers.clone())], &[text]);
    assert_eq!(Solver::new().count(&mixed("x == x and y < 2")).unwrap(), 4);
    // 'a' * 0 is '' to Python.
    assert_eq!(Solver::new().count(&mixed("x*0 == 0 and y < 2")).unwrap(), 0);
    let wrong = Solver::new().count(&problem(&[("x", texts.clone()), ("y", texts)], &["x - x + y - y == 0"]));
    assert!(matches!(wrong, Err(Stopped::Problem(SolveError::Evaluation { .. }))), "{wrong:?}");
}

#[test]
fn sums_that_leave_128_bits_are_exact() {
    let ends = FiniteDomain::new([i64::MIN, i64::MAX]);
    let names = ["x", "y", "z"];
    let (low, high) = (i128::from(i64::MIN), i128::from(i64::MAX));
    for (count, operator) in [(3, Operator::AtMost), (2, Operator::AtMost), (3, Operator::Greater), (1, Operator::Less)]
    {
        let names = &names[..count];
        let mut problem = Repository::new(names, names.iter().map(|name| (*name, ends.clone())), []).unwrap();
        problem.add(&Relation::linear(vec![i64::MAX; count], operator, 0).on(names)).unwrap();
        // The factor is positive: the sum has the sign of the sum of the values.
        let sums = (0..1 << count)
            .map(|all: u32| (0..count).map(|one| if all >> one & 1 == 1 { high } else { low }).sum::<i128>());
        let wanted = sums.filter(|sum| match operator {
            Operator::AtMost => *sum <= 0,
            Operator::Greater => *sum > 0,
            _ => *sum < 0,
        });
        assert_eq!(Solver::new().count(&problem).unwrap(), wanted.count(), "{count} {operator:?}");
    }
    let text = "9223372036854775807*x + 9223372036854775807*y + 9223372036854775807*z <= 0";
    let written = problem(&names.map(|name| (name, ends.clone())), &[text]);
    assert_eq!(Solver::new().count(&written).unwrap(), 4);
    // The least number of 64 bits has no negative there.
    let mut least = problem(&[("x", FiniteDomain::range(-1..=2))], &[]);
    least.add(&Relation::linear([i64::MIN], Operator::AtLeast, i64::MIN).on(&["x"])).unwrap();
    assert_eq!(Solver::new().count(&least).unwrap(), 3);
    // An objective whose factors are all 0.
    let best = Solver::new().minimise(&written, "0*x + 9223372036854775807*0 + y*0").unwrap().unwrap();
    assert_eq!(best.value, 0);
}

#[test]
fn a_network_is_good_for_the_store_as_it_was_before() {
    let digits = Universe::range(0..=9);
    // A relation over one variable, and a binding that is undone.
    let mut store = Store::new();
    let (x, y) = (store.new_domain_var(&digits).unwrap(), store.new_domain_var(&digits).unwrap());
    let mut network = Network::new();
    network.post(&Relation::template("%s < 3").unwrap(), &[x]).unwrap();
    let mark = store.mark();
    assert!(network.propagate(&mut store).unwrap());
    assert_eq!(store.size(x), 3);
    store.undo_to(mark);
    assert!(network.propagate(&mut store).unwrap());
    assert_eq!(store.size(x), 3);
    // After a failure of its own.
    network.post(&Relation::template("%s < %s").unwrap(), &[x, y]).unwrap();
    let mut store = Store::new();
    let (x, y) = (store.new_domain_var(&digits).unwrap(), store.new_domain_var(&digits).unwrap());
    let mark = store.mark();
    store.unify(y, 0).unwrap();
    assert!(!network.propagate(&mut store).unwrap());
    store.undo_to(mark);
    assert!(network.propagate(&mut store).unwrap());
    assert_eq!((store.size(x), store.size(y)), (3, 9));
}

#[test]
fn a_table_made_of_few_values_is_not_used_for_more() {
    let bits = Universe::range(0..=3);
    let mut store = Store::new();
    let vars: Vec<_> = (0..3).map(|_| store.new_domain_var(&bits).unwrap()).collect();
    let mut network = Network::new();
    network.post(&Relation::template("(%s + %s * %s) % 2 == 0").unwrap(), &vars).unwrap();
    let mark = store.mark();
    store.unify(vars[0], 0).unwrap();
    assert!(network.propagate(&mut store).unwrap());
    store.undo_to(mark);
    assert!(network.propagate(&mut store).unwrap());
    assert_eq!(vars.iter().map(|var| store.size(*var)).collect::<Vec<_>>(), [4, 4, 4]);
    // The same network over another store.
    let mut other = Store::new();
    let vars: Vec<_> = (0..3).map(|_| other.new_domain_var(&bits).unwrap()).collect();
    assert!(network.propagate(&mut other).unwrap());
    assert_eq!(other.size(vars[0]), 4);
}

/// Ends within the limit on time, with room for a loaded machine.
fn ends_in_time(problem: &Repository, what: &str) {
    let limit = Duration::from_millis(150);
    let begun = std::time::Instant::now();
    let result = Solver::new().time(limit).solve_first(problem);
    assert!(matches!(result, Err(Stopped::Limit(Limit::Time(_)))), "{what}: {result:?}");
    assert!(begun.elapsed() < Duration::from_millis(1500), "{what}: {:?}", begun.elapsed());
}

#[test]
fn a_limit_on_time_holds_while_propagating() {
    let wide = FiniteDomain::range(0..=1_000_000);
    let pair = [("a", wide.clone()), ("b", wide.clone())];
    ends_in_time(&problem(&pair, &["a < b", "b < a"]), "bounds that move by one");
    let mut tested = problem(&[("a", wide.clone()), ("b", wide.clone()), ("c", wide)], &[]);
    let never = |values: &[Value]| values[0] == values[1] && values[1] != values[2] && values[0] == values[2];
    tested.add(&fd::make_expression(&["a", "b", "c"], never).unwrap()).unwrap();
    ends_in_time(&tested, "tests with one open variable");
    let many = FiniteDomain::range(0..=200_000);
    let names: Vec<String> = (0..100).map(|number| format!("v{number}")).collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    let domains = names.iter().map(|name| (*name, many.clone()));
    let matched = Relation::AllDistinct(Consistency::Domain).on(&names);
    ends_in_time(&Repository::new(&names, domains, [matched]).unwrap(), "matching");
}

#[test]
fn a_limit_on_time_holds_while_compiling() {
    let wide = FiniteDomain::range(0..=999);
    let names: Vec<String> = (0..60).map(|number| format!("v{number}")).collect();
    let mut slow = Repository::default();
    for name in &names {
        slow.variable(name, &wide).unwrap();
    }
    for (number, pair) in names.windows(2).enumerate() {
        let text = format!("({} * {} + {number}) % 7 != 3", pair[0], pair[1]);
        slow.add(&fd::make_expression(&[&pair[0], &pair[1]], &text).unwrap()).unwrap();
    }
    ends_in_time(&slow, "pairs that are tested");
    let limited = Solver::new().time(Duration::from_millis(50));
    assert!(matches!(limited.iter(&slow).unwrap().next(), Some(Err(Stopped::Limit(Limit::Time(_))))));
    assert!(matches!(limited.count(&slow), Err(Stopped::Limit(Limit::Time(_)))));
    assert!(matches!(limited.minimise(&slow, "v0"), Err(Stopped::Limit(Limit::Time(_)))));
}

#[test]
fn a_limit_on_time_holds_while_slow_closures_are_asked() {
    let slow = |values: &[Value]| {
        std::thread::sleep(Duration::from_millis(2));
        values.first() != Some(&Value::Int(0))
    };
    for names in [&["a"][..], &["a", "b"], &["a", "b", "c"], &["a", "b", "c", "d", "e", "f"]] {
        let each = FiniteDomain::range(0..=4000_f64.powf(1.0 / names.len() as f64) as i64);
        let mut asked = Repository::default();
        let variables = asked.variables(names.iter().copied(), &each).unwrap();
        asked.post(&Relation::predicate(slow), &variables).unwrap();
        ends_in_time(&asked, "closures");
    }
}

/// An order as a strategy of one's own, whose values are gone through one by one.
struct Own(Order);

impl Distributor for Own {
    fn choose(&self, view: &View<'_>) -> Option<Choice> {
        self.0.choose(view)
    }
}

#[test]
fn going_through_a_wide_domain_is_as_going_through_it_value_by_value() {
    let wide = FiniteDomain::range(0..=299).only((0..=299).filter(|n| n % 10 != 3));
    let problems = [
        problem(&[("a", wide.clone())], &["a != 17"]),
        problem(&[("a", wide.clone()), ("b", FiniteDomain::range(0..=2))], &["a % 3 != b"]),
        problem(&[("a", FiniteDomain::range(0..=1)), ("b", wide.clone())], &[]),
        problem(&[("a", wide.clone()), ("b", wide.clone())], &["a == b"]),
        problem(
            &[("a", wide), ("b", FiniteDomain::range(0..=1)), ("c", FiniteDomain::range(0..=1))],
            &["a + b > c * 290"],
        ),
    ];
    for (number, problem) in problems.iter().enumerate() {
        for values in [ValueOrder::Least, ValueOrder::Greatest, ValueOrder::Median] {
            for distribution in [Distribution::Enumerating, Distribution::Dichotomic] {
                let order = Order { variables: VariableOrder::Input, values, distribution };
                let of = |solver: Solver| {
                    let by = solver.clone().variables(order.variables).values(values).distribution(distribution);
                    (by, solver.strategy(Own(order)))
                };
                for limited in [Solver::new(), Solver::new().nodes(270), Solver::new().solutions(260)] {
                    let (one, other) = of(limited);
                    let solve = |solver: &Solver| {
                        let found = solver.solve(problem).unwrap();
                        (found.rows().to_vec(), found.stopped(), found.statistics())
                    };
                    let told = solve(&one);
                    assert_eq!(told, solve(&other), "problem {number}, {order:?}");
                    let rows = one.iter(problem).unwrap().map_while(Result::ok).flat_map(|s| s.indices().to_vec());
                    assert_eq!(rows.collect::<Vec<_>>(), told.0, "problem {number}, {order:?}");
                }
                let (one, other) = of(Solver::new());
                assert_eq!(one.count(problem).unwrap(), other.count(problem).unwrap());
                assert_eq!(one.clone().parallel(true).count(problem).unwrap(), other.count(problem).unwrap());
                let best = |solver: &Solver| solver.maximise(problem, "a").unwrap().map(|best| best.value);
                assert_eq!(best(&one), best(&other));
            }
        }
    }
}

#[test]
fn domains_of_too_many_values_are_refused() {
    let refused = |domain: &FiniteDomain| {
        assert!(domain.is_cut());
        let made = Repository::default().variable("x", domain);
        assert!(matches!(made, Err(SolveError::TooLarge { .. })), "{made:?}");
    };
    refused(&FiniteDomain::range(0..=20_000_000));
    let half = FiniteDomain::range(1..=5000);
    refused(&FiniteDomain::product(&[half.clone(), half]));
    refused(&FiniteDomain::product(&[FiniteDomain::range(0..=20_000_000), FiniteDomain::range(0..=0)]));
    let most = FiniteDomain::range(1..=Universe::MAX as i64);
    assert!(!most.is_cut());
    Repository::default().variable("x", &most).unwrap();
}

#[test]
fn an_objective_that_is_no_sum_is_as_good_as_its_variables() {
    // All values of the other variables would be 4^14 solutions.
    let names: Vec<String> = (0..16).map(|number| format!("v{number}")).collect();
    let values = FiniteDomain::range(0..=3);
    let wide = problem(&names.iter().map(|name| (&**name, values.clone())).collect::<Vec<_>>(), &[]);
    let best = Solver::new().nodes(10_000).minimise(&wide, "v0 * v1").unwrap().unwrap();
    assert_eq!((best.value, best.stopped), (0, None));
    let best = Solver::new().nodes(10_000).maximise(&wide, "v3 * v9 - v3").unwrap().unwrap();
    assert_eq!((best.value, best.stopped), (6, None));
    // True is 1, and the greatest number of 64 bits is one like all others.
    let best = Solver::new().nodes(10_000).maximise(&wide, "v0 > 2").unwrap().unwrap();
    assert_eq!((best.value, best.solution.get("v0")), (1, Some(Value::Int(3))));
    let ends = problem(&[("x", FiniteDomain::new([i64::MAX])), ("y", FiniteDomain::new([i64::MIN]))], &[]);
    assert_eq!(Solver::new().minimise(&ends, "max(x, y)").unwrap().unwrap().value, i64::MAX);
    assert_eq!(Solver::new().maximise(&ends, "min(x, y)").unwrap().unwrap().value, i64::MIN);
    assert_eq!(Solver::new().minimise(&ends, "x").unwrap().unwrap().value, i64::MAX);
    assert_eq!(Solver::new().maximise(&ends, "y").unwrap().unwrap().value, i64::MIN);
}

#[test]
fn the_best_is_the_same_on_several_threads() {
    use pyprior_logic::fd::VariableOrder;
    let values = FiniteDomain::range(0..=12);
    let three = problem(&["a", "b", "c"].map(|name| (name, values.clone())), &[]);
    let solver = Solver::new().variables(VariableOrder::Input);
    for text in ["(a * b + c) % 7", "a + b + c", "(a - b) * c % 11"] {
        let one = solver.clone().maximise(&three, text).unwrap().unwrap();
        for _ in 0..20 {
            let several = solver.clone().parallel(true).maximise(&three, text).unwrap().unwrap();
            assert_eq!((several.value, several.solution.to_string()), (one.value, one.solution.to_string()), "{text}");
        }
    }
    for _ in 0..50 {
        assert_eq!(Solver::new().parallel(true).solutions(3).solve(&three).unwrap().len(), 3);
        assert_eq!(Solver::new().parallel(true).solutions(3).count(&three).unwrap(), 3);
    }
    assert_eq!(Solver::new().parallel(true).count(&three).unwrap(), 13 * 13 * 13);
}

#[test]
fn tables_of_rows_of_different_lengths_are_refused() {
    let mut pair = problem(&[("a", FiniteDomain::range(0..=3)), ("b", FiniteDomain::range(0..=3))], &[]);
    let ragged = Relation::table(vec![vec![1], vec![1, 2], vec![2, 3]]);
    assert!(matches!(pair.add(&ragged.on(&["a", "b"])), Err(SolveError::Arity { .. })));
    // One row of no values holds of no variables; no row does not.
    pair.add(&Relation::table([Vec::<i64>::new()]).on(&[])).unwrap();
    assert_eq!(Solver::new().count(&pair).unwrap(), 16);
    pair.add(&Relation::table(Vec::<Vec<i64>>::new()).on(&[])).unwrap();
    assert_eq!(Solver::new().count(&pair).unwrap(), 0);
}

#[test]
fn a_contradiction_at_the_root_has_a_number() {
    let digits = FiniteDomain::range(0..=9);
    let at = |texts: &[&str]| problem(&[("a", digits.clone()), ("b", digits.clone())], texts).contradiction().unwrap();
    assert_eq!(at(&["a < b", "a > 3", "b < 4", "a != b"]), Some(2));
    assert_eq!(at(&["a > 9"]), Some(0));
    assert_eq!(at(&["a < b", "b > 3"]), None);
    assert_eq!(at(&[]), None);
    assert_eq!(at(&["a < b", "b != 5", "a + b == 40"]), Some(2));
}
