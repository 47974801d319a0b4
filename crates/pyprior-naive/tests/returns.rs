//! Where `RETURN` may stand and what follows from it, under each switch.

mod common;

use common::{few_constants, is_program, legal_after};
use pyprior_naive::{Rules, check};

/// A definition with this body, alone, up to three statements a block.
fn def(body: &str) -> String {
    format!("BLK_1 FUNC_1 ARITY_0 {body}")
}

fn rules(no_dead_code: bool, dead_after_returning: bool) -> Rules {
    Rules {
        max_block_stmts: 3,
        max_expr_depth: 1,
        no_dead_code,
        dead_after_returning,
        ..few_constants(Rules::original())
    }
}

const RETURN: &str = "RETURN INT_0";
const PRINT: &str = "PRINT INT_0";
const IF: &str = "IF LT INT_0 INT_1";

#[test]
fn return_stands_in_definitions_only() {
    for rules in [rules(true, true), rules(false, false)] {
        assert!(!is_program(&rules, &format!("BLK_1 {RETURN}")));
        assert!(!is_program(&rules, &format!("BLK_1 FOR VAR_1 INT_0 BLK_1 {RETURN}")));
        assert!(is_program(&rules, &def(&format!("BLK_1 {RETURN}"))));
        let loops = def(&format!("BLK_1 FOR VAR_1 INT_0 BLK_1 {RETURN}"));
        assert!(is_program(&rules, &loops));
    }
}

#[test]
fn return_before_the_last_place_needs_dead_code() {
    let early = def(&format!("BLK_2 {RETURN} {PRINT}"));
    for after_returning in [false, true] {
        assert!(!is_program(&rules(true, after_returning), &early));
        assert!(is_program(&rules(false, after_returning), &early));
        let last = def(&format!("BLK_2 {PRINT} {RETURN}"));
        assert!(is_program(&rules(true, after_returning), &last));
    }
    assert!(!legal_after(&rules(true, false), &def("BLK_2")).contains("RETURN"));
    assert!(legal_after(&rules(false, true), &def("BLK_2")).contains("RETURN"));
}

#[test]
fn an_if_both_of_whose_branches_return_is_last_only_under_the_switch() {
    let both = def(&format!("BLK_2 {IF} BLK_1 {RETURN} BLK_1 {RETURN} {PRINT}"));
    assert!(!is_program(&rules(true, true), &both));
    assert!(is_program(&rules(true, false), &both));
    assert!(is_program(&rules(false, true), &both), "no_dead_code is off");
    assert!(is_program(&rules(false, false), &both));
    let last = def(&format!("BLK_2 {PRINT} {IF} BLK_1 {RETURN} BLK_1 {RETURN}"));
    assert!(is_program(&rules(true, true), &last));
    for one in [[RETURN, PRINT], [PRINT, RETURN]] {
        let [then, otherwise] = one;
        let text = def(&format!("BLK_2 {IF} BLK_1 {then} BLK_1 {otherwise} {PRINT}"));
        assert!(is_program(&rules(true, true), &text));
    }
}

#[test]
fn the_switch_reaches_into_nested_branches() {
    let rules = rules(true, true);
    let nested = |first: &str, second: &str, third: &str| {
        def(&format!("BLK_2 {IF} BLK_1 {first} BLK_1 {IF} BLK_1 {second} BLK_1 {third} {PRINT}"))
    };
    assert!(!is_program(&rules, &nested(RETURN, RETURN, RETURN)));
    assert!(is_program(&rules, &nested(RETURN, RETURN, PRINT)));
    assert!(is_program(&rules, &nested(RETURN, PRINT, RETURN)));
    assert!(is_program(&rules, &nested(PRINT, RETURN, RETURN)));
    let prefix = def(&format!("BLK_2 {IF} BLK_1 {RETURN} BLK_1 {IF} BLK_1 {RETURN} BLK_1"));
    assert!(!legal_after(&rules, &prefix).contains("RETURN"));
    // The first branch may be the nested one.
    let first = def(&format!("BLK_2 {IF} BLK_1 {IF} BLK_1 {RETURN} BLK_1 {RETURN} BLK_1 {RETURN} {PRINT}"));
    assert!(!is_program(&rules, &first));
}

#[test]
fn loops_never_return() {
    let body = format!("FOR VAR_1 INT_0 BLK_1 {RETURN}");
    for rules in [rules(true, true), rules(true, false)] {
        assert!(is_program(&rules, &def(&format!("BLK_2 {body} {PRINT}"))));
        let twice = def(&format!("BLK_2 {IF} BLK_1 {body} BLK_1 {body} {PRINT}"));
        assert!(is_program(&rules, &twice));
    }
    // But the last place of the body is a last place like any other.
    let early = def(&format!("BLK_1 FOR VAR_1 INT_0 BLK_2 {RETURN} {PRINT}"));
    assert!(!is_program(&rules(true, true), &early));
    let both = format!("{IF} BLK_1 {RETURN} BLK_1 {RETURN}");
    let inner = def(&format!("BLK_2 FOR VAR_1 INT_0 BLK_1 {both} {PRINT}"));
    assert!(is_program(&rules(true, true), &inner));
    let early = def(&format!("BLK_1 FOR2 VAR_1 INT_0 INT_1 BLK_2 {both} {PRINT}"));
    assert!(!is_program(&rules(true, true), &early));
    assert!(is_program(&rules(true, false), &early));
}

#[test]
fn what_returns_is_reported() {
    let rules = rules(false, false);
    let returns = |body: &str| {
        let facts = check(&rules, &common::toks(&def(body)));
        facts.is_ok_and(|facts| facts.functions.iter().all(|f| f.returns))
    };
    assert!(returns(&format!("BLK_1 {RETURN}")));
    assert!(returns(&format!("BLK_2 {RETURN} {PRINT}")));
    assert!(returns(&format!("BLK_1 {IF} BLK_1 {RETURN} BLK_2 {RETURN} {PRINT}")));
    assert!(!returns(&format!("BLK_1 {PRINT}")));
    assert!(!returns(&format!("BLK_1 {IF} BLK_1 {RETURN} BLK_1 {PRINT}")));
    assert!(!returns(&format!("BLK_1 FOR VAR_1 INT_0 BLK_1 {RETURN}")));
}
