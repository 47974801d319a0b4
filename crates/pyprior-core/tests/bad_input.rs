//! Bad input: an error that says what and where, nothing changed, no panic.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;

use common::{Pair, Random, read};
use pyprior_core::{
    BatchError, BatchMatcher, ConfigError, Language, LanguageConfig, MAX_BASE_VOCAB, MAX_LEN, Matcher, Profile,
    ProgramSampler, Renderer, TokenBitmask, TokenError, UniformSampler,
};

fn language() -> Arc<Language> {
    Language::new(LanguageConfig { max_len: Some(30), ..LanguageConfig::default() }).unwrap()
}

/// The refusal of a configuration, whose text names all of these facts.
fn refused(config: LanguageConfig, facts: &[&str]) -> ConfigError {
    let error = Language::new(config).unwrap_err();
    let text = error.to_string();
    assert!(facts.iter().all(|fact| text.contains(fact)), "{text} says nothing of one of {facts:?}");
    error
}

#[test]
fn knobs_beyond_their_limits() {
    type Set = fn(&mut LanguageConfig, u32);
    let knobs: [(&str, u32, Set); 8] = [
        ("max_funcs", 255, |config, n| config.max_funcs = n),
        ("max_vars", 255, |config, n| config.max_vars = n),
        ("max_arity", 255, |config, n| config.max_arity = Some(n)),
        ("max_block_stmts", 255, |config, n| config.max_block_stmts = n),
        ("max_expr_depth", 60, |config, n| config.max_expr_depth = n),
        ("max_control_depth", 20, |config, n| config.max_control_depth = n),
        ("base_vocab", MAX_BASE_VOCAB, |config, n| config.base_vocab = n),
        ("max_len", MAX_LEN, |config, n| config.max_len = Some(n)),
    ];
    for (knob, limit, set) in knobs {
        for value in [limit + 1, u32::MAX / 2, u32::MAX] {
            let mut config = LanguageConfig::default();
            set(&mut config, value);
            let error = refused(config, &[knob, &value.to_string(), &limit.to_string()]);
            assert_eq!(error, ConfigError::KnobTooLarge { knob, value, max: limit });
        }
        let mut config = LanguageConfig::default();
        set(&mut config, limit);
        assert!(Language::new(config).is_ok(), "{knob} = {limit}");
    }
}

#[test]
fn all_knobs_at_their_limits_at_once() {
    for max_len in [None, Some(MAX_LEN), Some(5_000), Some(3)] {
        let config = LanguageConfig {
            max_funcs: 255,
            max_vars: 255,
            max_arity: Some(255),
            value_range: (i64::MAX - 65_535, i64::MAX),
            max_block_stmts: 255,
            max_expr_depth: 60,
            max_control_depth: 20,
            max_len,
            base_vocab: 1 << 20,
            ..LanguageConfig::default()
        };
        let language = Language::new(config).unwrap();
        let sampler = UniformSampler::new(1);
        for row in 0..3 {
            let mut matcher = Matcher::new(&language);
            for _ in 0..2_000 {
                let count = matcher.legal_count();
                assert!(count > 0 && matcher.min_tokens_to_finish() <= matcher.remaining_budget().unwrap_or(u32::MAX));
                let nth = sampler.index(row, matcher.tokens().len() as u32, count) as usize;
                let token = matcher.legal_tokens().nth(nth).unwrap();
                matcher.accept_token(token).unwrap();
            }
            assert!(matcher.rollback(1_000).is_ok() || matcher.is_terminated());
        }
    }
}

#[test]
fn numbers_that_are_none_of_ours() {
    for (text, fact) in [
        (r#"{"max_funcs": -1}"#, "-1"),
        (r#"{"max_vars": 4294967296}"#, "4294967296"),
        (r#"{"max_len": 1e30}"#, "1e30"),
        (r#"{"max_expr_depth": 1.5}"#, "1.5"),
        (r#"{"value_range": [0, 99999999999999999999]}"#, "1e20"),
        (r#"{"value_range": [0]}"#, "2"),
        (r#"{"max_fun": 3}"#, "max_fun"),
        (r#"{"calls": "sometimes"}"#, "sometimes"),
    ] {
        let error = serde_json::from_str::<LanguageConfig>(text).unwrap_err().to_string();
        assert!(error.replace("e+", "e").contains(fact) && error.contains("line 1"), "{text}: {error}");
    }
}

#[test]
fn value_ranges() {
    let with = |low, high| LanguageConfig { value_range: (low, high), ..LanguageConfig::default() };
    let error = refused(with(5, 4), &["value_range", "(5, 4)", "upside down"]);
    assert_eq!(error, ConfigError::EmptyValueRange { low: 5, high: 4 });
    refused(with(i64::MAX, i64::MIN), &["value_range", "upside down"]);
    for (low, high, count) in [(0, 65_536, "65537"), (i64::MIN, i64::MAX, "18446744073709551616")] {
        refused(with(low, high), &["value_range", &low.to_string(), &high.to_string(), count, "65536"]);
    }
    for (low, high) in [(0, 65_535), (i64::MIN, i64::MIN), (i64::MIN, i64::MIN + 65_535), (i64::MAX, i64::MAX)] {
        let language = Language::new(with(low, high)).unwrap();
        let tokens = read(&language, &format!("BLK_1 PRINT INT_{high}"));
        assert!(Matcher::with_prefix(&language, &tokens).unwrap().is_terminated());
        let source = Renderer::new(&language).render(&tokens).map(str::to_owned);
        assert_eq!(source.unwrap(), format!("print({high})"));
    }
}

#[test]
fn names_to_exclude() {
    let with = |names: &[&str], base_vocab| LanguageConfig {
        exclude: names.iter().map(|&name| name.to_owned()).collect(),
        base_vocab,
        max_len: Some(30),
        ..LanguageConfig::default()
    };
    refused(with(&["VAR_1", "prnit"], 0), &["unknown exclude target \"prnit\"", "did you mean \"print\"?"]);
    refused(with(&["VAR_16"], 0), &["\"VAR_16\"", "did you mean"]);
    refused(with(&[""], 0), &["\"\""]);
    refused(with(&["∀x"], 0), &["\"∀x\""]);
    for base_vocab in [0, 1, 40] {
        // Forms that occur in no program, and the end itself: nothing changes.
        let all = Language::new(with(&[], base_vocab)).unwrap();
        let less = ["value", "mode", "special", "PAD", "EOS", "DIG_3", "PAD"];
        for names in less.iter().map(std::slice::from_ref).chain([less.as_slice()]) {
            let language = Language::new(with(names, base_vocab)).unwrap();
            let (mut one, mut other) = (Matcher::new(&all), Matcher::new(&language));
            for name in "BLK_2 ASSIGN VAR_1 INT_3 PRINT VAR_1 PAD PAD".split(' ') {
                assert!(one.legal_tokens().eq(other.legal_tokens()), "{names:?}, base {base_vocab}");
                let token = read(&all, name)[0];
                assert_eq!((one.accept_token(token), other.accept_token(token)), (Ok(()), Ok(())));
            }
        }
    }
}

#[test]
fn excludes_that_leave_nothing() {
    for profile in [Profile::Sound, Profile::PyPrior002] {
        for (names, fact) in [
            ("block", "BLK"),
            ("const func", "constants"),
            ("const VAR_1 print assign for return", "constants"),
            ("print assign func", "PRINT and ASSIGN"),
            ("print assign FUNC_1", "PRINT and ASSIGN"),
            ("print var func", "PRINT"),
            ("func var binop compare const arity block return if assign for call print", "block"),
        ] {
            for max_len in [None, Some(0), Some(30)] {
                let exclude = names.split(' ').map(str::to_owned).collect();
                let config = LanguageConfig { exclude, max_len, ..LanguageConfig::with_profile(profile) };
                assert_eq!(pyprior_naive::min_len(&common::rules(&config).within(None)), None);
                let error = refused(config, &["no program can be completed", fact]);
                assert!(matches!(error, ConfigError::NoProgram { .. }));
            }
        }
    }
}

#[test]
fn too_short_a_bound_names_the_least_that_does() {
    for (names, least) in
        [("", 3), ("BLK_1", 5), ("const", 6), ("print", 4), ("print assign", 6), ("print return const", 7)]
    {
        let exclude = names.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let with = |max_len| LanguageConfig { max_len, exclude: exclude.clone(), ..LanguageConfig::default() };
        for max_len in 0..least {
            let facts = [format!("max_len is {max_len},"), format!("has {least} tokens")];
            let error = refused(with(Some(max_len)), &[&facts[0], &facts[1]]);
            assert_eq!(error, ConfigError::MaxLenTooSmall { max_len, min_len: least });
        }
        let language = Language::new(with(Some(least))).unwrap();
        assert_eq!(language.min_len(), least);
        assert!(ProgramSampler::new(&language, 1).sample(0..100).unwrap().iter().all(|p| p.len() == least as usize));
        assert_eq!(pyprior_naive::min_len(&common::rules(&with(None))), Some(least as usize));
    }
}

#[test]
fn illegal_tokens() {
    let config = LanguageConfig { max_len: Some(12), base_vocab: 7, exclude: vec!["MUL".into()], ..Default::default() };
    let language = Language::new(config).unwrap();
    let vocab = language.vocab().len();
    for (prefix, name, reason) in [
        ("", "PRINT", "hole of kind 'block'"),
        ("BLK_1 PRINT", "VAR_1", "no variable is visible"),
        ("BLK_2 ASSIGN VAR_1 INT_0 PRINT", "VAR_2", "only VAR_1 to VAR_1"),
        ("BLK_1 PRINT", "MUL", "it is excluded"),
        ("BLK_1", "FUNC_2", "the next one is FUNC_1"),
        ("BLK_1", "RETURN", "only in functions"),
        ("BLK_2 PRINT INT_0", "FUNC_1", "last of several"),
        ("BLK_1 ASSIGN", "VAR_2", "VAR_1"),
        ("BLK_1 PRINT", "CALL", "no function can be called"),
        ("BLK_1 PRINT INT_0", "PRINT", "only PAD may follow"),
        ("BLK_1 PRINT INT_0", "EOS", "only PAD may follow"),
        ("BLK_1 PRINT ADD INT_0 ADD INT_0 ADD INT_0", "ADD", "max_expr_depth"),
        ("BLK_1 PRINT", "BOS", "hole of kind 'expr'"),
        ("BLK_2 PRINT INT_0 PRINT ADD INT_0 ADD ADD INT_0 INT_0", "ADD", "1 tokens more than max_len"),
    ] {
        let prefix = read(&language, prefix);
        let mut matcher = Matcher::with_prefix(&language, &prefix).unwrap();
        let (token, position) = (read(&language, name)[0], prefix.len() as u32);
        let error = matcher.accept_token(token).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(&format!("illegal token {token} ({name}) at position {position}: ")), "{text}");
        assert!(text.contains(reason), "{text}");
        for token in [vocab as u32, vocab as u32 + 31, u32::MAX - 1, u32::MAX] {
            let error = matcher.accept_token(token).unwrap_err();
            assert_eq!(error, TokenError::OutOfRange { token, position, vocab });
            assert!(error.to_string().contains(&format!("token {token} at position {position}")), "{error}");
        }
        for token in [0, 6] {
            let text = matcher.accept_token(token).unwrap_err().to_string();
            assert!(text.contains("base vocabulary"), "{text}");
        }
        assert_eq!(matcher.tokens(), prefix);
    }
}

#[test]
fn prefixes() {
    let language = language();
    let past = read(&language, "BLK_1 PRINT INT_3 PRINT");
    let text = Matcher::with_prefix(&language, &past).unwrap_err().to_string();
    assert!(text.contains("(PRINT) at position 3") && text.contains("complete"), "{text}");
    assert_eq!(ProgramSampler::new(&language, 1).with_prefix(&past).unwrap_err().to_string(), text);
    let mut batch = BatchMatcher::new(&language, 2);
    assert_eq!(batch.set(1, &language, &past).unwrap_err().to_string(), format!("slot 1: {text}"));
    assert_eq!(batch.tokens(1), Ok([].as_slice()));

    // PAD behind the end is legal and leaves no trace.
    let padded = read(&language, "BLK_1 PRINT INT_3 PAD PAD");
    let matcher = Matcher::with_prefix(&language, &padded).unwrap();
    assert_eq!((matcher.tokens(), matcher.legal_count()), (&padded[..3], 1));
    let sampler = ProgramSampler::new(&language, 1).with_prefix(&padded).unwrap();
    assert!(sampler.sample(0..40).unwrap().iter().all(|program| program == &padded[..3]));

    // A prefix that leaves too little room, and one that is all of max_len.
    let config = LanguageConfig { max_len: Some(5), ..LanguageConfig::default() };
    let short = Language::new(config).unwrap();
    let text = Matcher::with_prefix(&short, &read(&short, "BLK_2 ASSIGN")).unwrap_err().to_string();
    assert!(text.contains("position 1") && text.contains("1 tokens more than max_len"), "{text}");
    let full = Matcher::with_prefix(&short, &read(&short, "BLK_2 PRINT INT_1 PRINT INT_2")).unwrap();
    assert_eq!((full.is_terminated(), full.remaining_budget()), (true, Some(0)));
}

#[test]
fn rollbacks_and_bitmasks_that_do_not_fit() {
    let language = language();
    let vocab = language.vocab().len();
    let tokens = read(&language, "BLK_1 PRINT");
    let mut matcher = Matcher::with_prefix(&language, &tokens).unwrap();
    for asked in [3, 1000, usize::MAX] {
        let error = matcher.rollback(asked).unwrap_err();
        assert_eq!((error.asked, error.len), (asked, 2));
        assert_eq!(error.to_string(), format!("cannot roll back {asked} tokens: the row has 2"));
        assert_eq!(matcher.tokens(), tokens);
    }
    for (rows, width, row) in [
        (2, vocab, 2),
        (2, vocab, usize::MAX),
        (0, vocab, 0),
        (3, vocab + 32, 0),
        (3, vocab - 1, 0),
        (3, 1, 1),
        (3, 0, 1),
    ] {
        let mut bitmask = TokenBitmask::new(rows, width);
        bitmask.data_mut().fill(0xABCD_EF01);
        let before = bitmask.clone();
        let error = matcher.fill_next_token_bitmask(&mut bitmask, row).unwrap_err();
        assert_eq!((error.rows, error.vocab, error.expected_vocab), (rows, width, vocab));
        assert!(error.to_string().starts_with(&format!("bitmask has {rows} rows")), "{error}");
        assert!(bitmask == before && bitmask.row(rows).is_none() && !bitmask.is_allowed(rows, 0));
    }
}

/// More names than 16 bits count: tokens that no language allows, but anyone can pass in.
#[test]
fn rendering_more_names_than_there_can_be() {
    let config = LanguageConfig { max_vars: 255, max_block_stmts: 255, ..LanguageConfig::default() };
    let language = Language::new(config).unwrap();
    let def = "FUNC_1 ARITY_255 BLK_1 PRINT INT_0 ".repeat(255);
    let names = format!("BLK_2 {}", format!("FUNC_1 ARITY_255 BLK_255 {def}").repeat(2));
    let tokens = read(&language, &names);
    assert!(Renderer::new(&language).render(&tokens).unwrap().starts_with("def func(a, b, "));
}

#[test]
fn batches() {
    let language = language();
    let other = Language::new(LanguageConfig { value_range: (0, 9), ..LanguageConfig::default() }).unwrap();
    let (vocab, small) = (language.vocab().len(), other.vocab().len());
    let mut batch = BatchMatcher::new(&language, 3);
    batch.free(2).unwrap();
    let size = BatchError::VocabSize { got: small, expected: vocab };
    assert_eq!(size.to_string(), format!("the language has {small} tokens, but the batch's vocabulary has {vocab}"));
    assert_eq!(batch.set(0, &other, &[]), Err(size.clone()));
    assert_eq!(batch.set_matcher(0, &Matcher::new(&other)), Err(size));
    for (what, got) in [("tokens", 0), ("tokens", 2), ("tokens", 4)] {
        let error = BatchError::WrongLength { what, got, expected: 3 };
        assert_eq!(error.to_string(), format!("{what} has {got} entries, but the batch has 3 slots"));
        assert_eq!(batch.accept_tokens(&vec![0; got]), Err(error.clone()));
        assert_eq!(batch.choose_uniform(&UniformSampler::new(1), &[0; 3], &mut vec![0; got]), Err(error));
    }
    let mut chosen = [9; 3];
    let error = batch.choose_uniform(&UniformSampler::new(1), &[0; 2], &mut chosen).unwrap_err();
    assert_eq!(error, BatchError::WrongLength { what: "rows", got: 2, expected: 3 });
    assert_eq!(chosen, [9; 3]);
    for rows in [2, 4] {
        let mut bitmask = TokenBitmask::new(rows, vocab);
        assert!(matches!(batch.fill_next_token_bitmask(&mut bitmask), Err(BatchError::Bitmask(_))));
        assert!(bitmask.data().iter().all(|&word| word == 0));
    }
    let words = 3 * vocab.div_ceil(32);
    let error = batch.fill_next_token_bitmask_into(&mut vec![0; words + 1]).unwrap_err();
    assert_eq!(error, BatchError::WrongLength { what: "bitmask", got: words + 1, expected: words });
    for slot in [3, usize::MAX] {
        let none = || BatchError::NoSuchSlot { slot, slots: 3 };
        assert_eq!(none().to_string(), format!("slot {slot} is beyond the batch's 3 slots"));
        assert_eq!(batch.tokens(slot), Err(none()));
        assert_eq!(batch.free(slot), Err(none()));
        assert_eq!(batch.reset(slot), Err(none()));
        assert_eq!(batch.set(slot, &language, &[]), Err(none()));
        assert_eq!((batch.fork(0, slot), batch.fork(slot, 0)), (Err(none()), Err(none())));
        assert_eq!((batch.move_row(0, slot), batch.swap(0, slot)), (Err(none()), Err(none())));
        assert_eq!((batch.swap(slot, 0), batch.rollback(slot, 0)), (Err(none()), Err(none())));
        assert!(batch.is_occupied(0) && !batch.is_occupied(slot));
    }
    let empty = BatchError::EmptySlot { slot: 2 };
    assert_eq!(
        (batch.fork(2, 0), batch.rollback(2, 0), batch.reset(2)),
        (Err(empty.clone()), Err(empty.clone()), Err(empty))
    );
    let error = batch.rollback(1, 1).unwrap_err();
    assert_eq!(error.to_string(), "slot 1: cannot roll back 1 tokens: the row has 0");

    let mut nothing = BatchMatcher::new(&language, 0);
    assert!(nothing.is_empty() && nothing.all_terminated());
    assert_eq!(nothing.accept_tokens(&[]), Ok(()));
    assert_eq!(nothing.choose_uniform(&UniformSampler::new(1), &[], &mut []), Ok(()));
    assert_eq!(nothing.fill_next_token_bitmask(&mut TokenBitmask::new(0, vocab)), Ok(()));
    nothing.grow(1);
    nothing.set(0, &language, &[]).unwrap();
    assert_eq!(nothing.tokens(0), Ok([].as_slice()));
}

#[test]
fn streams_of_anything_are_no_programs() {
    let pair = Pair::new(&LanguageConfig { base_vocab: 3, ..LanguageConfig::default() }).unwrap();
    let vocab = pair.language.vocab();
    let mut renderer = Renderer::new(&pair.language);
    let mut random = Random(5);
    let mut check = |tokens: &[u32]| {
        renderer.partial(tokens);
        let (source, tree) = (renderer.render(tokens).map(str::to_owned), vocab.tokens_to_ast(tokens));
        assert_eq!(source.is_ok(), tree.is_ok());
        assert_eq!(source.err(), tree.err());
    };
    for _ in 0..20_000 {
        let len = random.index(40);
        check(&(0..len).map(|_| random.below(vocab.len() as u64 + 2) as u32).collect::<Vec<_>>());
    }
    for names in
        ["BLK_1 PRINT ADD", "BLK_1 IF LT INT_1 INT_1", "BLK_1 PRINT CALL FUNC_1", "BLK_1 FUNC_1 ARITY_15 BLK_2"]
    {
        let all = read(&pair.language, names);
        // Far deeper than any program: no stack may overflow.
        let deep = all.iter().chain(all[1..].iter().cycle().take(300_000)).copied().collect::<Vec<_>>();
        check(&deep);
        check(&[all.as_slice(), &[all[all.len() - 1]; 200_000]].concat());
        assert!(Matcher::with_prefix(&pair.language, &deep).is_err());
    }
}
