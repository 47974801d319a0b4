//! Trees, source text, names and values.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use pyprior_core::ast::{BinOp, Expr, Module, Stmt};
use pyprior_core::{
    ComparisonValues, DecodeError, EncodeTreeError, HoleKind, IoValue, Language, LanguageConfig, NameError, NameTable,
    Names, ProgramSampler, Renderer, Symbol, Vocab, render_nodes, render_tree,
};

fn language() -> Arc<Language> {
    let config = LanguageConfig { max_len: Some(60), max_block_stmts: 3, value_range: (-3, 9), ..Default::default() };
    Language::new(config).unwrap()
}

fn ids(vocab: &Vocab, names: &str) -> Vec<u32> {
    names.split_whitespace().map(|name| vocab.id_of(name).unwrap()).collect()
}

fn render(names: &str) -> String {
    let language = language();
    Renderer::new(&language).render(&ids(language.vocab(), names)).unwrap().to_owned()
}

#[test]
fn trees_go_both_ways() {
    let language = language();
    let programs = ProgramSampler::new(&language, 3).sample(0..2000).unwrap();
    for tokens in programs.iter() {
        let module = language.vocab().tokens_to_ast(tokens).unwrap();
        assert_eq!(language.vocab().ast_to_tokens(&module).unwrap(), tokens);
    }
}

#[test]
fn trees_are_written_without_a_language() {
    let language = language();
    let programs = ProgramSampler::new(&language, 4).sample(0..2000).unwrap();
    for tokens in programs.iter() {
        let module = language.vocab().tokens_to_ast(tokens).unwrap();
        let source = render_tree(&module, language.config().comparison_values).unwrap();
        assert_eq!(source, render_nodes(&language, tokens).unwrap());
    }
    let print = |value| Module { body: vec![Stmt::Print(value)] };
    let write = |module: &Module| render_tree(module, ComparisonValues::Int);
    assert_eq!(write(&print(Expr::Const(i64::MIN))).unwrap(), "print(-9223372036854775808)");
    assert_eq!(write(&Module { body: Vec::new() }), Err(EncodeTreeError::BlockLen { len: 0 }));
    let many = Module { body: vec![Stmt::Print(Expr::Const(1)); 256] };
    assert_eq!(write(&many), Err(EncodeTreeError::BlockLen { len: 256 }));
    assert_eq!(write(&print(Expr::Var(0))), Err(EncodeTreeError::NoToken { symbol: Symbol::Var(0) }));
    let undefined = EncodeTreeError::Arguments { func: 1, got: 0, arity: None };
    assert_eq!(write(&print(Expr::Call { func: 1, args: Vec::new() })), Err(undefined));
    let left = |inner| Expr::BinOp { op: BinOp::Add, left: Box::new(inner), right: Box::new(Expr::Const(1)) };
    let deep = |levels: u32| print((0..levels).fold(Expr::Const(1), |inner, _| left(inner)));
    assert!(write(&deep(198)).is_ok());
    assert_eq!(write(&deep(100_000)), Err(EncodeTreeError::TooDeep));
}

#[test]
fn a_tree_by_hand() {
    let vocab = Vocab::new(&LanguageConfig::default()).unwrap();
    let sum =
        |right: i64| Expr::BinOp { op: BinOp::Add, left: Box::new(Expr::Var(1)), right: Box::new(Expr::Const(right)) };
    let body = vec![Stmt::Assign { target: 1, value: Expr::Const(-7) }, Stmt::Print(sum(99))];
    let tokens = ids(&vocab, "BLK_2 ASSIGN VAR_1 INT_-7 PRINT ADD VAR_1 INT_99");
    assert_eq!(vocab.ast_to_tokens(&Module { body }).unwrap(), tokens);
    let error = vocab.ast_to_tokens(&Module { body: vec![Stmt::Print(sum(100))] }).unwrap_err();
    assert_eq!(error, EncodeTreeError::NoToken { symbol: Symbol::Const(100) });
    let error = vocab.ast_to_tokens(&Module { body: Vec::new() }).unwrap_err();
    assert_eq!(error, EncodeTreeError::BlockLen { len: 0 });
    let call = |args| Stmt::Print(Expr::Call { func: 1, args });
    let def = Stmt::Def { func: 1, arity: 1, body: vec![Stmt::Return(Expr::Var(1))] };
    let error = |body| vocab.ast_to_tokens(&Module { body }).unwrap_err();
    let undefined = EncodeTreeError::Arguments { func: 1, got: 1, arity: None };
    assert_eq!(error(vec![call(vec![Expr::Const(1)])]), undefined);
    let none_given = EncodeTreeError::Arguments { func: 1, got: 0, arity: Some(1) };
    assert_eq!(error(vec![def, call(Vec::new())]), none_given);
    let left = |inner| Expr::BinOp { op: BinOp::Add, left: Box::new(inner), right: Box::new(Expr::Const(1)) };
    let deep = (0..300).fold(Expr::Const(1), |inner, _| left(inner));
    assert_eq!(error(vec![Stmt::Print(deep)]), EncodeTreeError::TooDeep);
}

#[test]
fn what_is_no_tree_is_refused() {
    let vocab = Vocab::new(&LanguageConfig::default()).unwrap();
    let refuse = |names: &str| vocab.tokens_to_ast(&ids(&vocab, names)).unwrap_err();
    assert_eq!(refuse("BLK_1 PRINT"), DecodeError::Truncated { len: 2, hole: HoleKind::Expr });
    assert!(matches!(refuse("BLK_1 PRINT INT_1 INT_2"), DecodeError::Trailing { position: 3, .. }));
    assert!(matches!(refuse("PRINT"), DecodeError::Unexpected { position: 0, hole: HoleKind::Block, .. }));
    assert!(matches!(refuse("BLK_1 PRINT CALL FUNC_2"), DecodeError::Undefined { func: 2, position: 3 }));
    let deep = format!("BLK_1 PRINT {}", "ADD ".repeat(100_000));
    assert!(matches!(refuse(&deep), DecodeError::TooDeep { .. }));
    let language = language();
    let mut renderer = Renderer::new(&language);
    assert!(renderer.render(&[]).is_err());
    assert!(renderer.render(&[u32::MAX]).is_err());
    let recursive = "BLK_2 FUNC_1 ARITY_0 BLK_1 RETURN CALL FUNC_1 PRINT INT_1";
    assert!(renderer.render(&ids(language.vocab(), recursive)).is_err());
    assert_eq!(renderer.partial(&[u32::MAX]), "<block>");
    let pads = [ids(language.vocab(), "BLK_1 PRINT INT_1 PAD PAD"), vec![language.vocab().pad()]].concat();
    assert_eq!(renderer.render(&pads).unwrap(), "print(1)");
}

#[test]
fn every_construct_as_text() {
    assert_eq!(render("BLK_1 PRINT SUB MUL INT_1 INT_2 ADD INT_-3 INT_4"), "print((1 * 2) - (-3 + 4))");
    assert_eq!(render("BLK_1 PRINT LT INT_1 EQ INT_2 INT_3"), "print(int(1 < int(2 == 3)))");
    assert_eq!(
        render("BLK_1 IF EQ LT INT_1 INT_2 INT_3 BLK_1 PRINT INT_1 BLK_1 PRINT INT_2"),
        "if int(1 < 2) == 3:\n    print(1)\nelse:\n    print(2)"
    );
    assert_eq!(
        render(
            "BLK_2 FUNC_1 ARITY_2 BLK_1 RETURN ADD VAR_1 VAR_2 FOR2 VAR_1 INT_0 INT_3 BLK_1 PRINT CALL FUNC_1 VAR_1 MUL VAR_1 INT_2"
        ),
        "def func(a, b):\n    return a + b\nfor c in range(0, 3):\n    print(func(c, c * 2))"
    );
    let config = LanguageConfig { comparison_values: ComparisonValues::Bool, ..LanguageConfig::default() };
    let language = Language::new(config).unwrap();
    let tokens = ids(language.vocab(), "BLK_1 PRINT LT INT_1 INT_2");
    assert_eq!(Renderer::new(&language).render(&tokens).unwrap(), "print((1 < 2))");
}

#[test]
fn a_finished_program_has_no_holes_and_every_prefix_has() {
    let language = language();
    let mut renderer = Renderer::new(&language);
    for tokens in ProgramSampler::new(&language, 8).sample(0..300).unwrap().iter() {
        let whole = renderer.render(tokens).unwrap().to_owned();
        assert_eq!(renderer.partial(tokens), whole);
        for len in 0..tokens.len() {
            assert!(renderer.partial(&tokens[..len]).contains('<'), "{whole}");
            assert!(renderer.render(&tokens[..len]).is_err());
        }
    }
}

#[test]
fn names_from_tables_and_pools() {
    let language = language();
    let tokens = ids(
        language.vocab(),
        "BLK_3 FUNC_1 ARITY_1 BLK_2 ASSIGN VAR_2 INT_1 RETURN ADD VAR_1 VAR_2 ASSIGN VAR_1 INT_3 PRINT CALL FUNC_1 VAR_1",
    );
    let table = NameTable {
        funcs: vec![Some("inc".into())],
        scopes: vec![vec![Some("x".into())], vec![Some("n".into()), None]],
    };
    let names = Names::default().with_table(table).unwrap();
    let mut renderer = Renderer::with_names(&language, names);
    let expected = "def inc(n):\n    a = 1\n    return n + a\nx = 3\nprint(inc(x))";
    assert_eq!(renderer.render(&tokens).unwrap(), expected);
    let names = Names::from_pools(["p", "q"], ["go"]).unwrap();
    let mut renderer = Renderer::with_names(&language, names);
    let expected = "def go(p):\n    q = 1\n    return p + q\nvar_1 = 3\nprint(go(var_1))";
    assert_eq!(renderer.render(&tokens).unwrap(), expected);
}

#[test]
fn bad_names_are_refused() {
    let table = |funcs: &[&str], vars: &[&str]| NameTable {
        funcs: funcs.iter().map(|name| Some((*name).to_owned())).collect(),
        scopes: vec![vars.iter().map(|name| Some((*name).to_owned())).collect()],
    };
    let refuse = |funcs: &[&str], vars: &[&str]| Names::default().with_table(table(funcs, vars)).unwrap_err();
    assert_eq!(refuse(&["f"], &["f"]), NameError::Twice { name: "f".into() });
    assert_eq!(refuse(&[], &["range"]), NameError::Reserved { name: "range".into() });
    assert_eq!(refuse(&[], &["var_2"]), NameError::Reserved { name: "var_2".into() });
    assert_eq!(refuse(&[], &["2x"]), NameError::NotIdentifier { name: "2x".into() });
    assert_eq!(refuse(&[""], &[]), NameError::NotIdentifier { name: String::new() });
    assert_eq!(Names::from_pools(["a", "a"], []).unwrap_err(), NameError::Twice { name: "a".into() });
}

#[test]
fn values_of_any_size() {
    let vocab = Vocab::new(&LanguageConfig { base_vocab: 50, ..LanguageConfig::default() }).unwrap();
    for text in ["0", "7", "-1", "-42", &"9".repeat(500), &format!("-1{}", "0".repeat(400))] {
        let value = IoValue::parse_int(text).unwrap();
        let tokens = vocab.encode_value(&value);
        assert!(tokens.iter().all(|&token| vocab.ids_of(pyprior_core::Form::Value).contains(&token)));
        assert_eq!(vocab.decode_value(&tokens), value);
    }
    assert_eq!(vocab.decode_value(&vocab.encode_value(&IoValue::None)), IoValue::None);
    assert_eq!(IoValue::parse_int("-007"), Some(IoValue::from(-7)));
    assert_eq!(IoValue::parse_int("-0"), Some(IoValue::from(0)));
    for text in ["", "-", "1.5", "x", "+1"] {
        assert_eq!(IoValue::parse_int(text), None);
    }
}
