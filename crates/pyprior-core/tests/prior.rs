//! The symbolic prior: its logits, its apply modes in every number type, and what a model must not spoil.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::Random;
use common::prior::{Case, OUT, log_softmax, normal, wild};
use common::slices::{self, numbers};
use half::{bf16, f16};
use pyprior_core::{
    ApplyMode, Form, Frontier, HoleKind, Language, LanguageConfig, Logit, LogitsError, LogitsScratch, Matcher,
    Normalisation, Prior, PriorConfig, TokenBitmask, Vocab,
};

fn vocabs() -> Vec<Vocab> {
    let base = LanguageConfig { value_range: (0, 9), ..LanguageConfig::default() };
    [
        base.clone(),
        LanguageConfig::default(),
        LanguageConfig { base_vocab: 37, max_block_stmts: 9, ..base.clone() },
        LanguageConfig { max_vars: 0, max_funcs: 0, value_range: (1, 0), allow_empty_value_range: true, ..base },
    ]
    .iter()
    .map(|config| Vocab::new(config).unwrap())
    .collect()
}

/// Rounding to `T` once, as a share of the number; below `least` in size, absolutely.
fn compare<T: Logit>(vocab: &Vocab, case: &Case, model: &[f64], share: f64, least: f64, scratch: &mut LogitsScratch) {
    let mut row = model.iter().map(|&value| T::from_f64(value)).collect::<Vec<_>>();
    let expected = case.apply(vocab, &numbers(&row));
    let prior = Prior::new(vocab, case.config).unwrap();
    prior.apply_row(&mut row, &case.bitmask(), 0, case.frontier, scratch).unwrap();
    for (id, (ours, expected)) in numbers(&row).into_iter().zip(expected).enumerate() {
        let close = (ours - expected).abs() <= share * expected.abs() + least || ours == expected;
        assert!(close, "{:?} token {id}: {ours}, by the formula {expected}\n{:?}", case.config.apply, case.config);
    }
}

#[test]
fn modes_follow_their_formulas_in_every_type() {
    let mut random = Random(3);
    let mut scratch = LogitsScratch::default();
    for vocab in vocabs() {
        for _ in 0..400 {
            let case = Case::random(&mut random, &vocab);
            let spread = [0.1, 1.0, 5.0, 20.0][random.index(4)];
            let model = (0..vocab.len()).map(|_| spread * normal(&mut random)).collect::<Vec<_>>();
            compare::<f32>(&vocab, &case, &model, 6e-8, 1e-11, &mut scratch);
            compare::<f16>(&vocab, &case, &model, 4.9e-4, 3.1e-8, &mut scratch);
            compare::<bf16>(&vocab, &case, &model, 3.92e-3, 1e-11, &mut scratch);
        }
    }
}

#[test]
fn logits_and_probabilities_follow_their_formulas() {
    let mut random = Random(4);
    let mut scratch = LogitsScratch::default();
    for vocab in vocabs() {
        for _ in 0..300 {
            let case = Case::random(&mut random, &vocab);
            let prior = Prior::new(&vocab, case.config).unwrap();
            let (mut logits, mut probabilities) = (vec![f32::NAN; vocab.len()], vec![f64::NAN; vocab.len()]);
            prior.logits(case.frontier, &case.bitmask(), 0, &mut logits).unwrap();
            prior.probabilities(case.frontier, &case.bitmask(), 0, &mut probabilities, &mut scratch).unwrap();
            let (weights, expected) = (case.weights(&vocab), slices::probabilities(&case, &vocab));
            for id in 0..vocab.len() {
                let expected = weights[id].ln();
                let close = (f64::from(logits[id]) - expected).abs() < 3e-6;
                assert!(close || f64::from(logits[id]) == expected, "{} {expected}", logits[id]);
            }
            assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for (ours, expected) in probabilities.iter().zip(&expected) {
                assert!((ours - expected).abs() < 1e-12, "{ours} {expected}");
            }
            // The weights that other samplers use say the same.
            let [ed, cd] = case.frontier.map_or([0, 0], |frontier| [frontier.expr_depth, frontier.control_depth]);
            for id in (0..vocab.len()).filter(|&id| case.legal[id]) {
                let form = vocab.form(id as u32).unwrap();
                let legal =
                    (0..vocab.len()).filter(|&id| case.legal[id] && vocab.form(id as u32) == Some(form)).count();
                let ours = prior.weight(id as u32, legal as u32, ed, cd);
                assert!((ours - weights[id]).abs() <= 1e-13 * weights[id], "{ours} {}", weights[id]);
                if let Some(whole) = prior.form_weight(form, ed, cd) {
                    let all = match prior.normalisation() {
                        Normalisation::Vocabulary => vocab.ids_of(form).len(),
                        Normalisation::Legal => legal,
                    };
                    assert!((whole - ours * all as f64).abs() <= 1e-13 * whole);
                }
            }
            assert_eq!(prior.weight(vocab.len() as u32, 1, ed, cd), 0.0);
        }
    }
}

/// The results that hold whatever the model says.
fn holds<T: Logit>(vocab: &Vocab, case: &Case, model: &[f64], scratch: &mut LogitsScratch) {
    // Conversions that keep infinities and NaN, which `from_f64` does not.
    let convert = |value: f64| match value {
        f64::NEG_INFINITY => T::NEG_INFINITY,
        value => T::from_f64(value),
    };
    let row = model.iter().map(|&value| convert(value)).collect::<Vec<_>>();
    check(vocab, case, row, scratch);
}

fn check<T: Logit>(vocab: &Vocab, case: &Case, mut row: Vec<T>, scratch: &mut LogitsScratch) -> Vec<f64> {
    let prior = Prior::new(vocab, case.config).unwrap();
    prior.apply_row(&mut row, &case.bitmask(), 0, case.frontier, scratch).unwrap();
    let (support, _) = case.support(vocab);
    let row = numbers(&row);
    for (id, &value) in row.iter().enumerate() {
        assert!(!value.is_nan());
        assert_eq!(value.is_finite(), support[id], "token {id} is {value}\n{case:?}");
        assert!(value.is_finite() || value == OUT);
    }
    let probabilities = log_softmax(&row).iter().map(|log| log.exp()).collect::<Vec<_>>();
    assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    assert!(probabilities.iter().any(|&probability| probability > 1e-6));
    row
}

#[test]
fn nothing_a_model_says_makes_a_result_infinite_or_nan() {
    let mut random = Random(5);
    let mut scratch = LogitsScratch::default();
    let vocabs = vocabs();
    for round in 0..4000 {
        let vocab = &vocabs[random.index(vocabs.len())];
        let case = Case::random(&mut random, vocab);
        let calm = [1, 2, 30][round % 3];
        let model = (0..vocab.len()).map(|_| wild(&mut random, calm)).collect::<Vec<_>>();
        check(vocab, &case, model.iter().map(|&value| value as f32).collect(), &mut scratch);
        check(vocab, &case, model.iter().map(|&value| f16::from_f64(value)).collect(), &mut scratch);
        check(vocab, &case, model.iter().map(|&value| bf16::from_f64(value)).collect(), &mut scratch);
        holds::<f16>(vocab, &case, &model, &mut scratch);
    }
}

#[test]
fn what_infinities_and_nan_count_as() {
    let vocab = &vocabs()[0];
    let mut scratch = LogitsScratch::default();
    let mut legal = vec![false; vocab.len()];
    let int = |value: i64| vocab.id_of(&format!("INT_{value}")).unwrap() as usize;
    let [a, b, c, add] = [int(1), int(2), int(3), vocab.id_of("ADD").unwrap() as usize];
    [a, b, c, add].into_iter().for_each(|id| legal[id] = true);
    let mut run = |apply, values: [f32; 4], elsewhere: f32| {
        let config = PriorConfig { apply, alpha: 0.5, ..PriorConfig::default() };
        let case = Case { config, frontier: None, legal: legal.clone() };
        let mut row = vec![elsewhere; vocab.len()];
        [a, b, c, add].iter().zip(values).for_each(|(&id, value)| row[id] = value);
        let row = check(vocab, &case, row, &mut scratch);
        [a, b, c, add].map(|id| row[id])
    };
    const INF: f32 = f32::INFINITY;
    let max = f64::from(f32::MAX);
    // Mode off: finite logits stay the same bits.
    assert_eq!(run(ApplyMode::Off, [INF, 2.5, -INF, f32::NAN], 0.0), [max, 2.5, -max, -max]);
    // A model that says nothing leaves the prior, or uniform where the prior has no say.
    for nothing in [[-INF; 4], [f32::NAN; 4], [-INF, f32::NAN, -INF, f32::NAN]] {
        for elsewhere in [0.0, INF, -INF, f32::NAN] {
            assert_eq!(run(ApplyMode::Off, nothing, elsewhere), [0.0; 4]);
            for mode in [ApplyMode::Additive, ApplyMode::Fixed, ApplyMode::Entropy] {
                let ours = log_softmax(&run(mode, nothing, elsewhere));
                let strength = if mode == ApplyMode::Entropy { 1.0 } else { 0.5 };
                // A constant weighs 1 / 10, an operator 1.5 / 3.
                let expected = log_softmax(&[0.1_f64, 0.1, 0.1, 0.5].map(|weight| strength * weight.ln()));
                ours.iter().zip(&expected).for_each(|(ours, expected)| assert!((ours - expected).abs() < 1e-6));
            }
        }
    }
    // Certainty: the tokens at positive infinity share all there is.
    for mode in [ApplyMode::Off, ApplyMode::Additive, ApplyMode::Fixed] {
        let ours = log_softmax(&run(mode, [INF, 3.0, INF, 9.0], 1.0));
        assert!((ours[0] - 0.5_f64.ln()).abs() < 1e-6 && (ours[2] - 0.5_f64.ln()).abs() < 1e-6, "{mode:?} {ours:?}");
    }
    // What is not finite elsewhere is passed over.
    for elsewhere in [INF, f32::NAN] {
        for mode in ApplyMode::ALL {
            assert_eq!(run(mode, [1.0, 2.0, 3.0, 4.0], elsewhere), run(mode, [1.0, 2.0, 3.0, 4.0], -INF));
        }
    }
}

#[test]
fn a_weight_of_0_rules_out_unless_nothing_else_is_legal() {
    let vocab = &vocabs()[0];
    let prior = |w_var, apply, alpha| {
        let config = PriorConfig { w_var, w_const: 0.0, apply, alpha, ..PriorConfig::default() };
        Prior::new(vocab, config).unwrap()
    };
    let [a, b, five] = ["VAR_1", "VAR_2", "INT_5"].map(|name| vocab.id_of(name).unwrap());
    let run = |prior: &Prior, ids: &[u32]| {
        let mut bitmask = TokenBitmask::new(1, vocab.len());
        ids.iter().for_each(|id| bitmask.data_mut()[*id as usize / 32] |= 1 << (id % 32));
        let mut row = vec![1.0_f32; vocab.len()];
        prior.apply_row(&mut row, &bitmask, 0, None, &mut LogitsScratch::default()).unwrap();
        ids.iter().map(|&id| row[id as usize].is_finite()).collect::<Vec<_>>()
    };
    for (mode, alpha) in [(ApplyMode::Additive, 0.1), (ApplyMode::Fixed, 2.0), (ApplyMode::Entropy, 0.0)] {
        assert_eq!(run(&prior(2.0, mode, alpha), &[a, five]), [true, false]);
        assert_eq!(run(&prior(2.0, mode, alpha), &[five]), [true]);
        assert_eq!(run(&prior(0.0, mode, alpha), &[a, b, five]), [true; 3]);
    }
    // Where the prior has no say, nor has a weight of 0.
    for (mode, alpha) in [(ApplyMode::Off, 1.0), (ApplyMode::Additive, 0.0), (ApplyMode::Fixed, 0.0)] {
        assert_eq!(run(&prior(2.0, mode, alpha), &[a, five]), [true; 2]);
    }
}

#[test]
fn a_single_visible_variable_has_the_weight_of_its_form() {
    let language = Language::new(LanguageConfig { max_len: Some(40), ..LanguageConfig::default() }).unwrap();
    let id = |name: &str| language.vocab().id_of(name).unwrap();
    let prefix = ["BLK_2", "ASSIGN", "VAR_1", "INT_7", "PRINT"].map(id);
    let matcher = Matcher::with_prefix(&language, &prefix).unwrap();
    let mut bitmask = TokenBitmask::new(1, language.vocab().len());
    matcher.fill_next_token_bitmask(&mut bitmask, 0).unwrap();
    for (normalisation, expected) in
        [(Normalisation::Vocabulary, 2.0 / 15.0 / (2.0 / 15.0 + 3.0)), (Normalisation::Legal, 2.0 / 5.0)]
    {
        let prior = Prior::new(language.vocab(), PriorConfig { normalisation, ..PriorConfig::default() }).unwrap();
        let mut out = vec![0.0; language.vocab().len()];
        prior.probabilities(matcher.frontier(), &bitmask, 0, &mut out, &mut LogitsScratch::default()).unwrap();
        assert!((out[id("VAR_1") as usize] - expected).abs() < 1e-12, "{normalisation:?}");
    }
}

#[test]
fn rows_of_a_batch_are_single_rows() {
    let vocab = &vocabs()[1];
    let mut random = Random(8);
    let mut scratch = LogitsScratch::new(vocab.len());
    let config = Case::random(&mut random, vocab).config;
    let prior = Prior::new(vocab, config).unwrap();
    let cases = (0..9).map(|_| Case { config, ..Case::random(&mut random, vocab) }).collect::<Vec<_>>();
    let mut bitmask = TokenBitmask::new(cases.len(), vocab.len());
    let data = cases.iter().flat_map(|case| case.bitmask().data().to_vec()).collect::<Vec<_>>();
    bitmask.data_mut().copy_from_slice(&data);
    let frontiers = cases.iter().map(|case| case.frontier).collect::<Vec<_>>();
    let mut all = (0..cases.len() * vocab.len()).map(|_| wild(&mut random, 20) as f32).collect::<Vec<_>>();
    let mut single = all.clone();
    prior.apply(&mut all, &bitmask, &frontiers, &mut scratch).unwrap();
    for (slot, row) in single.chunks_mut(vocab.len()).enumerate() {
        prior.apply_row(row, &bitmask, slot, frontiers[slot], &mut scratch).unwrap();
    }
    assert_eq!(all, single);
}

#[test]
fn shapes_that_do_not_agree_change_nothing() {
    let vocab = &vocabs()[0];
    let prior = Prior::new(vocab, PriorConfig::default()).unwrap();
    let mut scratch = LogitsScratch::new(79);
    let bitmask = TokenBitmask::new(2, 79);
    let mut row = vec![1.0_f32; 3 * 79];
    let mut message = |len: usize, bitmask: &TokenBitmask, frontiers: usize| {
        let error = prior.apply(&mut row[..len], bitmask, &vec![None; frontiers], &mut scratch).unwrap_err();
        assert!(row.iter().all(|&value| value == 1.0));
        error.to_string()
    };
    assert_eq!(message(79, &bitmask, 2), "79 logits were given; 2 rows of 79 tokens are needed");
    assert_eq!(message(158, &bitmask, 3), "3 frontiers were given for 2 rows");
    let narrow = "bitmask has 2 rows for 78 tokens; 2 rows for 79 tokens are needed";
    assert_eq!(message(158, &TokenBitmask::new(2, 78), 2), narrow);
    let error = prior.apply_row(&mut row[..79], &bitmask, 2, None, &mut scratch).unwrap_err();
    assert_eq!(error.to_string(), "bitmask has 2 rows for 79 tokens; 3 rows for 79 tokens are needed");
    let error = prior.logits(None, &bitmask, 0, &mut row[..78]).unwrap_err();
    assert_eq!(error, LogitsError::Len { found: 78, rows: 1, vocab: 79 });
    let error = prior.apply_row(&mut row[..79], &bitmask, usize::MAX, None, &mut scratch).unwrap_err();
    assert!(matches!(error, LogitsError::Bitmask(_)));
    // Bits beyond the vocabulary are nobody's; without a legal token nothing is left.
    let mut odd = TokenBitmask::new(1, 79);
    odd.data_mut()[2] = u32::MAX << 15;
    let mut last = row[..79].to_vec();
    prior.apply_row(&mut last, &odd, 0, None, &mut scratch).unwrap();
    assert!(last.iter().all(|&value| value == f32::NEG_INFINITY));
    let mut none = vec![1.0; 79];
    prior.probabilities(None, &odd, 0, &mut none, &mut scratch).unwrap();
    assert!(none.iter().all(|&value| value == 0.0));
}

#[test]
fn configurations_out_of_range_are_refused_by_name() {
    let vocab = &vocabs()[0];
    let refused = |config| Prior::new(vocab, config).unwrap_err().to_string();
    let base = PriorConfig::default();
    let weight = "it must be a finite number, 0 or more";
    assert_eq!(refused(PriorConfig { w_var: -0.5, ..base }), format!("w_var is -0.5; {weight}"));
    assert_eq!(refused(PriorConfig { w_return: f64::NAN, ..base }), format!("w_return is NaN; {weight}"));
    assert_eq!(refused(PriorConfig { w_if: f64::INFINITY, ..base }), format!("w_if is inf; {weight}"));
    let decay = "it must be above 0 and at most 1";
    for bad in [0.0, -0.5, 1.25, f64::NAN, f64::INFINITY] {
        let config = PriorConfig { binop_depth_decay: bad, ..base };
        assert_eq!(refused(config), format!("binop_depth_decay is {bad}; {decay}"));
        let config = PriorConfig { if_depth_decay: bad, ..base };
        assert_eq!(refused(config), format!("if_depth_decay is {bad}; {decay}"));
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let config = PriorConfig { length_decay: bad, ..base };
        assert_eq!(refused(config), format!("length_decay is {bad}; it must be a finite number above 0"));
    }
    for bad in [-0.1, 1000.5, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(PriorConfig { alpha: bad, ..base }), format!("alpha is {bad}; it must be from 0 to 1000"));
    }
    // The ends of the ranges are inside them, and weights stay numbers that can be added up.
    let extreme = PriorConfig { w_var: f64::MAX, w_const: 5e-324, length_decay: f64::MAX, alpha: 1000.0, ..base };
    let extreme = PriorConfig { binop_depth_decay: 5e-324, w_print: 0.0, ..extreme };
    let prior = Prior::new(vocab, extreme).unwrap();
    for id in 0..79 {
        let weight = prior.weight(id, 1, 60, 20);
        assert!(weight == 0.0 || (1e-300..=1e300).contains(&weight), "{weight}");
        assert_eq!(weight == 0.0, vocab.form(id) == Some(Form::Print));
    }
    let deep = Frontier { kind: HoleKind::Expr, expr_depth: u32::MAX, control_depth: u32::MAX };
    let mut bitmask = TokenBitmask::new(1, 79);
    bitmask.data_mut().copy_from_slice(&[u32::MAX, u32::MAX, 0x7fff]);
    for apply in [ApplyMode::Additive, ApplyMode::Fixed, ApplyMode::Entropy] {
        let prior = Prior::new(vocab, PriorConfig { apply, ..extreme }).unwrap();
        let mut row = vec![f16::from_f64(1.0); 79];
        prior.apply_row(&mut row, &bitmask, 0, Some(deep), &mut LogitsScratch::default()).unwrap();
        for (id, value) in (0..).zip(row) {
            assert_eq!(value.is_finite(), vocab.form(id) != Some(Form::Print));
            assert!(value.is_finite() || value == f16::NEG_INFINITY);
        }
    }
}

#[test]
fn configurations_are_read_and_written() {
    let read = |text: &str| serde_json::from_str::<PriorConfig>(text).map_err(|error| error.to_string());
    let recorded = r#"{"w_var": 3.0, "w_const": 1, "w_call": 6.0, "w_return": 3.0, "w_binop": 1.5, "w_compare": 0.1,
        "w_print": 1.0, "w_assign": 1.0, "w_if": 2.5, "binop_depth_decay": 0.5, "if_depth_decay": 0.5,
        "length_decay": 0.3, "apply": "additive", "alpha": 0.75}"#;
    let config = read(recorded).unwrap();
    assert_eq!((config.w_var, config.length_decay, config.apply), (3.0, 0.3, ApplyMode::Additive));
    assert_eq!(read("{}").unwrap(), PriorConfig::default());
    assert_eq!(read(&serde_json::to_string(&config).unwrap()).unwrap(), config);
    let legal = read(r#"{"normalisation": "legal"}"#).unwrap();
    assert_eq!(legal.normalisation, Normalisation::Legal);
    let begins = |text: &str, message: &str| {
        let error = read(text).unwrap_err();
        assert!(error.starts_with(message), "{error}");
    };
    begins(r#"{"w_vra": 1}"#, r#"unknown field "w_vra" of the prior; did you mean "w_var"? at line 1"#);
    begins(r#"{"lenght_decay": 1}"#, r#"unknown field "lenght_decay" of the prior; did you mean "length_decay"?"#);
    begins(r#"{"zzz": 1}"#, r#"unknown field "zzz" of the prior; known are w_var, w_const, w_binop"#);
    begins(
        r#"{"apply": "entropic"}"#,
        "unknown variant `entropic`, expected one of `off`, `additive`, `fixed`, `entropy`",
    );
    begins(r#"{"normalisation": "all"}"#, "unknown variant `all`, expected `vocabulary` or `legal`");
    begins(r#"{"w_var": 1, "w_var": 2}"#, r#"field "w_var" is given twice"#);
    begins(r#"{"w_var": "heavy"}"#, "invalid type: string \"heavy\", expected f64");
    begins("[1]", "invalid type: sequence, expected the fields of a prior");
}
