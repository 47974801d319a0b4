//! Depths, excludes, the vocabulary's bounds and the length.

mod common;

use common::{few_constants, is_program, legal_after, toks};
use pyprior_naive::{Rules, State, Tok, check, min_len};

fn rules() -> Rules {
    few_constants(Rules::original())
}

#[test]
fn operators_and_calls_stand_below_the_expression_depth_only() {
    let flat = Rules { max_expr_depth: 0, ..rules() };
    assert_eq!(legal_after(&flat, "BLK_1 PRINT"), "INT_0 INT_1");
    let one = Rules { max_expr_depth: 1, ..rules() };
    assert_eq!(legal_after(&one, "BLK_1 PRINT"), "ADD SUB MUL LT EQ INT_0 INT_1");
    assert_eq!(legal_after(&one, "BLK_1 PRINT ADD"), "INT_0 INT_1");
    assert!(is_program(&one, "BLK_1 PRINT ADD INT_0 INT_1"));
    assert!(!is_program(&one, "BLK_1 PRINT ADD ADD INT_0 INT_0 INT_1"));
    // A condition's comparison is no expression: its sides are at depth 0.
    let sides = "BLK_1 IF EQ ADD INT_0 INT_1 INT_0 BLK_1 PRINT INT_0 BLK_1 PRINT INT_0";
    assert!(is_program(&one, sides));
    assert!(!is_program(&flat, sides));
    assert_eq!(legal_after(&flat, "BLK_1 IF"), "LT EQ");
}

#[test]
fn control_structures_stand_below_the_control_depth_only() {
    for depth in 0..3 {
        let rules = Rules { max_control_depth: depth, ..rules() };
        let mut prefix = "BLK_1".to_owned();
        for at in 0..4 {
            let legal = legal_after(&rules, &prefix);
            assert_eq!(legal.contains("FOR"), at < depth, "{at} of {depth}");
            assert_eq!(legal.contains("IF"), at < depth);
            let program = format!("{prefix} PRINT INT_0");
            assert_eq!(is_program(&rules, &program), at <= depth);
            prefix += " FOR VAR_1 INT_0 BLK_1";
        }
    }
    // A definition's body begins at depth 0 again.
    let one = Rules { max_control_depth: 1, ..rules() };
    let inside = "BLK_1 FUNC_1 ARITY_0 BLK_1 FOR VAR_1 INT_0 BLK_1 PRINT INT_0";
    assert!(is_program(&one, inside));
}

#[test]
fn the_length_counts_all_tokens() {
    let text = "BLK_1 PRINT ADD INT_0 INT_0";
    assert!(is_program(&rules().within(Some(5)), text));
    assert!(!is_program(&rules().within(Some(4)), text));
    let tight = rules().within(Some(4));
    assert_eq!(legal_after(&tight, "BLK_1 PRINT"), "INT_0 INT_1");
    assert_eq!(legal_after(&tight, ""), "BLK_1");
    assert_eq!(legal_after(&rules().within(Some(2)), ""), "");
    assert_eq!(min_len(&rules()), Some(3));
    assert_eq!(min_len(&rules().within(Some(2))), None);
    assert_eq!(min_len(&rules().excluding(&["BLK_1"])), Some(5));
    assert_eq!(min_len(&rules().excluding(&["BLK_1", "BLK_2"])), None);
    assert_eq!(min_len(&rules().excluding(&["const", "func"])), None);
}

#[test]
fn a_finished_program_takes_padding_and_nothing_else() {
    let rules = rules().excluding(&["special"]);
    let text = "BLK_1 PRINT INT_0";
    assert_eq!(legal_after(&rules, text), "PAD");
    assert_eq!(legal_after(&rules, &format!("{text} PAD")), "PAD");
    assert_eq!(legal_after(&rules, &format!("{text} PRINT")), "refused");
    let padded = State::of(&rules, &toks(&format!("{text} PAD PAD")));
    let padded = padded.map(|state| (state.len(), state.pending(), state.finished()));
    assert_eq!(padded, Ok((3, 0, true)));
    // Padding is no part of a program.
    assert!(check(&rules, &toks(&format!("{text} PAD"))).is_err());
    assert!(check(&rules, &toks("BLK_1 PAD INT_0")).is_err());
}

#[test]
fn each_form_can_be_excluded() {
    let cases = [
        ("func", "BLK_1 FUNC_1 ARITY_0 BLK_1 PRINT INT_0"),
        ("var", "BLK_1 ASSIGN VAR_1 INT_0"),
        ("binop", "BLK_1 PRINT MUL INT_0 INT_0"),
        ("compare", "BLK_1 PRINT LT INT_0 INT_0"),
        ("compare", "BLK_1 IF EQ INT_0 INT_0 BLK_1 PRINT INT_0 BLK_1 PRINT INT_0"),
        ("const", "BLK_1 PRINT INT_1"),
        ("arity", "BLK_1 FUNC_1 ARITY_0 BLK_1 PRINT INT_0"),
        ("block", "BLK_1 PRINT INT_0"),
        ("return", "BLK_1 FUNC_1 ARITY_0 BLK_1 RETURN INT_0"),
        ("if", "BLK_1 IF LT INT_0 INT_0 BLK_1 PRINT INT_0 BLK_1 PRINT INT_0"),
        ("assign", "BLK_1 ASSIGN VAR_1 INT_0"),
        ("for", "BLK_1 FOR VAR_1 INT_0 BLK_1 PRINT INT_0"),
        ("for", "BLK_1 FOR2 VAR_1 INT_0 INT_1 BLK_1 PRINT INT_0"),
        ("call", "BLK_2 FUNC_1 ARITY_0 BLK_1 RETURN INT_0 PRINT CALL FUNC_1"),
        ("print", "BLK_1 PRINT INT_0"),
    ];
    for (form, text) in cases {
        assert!(is_program(&rules(), text), "{text}");
        assert!(!is_program(&rules().excluding(&[form]), text), "{text}");
        for tok in toks(text).into_iter().filter(|tok| tok.form() == form) {
            let without = rules().excluding(&[&tok.name()]);
            assert!(!is_program(&without, text), "{text} without {tok}");
        }
        // Forms that no program has make no difference.
        let others = rules().excluding(&["value", "mode", "special", "text"]);
        assert!(is_program(&others, text));
    }
}

#[test]
fn the_vocabulary_has_its_bounds() {
    let small = Rules {
        max_funcs: 0,
        max_vars: 1,
        max_arity: 9,
        max_block_stmts: 1,
        value_range: (-1, -1),
        ..Rules::original()
    };
    assert_eq!(legal_after(&small, ""), "BLK_1");
    assert!(!legal_after(&small, "BLK_1").contains("FUNC"));
    assert_eq!(legal_after(&small, "BLK_1 PRINT"), "ADD SUB MUL LT EQ INT_-1");
    for outside in ["BLK_2 PRINT INT_-1 PRINT INT_-1", "BLK_1 PRINT INT_0"] {
        assert!(!is_program(&small, outside));
    }
    let one = Rules { max_funcs: 1, ..small };
    assert_eq!(legal_after(&one, "BLK_1 FUNC_1"), "ARITY_0 ARITY_1");
    let none = Rules { value_range: (5, 4), ..one };
    // Without constants a definition with a parameter is the only beginning.
    assert_eq!(legal_after(&none, "BLK_1"), "FUNC_1");
    assert_eq!(legal_after(&none, "BLK_1 FUNC_1"), "ARITY_1");
}

#[test]
fn no_list_of_tokens_upsets_the_check() {
    let rules = rules();
    let deep = [toks("BLK_1 PRINT"), vec![Tok::Add; 100_000]].concat();
    assert!(check(&rules, &deep).is_err());
    let wide = [toks("BLK_1"), toks("IF LT INT_0 INT_0 BLK_1").repeat(9999)].concat();
    assert!(check(&rules, &wide).is_err());
    assert!(check(&rules, &[]).is_err());
}
