//! Which variables may be read and bound where.

mod common;

use common::{few_constants, is_program, legal_after};
use pyprior_naive::{Decided, Rules, State, rule};

/// Three variables, constants 0 and 1, no operators.
fn rules() -> Rules {
    Rules { max_vars: 3, max_expr_depth: 0, max_block_stmts: 3, ..few_constants(Rules::original()) }
}

#[test]
fn a_target_is_visible_after_its_value() {
    let rules = rules();
    assert_eq!(legal_after(&rules, "BLK_1 ASSIGN"), "VAR_1");
    assert_eq!(legal_after(&rules, "BLK_1 ASSIGN VAR_1"), "INT_0 INT_1");
    assert_eq!(legal_after(&rules, "BLK_2 ASSIGN VAR_1 INT_0 PRINT"), "VAR_1 INT_0 INT_1");
    assert_eq!(legal_after(&rules, "BLK_2 ASSIGN VAR_1 INT_0 ASSIGN"), "VAR_1 VAR_2");
    assert!(is_program(&rules, "BLK_2 ASSIGN VAR_1 INT_0 PRINT VAR_1"));
    assert!(!is_program(&rules, "BLK_2 PRINT VAR_1 ASSIGN VAR_1 INT_0"));
    assert!(!is_program(&rules, "BLK_1 ASSIGN VAR_2 INT_0"));
}

#[test]
fn there_is_no_target_beyond_the_last_variable() {
    let rules = Rules { max_vars: 1, ..rules() };
    assert_eq!(legal_after(&rules, "BLK_2 ASSIGN VAR_1 INT_0 ASSIGN"), "VAR_1");
    let none = Rules { max_vars: 0, ..rules };
    assert!(!legal_after(&none, "BLK_1").contains("ASSIGN"));
    assert!(legal_after(&none, "BLK_1").contains("PRINT"));
}

#[test]
fn after_an_if_only_what_both_branches_assigned_is_visible() {
    let rules = rules();
    let one = "BLK_2 IF LT INT_0 INT_0 BLK_1 ASSIGN VAR_1 INT_0 BLK_1 PRINT INT_0";
    assert_eq!(legal_after(&rules, &format!("{one} PRINT")), "INT_0 INT_1");
    assert_eq!(legal_after(&rules, &format!("{one} ASSIGN")), "VAR_1");
    let both = "BLK_2 IF LT INT_0 INT_0 BLK_1 ASSIGN VAR_1 INT_0 BLK_2 ASSIGN VAR_1 INT_0 \
                ASSIGN VAR_2 INT_0";
    assert_eq!(legal_after(&rules, &format!("{both} PRINT")), "VAR_1 INT_0 INT_1");
    assert_eq!(legal_after(&rules, &format!("{both} ASSIGN")), "VAR_1 VAR_2");
    // The second branch begins with what was before, not with the first's end.
    let second = "BLK_1 IF LT INT_0 INT_0 BLK_1 ASSIGN VAR_1 INT_0 BLK_1 PRINT";
    assert_eq!(legal_after(&rules, second), "INT_0 INT_1");
    assert!(!is_program(&rules, &format!("{one} PRINT VAR_1")));
    assert!(is_program(&rules, &format!("{both} PRINT VAR_1")));
    assert!(!is_program(&rules, &format!("{both} PRINT VAR_2")));
}

#[test]
fn a_branch_that_returns_still_counts_for_the_intersection() {
    let text = "BLK_1 FUNC_1 ARITY_0 BLK_2 IF LT INT_0 INT_0 BLK_1 RETURN INT_0 \
                BLK_1 ASSIGN VAR_1 INT_0 PRINT";
    assert_eq!(legal_after(&rules(), text), "INT_0 INT_1");
}

#[test]
fn a_loop_shows_its_target_to_its_body_only() {
    let rules = rules();
    assert_eq!(legal_after(&rules, "BLK_2 FOR"), "VAR_1");
    assert_eq!(legal_after(&rules, "BLK_2 FOR VAR_1"), "INT_0 INT_1");
    assert_eq!(legal_after(&rules, "BLK_2 FOR2 VAR_1 INT_0"), "INT_0 INT_1");
    let body = "BLK_2 FOR VAR_1 INT_0 BLK_2";
    assert_eq!(legal_after(&rules, &format!("{body} ASSIGN")), "VAR_1 VAR_2");
    let done = format!("{body} ASSIGN VAR_2 VAR_1 PRINT VAR_2");
    assert_eq!(legal_after(&rules, &format!("{done} PRINT")), "INT_0 INT_1");
    assert_eq!(legal_after(&rules, &format!("{done} ASSIGN")), "VAR_1");
    assert!(is_program(&rules, &format!("{done} PRINT INT_0")));
    assert!(!is_program(&rules, &format!("{done} PRINT VAR_1")));
    // A variable from before stays, rebound or not.
    let kept = "BLK_3 ASSIGN VAR_1 INT_0 FOR VAR_1 VAR_1 BLK_1 PRINT VAR_1 PRINT VAR_1";
    assert!(is_program(&rules, kept));
}

#[test]
fn a_definition_sees_its_parameters_only_and_hides_its_variables() {
    let rules = rules();
    let outer = "BLK_3 ASSIGN VAR_1 INT_0 FUNC_1";
    assert_eq!(legal_after(&rules, &format!("{outer} ARITY_0 BLK_1 PRINT")), "INT_0 INT_1");
    let two = format!("{outer} ARITY_2 BLK_1");
    assert_eq!(legal_after(&rules, &format!("{two} PRINT")), "VAR_1 VAR_2 INT_0 INT_1");
    assert_eq!(legal_after(&rules, &format!("{two} ASSIGN")), "VAR_1 VAR_2 VAR_3");
    let after = format!("{two} ASSIGN VAR_3 VAR_2 PRINT");
    assert_eq!(legal_after(&rules, &after), "VAR_1 INT_0 INT_1");
}

#[test]
fn parameters_are_visible_whatever_is_excluded() {
    let rules = rules().excluding(&["VAR_1"]);
    assert!(!legal_after(&rules, "BLK_1").contains("ASSIGN"));
    let inside = "BLK_1 FUNC_1 ARITY_1 BLK_1";
    assert_eq!(legal_after(&rules, &format!("{inside} ASSIGN")), "VAR_2");
    assert_eq!(legal_after(&rules, &format!("{inside} PRINT")), "INT_0 INT_1");
    assert!(is_program(&rules, &format!("{inside} ASSIGN VAR_2 INT_0")));
    let without = "BLK_1 FUNC_1 ARITY_0 BLK_1 ASSIGN VAR_2 INT_0";
    assert!(!is_program(&rules, without));
}

#[test]
fn merged_variables_are_told_from_others_that_are_not_visible() {
    let rules = rules();
    let count = |text: &str| {
        let mut decided = Decided::new();
        if let Ok(state) = State::of(&rules, &common::toks(text)) {
            let _ = state.candidates(&rules, Some(&mut decided));
        }
        (decided.get(rule::SCOPE), decided.get(rule::SCOPE_MERGE))
    };
    assert_eq!(count("BLK_1 PRINT"), (1, 0));
    let merged = "BLK_2 IF LT INT_0 INT_0 BLK_1 ASSIGN VAR_1 INT_0 BLK_1 PRINT INT_0";
    assert_eq!(count(&format!("{merged} PRINT")), (1, 1));
    // Assigned again, it is visible like any other.
    let again = merged.replace("BLK_2", "BLK_3");
    assert_eq!(count(&format!("{again} ASSIGN VAR_1 INT_0 PRINT")), (1, 0));
    // Another scope has nothing to do with it.
    assert_eq!(count(&format!("{again} FUNC_1 ARITY_0 BLK_1 PRINT")), (1, 0));
}
