//! Proofs that there is no completion: the search has to try everything.

use pyprior_naive::{Rules, State, Tok, completable, min_len};

fn dead(rules: &Rules, prefix: &str) -> bool {
    let tokens: Result<Vec<Tok>, _> = prefix.split_whitespace().map(str::parse).collect();
    let state = tokens.ok().and_then(|tokens| State::of(rules, &tokens).ok());
    let begun = std::time::Instant::now();
    let dead = state.is_some_and(|state| !completable(rules, &state));
    println!("{prefix:?} under {:?}: {:?}", rules.exclude, begun.elapsed());
    dead
}

/// The defaults with constants 0 to 9, at most 30 tokens or any number.
fn defaults(excluded: &[&str]) -> [Rules; 2] {
    few(Rules::original(), excluded)
}

fn few(rules: Rules, excluded: &[&str]) -> [Rules; 2] {
    let mut rules = rules.excluding(excluded);
    rules.value_range = (0, 9);
    [rules.clone().within(Some(30)), rules]
}

#[test]
fn nor_where_it_matters_what_returns() {
    for rules in few(Rules::sound(), &["const"]) {
        assert!(dead(&rules, "BLK_2"));
        assert!(!dead(&rules, "BLK_1"));
    }
}

#[test]
fn without_constants_nothing_can_be_the_second_statement() {
    for rules in defaults(&["const"]) {
        assert!(dead(&rules, "BLK_2"));
        assert!(!dead(&rules, "BLK_1"));
        // One definition alone, its body printing or returning a parameter.
        assert_eq!(min_len(&rules), Some(6));
    }
}

#[test]
fn without_the_first_variable_the_top_has_no_target() {
    for rules in defaults(&["VAR_1"]) {
        assert!(dead(&rules, "BLK_1 ASSIGN"));
        assert!(dead(&rules, "BLK_1 FUNC_1 ARITY_0 BLK_1 ASSIGN"));
        assert!(!dead(&rules, "BLK_1 FUNC_1 ARITY_1 BLK_1 ASSIGN"));
        assert!(!dead(&rules, "BLK_1"));
    }
}

#[test]
fn without_simple_statements_nothing_ends_at_the_top() {
    for rules in defaults(&["assign", "print"]) {
        assert!(dead(&rules, "BLK_2"));
        assert!(!dead(&rules, "BLK_1"));
        assert!(dead(&rules, "BLK_1 IF"));
    }
    for rules in defaults(&["FUNC_1", "assign", "print"]) {
        assert!(dead(&rules, "BLK_1"));
        assert_eq!(min_len(&rules), None);
    }
}
