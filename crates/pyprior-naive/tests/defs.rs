//! Definitions and calls: their order, their place, who may call whom.

mod common;

use common::{few_constants, is_program, legal_after};
use pyprior_naive::{Rules, check};

fn rules(calls_returning: bool) -> Rules {
    Rules {
        max_funcs: 2,
        max_vars: 2,
        max_block_stmts: 3,
        max_expr_depth: 1,
        calls_returning,
        ..few_constants(Rules::original())
    }
}

const RETURNING: &str = "FUNC_1 ARITY_0 BLK_1 RETURN INT_0";
const PRINTING: &str = "FUNC_1 ARITY_0 BLK_1 PRINT INT_0";

#[test]
fn a_definition_is_not_the_last_of_several_statements() {
    let rules = rules(false);
    assert!(is_program(&rules, &format!("BLK_1 {PRINTING}")));
    assert!(is_program(&rules, &format!("BLK_2 {PRINTING} PRINT INT_0")));
    assert!(!is_program(&rules, &format!("BLK_2 PRINT INT_0 {PRINTING}")));
    assert!(legal_after(&rules, "BLK_2").contains("FUNC_1"));
    assert!(!legal_after(&rules, "BLK_2 PRINT INT_0").contains("FUNC"));
}

#[test]
fn definitions_take_the_functions_in_order() {
    let rules = rules(false);
    assert!(!legal_after(&rules, "BLK_3").contains("FUNC_2"));
    let next = legal_after(&rules, &format!("BLK_3 {PRINTING}"));
    assert!(next.contains("FUNC_2") && !next.contains("FUNC_1"));
    let second = PRINTING.replace("FUNC_1", "FUNC_2");
    assert!(!is_program(&rules, &format!("BLK_1 {second}")));
    assert!(is_program(&rules, &format!("BLK_3 {PRINTING} {second} PRINT INT_0")));
    assert!(!is_program(&rules, &format!("BLK_3 {PRINTING} {PRINTING} PRINT INT_0")));
}

#[test]
fn where_the_next_function_is_excluded_no_definition_follows() {
    let first = rules(false).excluding(&["FUNC_1"]);
    assert!(!legal_after(&first, "BLK_3").contains("FUNC"));
    let second = rules(false).excluding(&["FUNC_2"]);
    assert!(legal_after(&second, "BLK_3").contains("FUNC_1"));
    assert!(!legal_after(&second, &format!("BLK_3 {PRINTING}")).contains("FUNC"));
}

#[test]
fn definitions_stand_at_the_top_only() {
    let rules = rules(false);
    for around in ["BLK_1 FOR VAR_1 INT_0 BLK_1", "BLK_1 IF LT INT_0 INT_0 BLK_1", "BLK_1 FUNC_1 ARITY_0 BLK_1"] {
        assert!(!legal_after(&rules, around).contains("FUNC"), "{around}");
    }
    let inner = PRINTING.replace("FUNC_1", "FUNC_2");
    assert!(!is_program(&rules, &format!("BLK_1 FUNC_1 ARITY_0 BLK_1 {inner}")));
}

#[test]
fn callable_are_complete_definitions() {
    let rules = rules(false);
    assert!(!is_program(&rules, "BLK_1 PRINT CALL FUNC_1"));
    assert!(is_program(&rules, &format!("BLK_2 {PRINTING} PRINT CALL FUNC_1")));
    // Not itself, but an earlier one.
    assert!(!is_program(&rules, "BLK_1 FUNC_1 ARITY_0 BLK_1 PRINT CALL FUNC_1"));
    let inside = format!("BLK_3 {PRINTING} FUNC_2 ARITY_0 BLK_1 PRINT CALL");
    assert_eq!(legal_after(&rules, &inside), "FUNC_1");
    let outside = format!("{inside} FUNC_1 PRINT CALL");
    assert_eq!(legal_after(&rules, &outside), "FUNC_1 FUNC_2");
    assert!(is_program(&rules, &format!("{outside} FUNC_2")));
}

#[test]
fn a_call_has_as_many_arguments_as_there_are_parameters() {
    let rules = rules(false);
    let text = "BLK_2 FUNC_1 ARITY_2 BLK_1 PRINT VAR_2 PRINT CALL FUNC_1";
    assert!(!is_program(&rules, text));
    assert!(!is_program(&rules, &format!("{text} INT_0")));
    assert!(is_program(&rules, &format!("{text} INT_0 INT_1")));
    assert!(!is_program(&rules, &format!("{text} INT_0 INT_1 INT_1")));
    // The arguments are an expression deeper than the call.
    assert_eq!(legal_after(&rules, text), "INT_0 INT_1");
}

#[test]
fn under_the_switch_only_returning_definitions_are_callable() {
    let prints = format!("BLK_2 {PRINTING} PRINT CALL FUNC_1");
    assert!(is_program(&rules(false), &prints));
    assert!(!is_program(&rules(true), &prints));
    let returns = format!("BLK_2 {RETURNING} PRINT CALL FUNC_1");
    assert!(is_program(&rules(true), &returns));
    // Both kinds of definition may be written.
    assert!(is_program(&rules(true), &format!("BLK_1 {PRINTING}")));
    let one_branch = "BLK_2 FUNC_1 ARITY_0 BLK_1 IF LT INT_0 INT_1 BLK_1 RETURN INT_0 \
                      BLK_1 PRINT INT_0 PRINT CALL FUNC_1";
    assert!(is_program(&rules(false), one_branch));
    assert!(!is_program(&rules(true), one_branch));
    assert!(is_program(&rules(true), &one_branch.replace("PRINT INT_0", "RETURN INT_0")));
    let second = format!("BLK_3 {PRINTING} FUNC_2 ARITY_0 BLK_1 RETURN INT_0 PRINT CALL");
    assert_eq!(legal_after(&rules(true), &second), "FUNC_2");
}

#[test]
fn the_facts_list_the_definitions() {
    let text = format!("BLK_3 {PRINTING} FUNC_2 ARITY_2 BLK_1 RETURN VAR_1 PRINT CALL FUNC_1");
    let facts = check(&rules(false), &common::toks(&text));
    let listed = facts.map(|facts| {
        let each = facts.functions.iter();
        let each = each.map(|f| (f.number, f.arity, f.returns));
        (each.collect(), facts.calls, facts.statements, facts.tokens)
    });
    let expected = (vec![(1, 0, false), (2, 2, true)], 1, 5, 14);
    assert_eq!(listed, Ok(expected));
}
