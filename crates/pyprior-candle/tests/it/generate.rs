//! The loop, held against one that is plain: one row, no cache, every token drawn where its score is largest, scores and
//! noise computed here from what the documentation of `sample` says.
//!
//! `PYPRIOR_PROGRAMS` (100) is the number of programs of each comparison.

use crate::common;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use candle_core::{Device, Tensor};
use pyprior_candle::{
    Batch, Budget, CacheError, CausalModel, Error, GenerateConfig, GenerateError, Generated, Generator, KvCache,
    Prompt, RandomModel, Stats,
};
use pyprior_core::{Language, LanguageConfig, Matcher, PriorConfig, TruncationConfig, philox4x32_10};

fn programs() -> u64 {
    std::env::var("PYPRIOR_PROGRAMS").ok().map_or(100, |text| text.parse().unwrap())
}

/// The vocabulary of 83 tokens that the small model is for.
fn language(max_len: u32) -> Arc<Language> {
    let config = LanguageConfig { value_range: (-5, 8), max_len: Some(max_len), ..LanguageConfig::default() };
    Language::new(config).unwrap()
}

/// Settings under which the model alone decides.
fn config(seed: u64, rows: usize, temperature: f64) -> GenerateConfig {
    GenerateConfig { seed, rows, prior: None, truncation: TruncationConfig { temperature, ..Default::default() } }
}

struct Finished {
    tokens: Vec<u32>,
    prompt: usize,
    drawn: u32,
    log_probability: f64,
    entropy: f64,
}

fn wrapped(prompts: &[Vec<u32>]) -> Vec<Prompt> {
    prompts.iter().cloned().map(Prompt::from).collect()
}

fn generate(
    model: &dyn CausalModel,
    language: &Arc<Language>,
    prompts: &[Vec<u32>],
    config: GenerateConfig,
    count: u64,
) -> (BTreeMap<u64, Finished>, Stats) {
    let mut finished = BTreeMap::new();
    let budget = Budget { programs: Some(count), ..Budget::default() };
    let mut each = |program: Generated<'_>| {
        let Generated { number, tokens, prompt, drawn, log_probability, entropy, .. } = program;
        let program = Finished { tokens: tokens.to_vec(), prompt, drawn, log_probability, entropy };
        assert!(finished.insert(number, program).is_none(), "program {number} twice");
        ControlFlow::Continue(())
    };
    let mut generator = Generator::new(model, language, &wrapped(prompts), config).unwrap();
    let stats = generator.run(0, &budget, &AtomicBool::new(false), &mut each).unwrap();
    assert!(finished.keys().copied().eq(0..count));
    assert_eq!(stats.programs, count);
    let new = |program: &Finished| (program.tokens.len() - program.prompt) as u64;
    assert_eq!(stats.tokens, finished.values().map(new).sum::<u64>());
    assert_eq!(stats.tokens - stats.forced, finished.values().map(|program| u64::from(program.drawn)).sum::<u64>());
    for program in finished.values() {
        let matcher = Matcher::with_prefix(language, &program.tokens).unwrap();
        assert!(matcher.is_terminated() && program.tokens.len() <= language.config().max_len.unwrap() as usize);
    }
    (finished, stats)
}

/// One program, token by token, and the smallest distance between the best score of a step and the second.
fn plain(
    model: &dyn CausalModel,
    language: &Arc<Language>,
    prompt: &[u32],
    (seed, number, temperature): (u64, u64, f64),
) -> (Finished, f64) {
    let mut matcher = Matcher::with_prefix(language, prompt).unwrap();
    let bos = language.vocab().id_of("BOS").unwrap();
    let (mut drawn, mut log_probability, mut entropy, mut closest) = (0, 0.0, 0.0, f64::INFINITY);
    while !matcher.is_terminated() {
        let mut cache = model.new_cache(1, matcher.tokens().len() + 1).unwrap();
        let mut batch = Batch::new();
        batch.push(0, &[&[bos], matcher.tokens()].concat());
        let logits = model.forward(&mut cache, &batch).unwrap().to_vec2::<f32>().unwrap().remove(0);
        let legal = matcher.legal_tokens().collect::<Vec<_>>();
        let scale = if temperature == 0.0 { 1.0 } else { temperature };
        let scores = legal.iter().map(|&token| f64::from(logits[token as usize]) / scale).collect::<Vec<_>>();
        let step = matcher.tokens().len() as u32;
        let noise = |token: u32| {
            let lane = (3 << 30) + 8 * (token / 32) + token % 8;
            let block =
                philox4x32_10([number as u32, (number >> 32) as u32, step, lane], [seed as u32, (seed >> 32) as u32]);
            let uniform = (f64::from(block[(token % 32 / 8) as usize]) + 0.5) / 4_294_967_296.0;
            if temperature == 0.0 { 0.0 } else { -(-uniform.ln()).ln() }
        };
        let noisy = legal.iter().zip(&scores).map(|(&token, score)| score + noise(token)).collect::<Vec<_>>();
        let best = (0..legal.len()).rev().max_by(|&a, &b| noisy[a].total_cmp(&noisy[b])).unwrap();
        for (nth, score) in noisy.iter().enumerate().filter(|(nth, _)| *nth != best) {
            closest = closest.min(noisy[best] - score + if nth == best { f64::INFINITY } else { 0.0 });
        }
        if legal.len() > 1 {
            drawn += 1;
            if temperature > 0.0 {
                let sum = scores.iter().map(|score| score.exp()).sum::<f64>();
                log_probability += scores[best] - sum.ln();
                entropy -= scores.iter().map(|score| score.exp() / sum * (score - sum.ln())).sum::<f64>();
            }
        }
        matcher.accept_token(legal[best]).unwrap();
    }
    let finished =
        Finished { tokens: matcher.tokens().to_vec(), prompt: prompt.len(), drawn, log_probability, entropy };
    (finished, closest)
}

/// Generated programs are those of the plain loop, every one.
fn compare(model: &dyn CausalModel, prompts: &[Vec<u32>], rows: usize, temperature: f64) {
    let language = language(40);
    let (found, stats) = generate(model, &language, prompts, config(7, rows, temperature), programs());
    // The cache's slots are taken again and again, unless there are as many as programs.
    assert!(stats.steps > 0);
    for (number, found) in found {
        let prompt = if prompts.is_empty() { &[][..] } else { &prompts[number as usize % prompts.len()] };
        let (wanted, closest) = plain(model, &language, prompt, (7, number, temperature));
        assert_eq!(found.tokens, wanted.tokens, "program {number}; two scores within {closest:e}");
        assert_eq!((found.prompt, found.drawn), (wanted.prompt, wanted.drawn), "program {number}");
        assert!((found.log_probability - wanted.log_probability).abs() < 1e-3, "program {number}");
        assert!((found.entropy - wanted.entropy).abs() < 1e-3, "program {number}");
    }
}

#[test]
fn programs_are_those_of_the_plain_loop() {
    let model = common::model(&common::small());
    for (rows, temperature) in [(1, 1.0), (7, 1.0), (64, 1.0), (16, 0.3), (16, 0.0)] {
        compare(&model, &[], rows, temperature);
    }
    let random = RandomModel::new(3, 83, Device::Cpu);
    for rows in [1, 5, 200] {
        compare(&random, &[], rows, 1.0);
    }
}

#[test]
fn prompts_of_different_lengths() {
    let language = language(40);
    let ids = |names: &str| names.split(' ').map(|name| language.vocab().id_of(name).unwrap()).collect::<Vec<_>>();
    let prompts = [
        vec![],
        ids("BLK_2 FUNC_1 ARITY_2 BLK_2 ASSIGN VAR_3 ADD VAR_1 VAR_2 RETURN"),
        ids("BLK_1 FUNC_1"),
        // A whole program is finished at once.
        ids("BLK_1 PRINT INT_7"),
    ];
    let model = common::model(&common::small());
    for rows in [1, 9] {
        compare(&model, &prompts, rows, 1.0);
    }
    let (found, _) = generate(&model, &language, &prompts, config(1, 3, 1.0), 40);
    for (number, program) in found {
        let prompt = &prompts[number as usize % prompts.len()];
        assert!(program.tokens.starts_with(prompt) && program.prompt == prompt.len());
    }
    let whole = [ids("BLK_1 PRINT INT_7")];
    let (found, stats) = generate(&model, &language, &whole, config(1, 3, 1.0), 1000);
    assert_eq!((found.len(), stats.steps, stats.tokens), (1000, 0, 0));
}

#[test]
fn priors_and_filters_give_programs_too() {
    let language = language(60);
    let model = RandomModel::new(1, 100, Device::Cpu);
    for truncation in [
        TruncationConfig::default(),
        TruncationConfig { temperature: 0.0, ..Default::default() },
        TruncationConfig { top_k: Some(3), top_p: 0.9, min_p: 0.01, ..Default::default() },
    ] {
        let config = GenerateConfig { rows: 33, prior: Some(PriorConfig::default()), truncation, seed: 5 };
        let (first, _) = generate(&model, &language, &[], config.clone(), 300);
        let (second, _) = generate(&model, &language, &[], GenerateConfig { rows: 4, ..config }, 300);
        for (a, b) in first.values().zip(second.values()) {
            assert_eq!((&a.tokens, a.log_probability), (&b.tokens, b.log_probability));
        }
    }
}

#[test]
fn budgets_and_cancelling() {
    let language = language(40);
    let model = RandomModel::new(1, 83, Device::Cpu);
    let cancel = AtomicBool::new(false);
    let run = |budget: Budget, stop_after: u64, set_after: u64| {
        let mut count = 0;
        let mut generator = Generator::new(&model, &language, &[], config(1, 8, 1.0)).unwrap();
        let stats = generator.run(100, &budget, &cancel, &mut |program| {
            assert!(program.number >= 100);
            count += 1;
            cancel.store(count == set_after, Ordering::Relaxed);
            if count == stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        cancel.store(false, Ordering::Relaxed);
        assert_eq!(stats.as_ref().unwrap().programs, count);
        stats.unwrap()
    };
    let programs = |programs| Budget { programs: Some(programs), ..Budget::default() };
    assert_eq!(run(programs(0), 0, 0).steps, 0);
    assert_eq!(run(programs(21), 0, 0).programs, 21);
    assert_eq!(run(Budget::default(), 5, 0).programs, 5);
    // Rows that finish in the same step as the one that cancels are handed out.
    assert!((6..14).contains(&run(Budget::default(), 0, 6).programs));
    let tokens = run(Budget { tokens: Some(500), ..Budget::default() }, 0, 0).tokens;
    assert!((500..500 + 8 * 40).contains(&tokens), "{tokens}");
    assert_eq!(run(Budget { time: Some(Duration::ZERO), ..Budget::default() }, 0, 0).steps, 0);
    let stats = run(Budget { time: Some(Duration::from_millis(30)), ..Budget::default() }, 0, 0);
    assert!(stats.total >= Duration::from_millis(30) && stats.steps > 0);
    assert!(stats.model + stats.mask + stats.sample <= stats.total);
}

/// A model that says NaN to a sequence of a length.
struct Broken {
    inner: RandomModel,
    at: usize,
}

impl CausalModel for Broken {
    fn vocab_size(&self) -> usize {
        self.inner.vocab_size()
    }

    fn device(&self) -> &Device {
        self.inner.device()
    }

    fn max_positions(&self) -> usize {
        41
    }

    fn bytes_per_slot(&self, capacity: usize) -> usize {
        self.inner.bytes_per_slot(capacity)
    }

    fn new_cache(&self, slots: usize, capacity: usize) -> Result<KvCache, Error> {
        self.inner.new_cache(slots, capacity)
    }

    fn forward(&self, cache: &mut KvCache, batch: &Batch) -> Result<Tensor, Error> {
        let logits = self.inner.forward(cache, batch)?;
        match batch.iter().any(|(slot, _)| cache.len(slot).is_ok_and(|len| len > self.at)) {
            true => Ok((logits * f64::NAN)?),
            false => Ok(logits),
        }
    }
}

#[test]
fn refusals() {
    let model = Broken { inner: RandomModel::new(1, 83, Device::Cpu), at: 9 };
    let new = |max_len, prompts: &[Vec<u32>], rows| {
        let language = Language::new(LanguageConfig { max_len, ..language(40).config().clone() }).unwrap();
        Generator::new(&model, &language, &wrapped(prompts), config(1, rows, 1.0)).map(drop)
    };
    assert!(new(Some(40), &[], 1).is_ok());
    assert!(matches!(new(Some(41), &[], 1), Err(GenerateError::TooLong { max_len: 41, most: 40 })));
    assert!(matches!(new(None, &[], 1), Err(GenerateError::NoMaxLen { most: 40 })));
    assert!(matches!(new(Some(40), &[], 0), Err(GenerateError::NoRows)));
    assert!(matches!(new(Some(40), &[vec![], vec![82]], 2), Err(GenerateError::Prompt { prompt: 1, .. })));
    let memory = new(Some(40), &[], usize::MAX);
    assert!(matches!(memory, Err(GenerateError::Model(Error::Cache(CacheError::Memory { .. })))));
    let wide = Language::new(LanguageConfig { max_len: Some(40), ..LanguageConfig::default() }).unwrap();
    let error = Generator::new(&model, &wide, &[], config(1, 1, 1.0)).map(drop).unwrap_err();
    assert_eq!(error.to_string(), "the vocabulary has 268 tokens, and the model has logits for 83");
    let settings = config(1, 1, f64::NAN);
    assert!(matches!(Generator::new(&model, &language(40), &[], settings), Err(GenerateError::Sampling(_))));

    let mut generator = Generator::new(&model, &language(40), &[], config(1, 3, 1.0)).unwrap();
    let error = generator.run(0, &Budget::default(), &AtomicBool::new(false), &mut |_| ControlFlow::Continue(()));
    let Err(GenerateError::Sample { position, .. }) = &error else { panic!("{error:?}") };
    assert!(*position >= 1, "{error:?}");
}

/// Of several starts, each is taken as often as the model makes its tokens likely.
#[test]
fn alternatives_are_as_likely_as_the_model_says() {
    let language = language(40);
    let model = common::model(&common::small());
    let ids = |names: &str| names.split(' ').map(|name| language.vocab().id_of(name).unwrap()).collect::<Vec<_>>();
    let starts = [ids("BLK_1 PRINT"), ids("BLK_2 PRINT INT_7"), ids("BLK_2 ASSIGN VAR_1 INT_3")];
    let mut likely = starts.each_ref().map(|tokens| {
        let mut matcher = Matcher::new(&language);
        let mut product = 1.0;
        for (nth, &token) in tokens.iter().enumerate() {
            let mut cache = model.new_cache(1, nth + 1).unwrap();
            let mut batch = Batch::new();
            batch.push(0, &[&[language.vocab().id_of("BOS").unwrap()], &tokens[..nth]].concat());
            let logits = model.forward(&mut cache, &batch).unwrap().to_vec2::<f32>().unwrap().remove(0);
            let sum = matcher.legal_tokens().map(|token| f64::from(logits[token as usize]).exp()).sum::<f64>();
            product *= f64::from(logits[token as usize]).exp() / sum;
            matcher.accept_token(token).unwrap();
        }
        product
    });
    let total = likely.iter().sum::<f64>();
    likely.iter_mut().for_each(|likely| *likely /= total);
    const COUNT: u64 = 20_000;
    let budget = Budget { programs: Some(COUNT), ..Budget::default() };
    // Fewer slots than alternatives: they are weighed in turns.
    for rows in [2, 64] {
        let mut counts = [0_u32; 3];
        let prompt = [Prompt::any_of(starts.iter().cloned())];
        let mut generator = Generator::new(&model, &language, &prompt, config(11, rows, 1.0)).unwrap();
        let each = &mut |program: Generated<'_>| {
            let nth = starts.iter().position(|start| program.tokens.starts_with(start)).unwrap();
            assert_eq!(program.prompt, starts[nth].len());
            counts[nth] += 1;
            ControlFlow::Continue(())
        };
        let few = Budget { programs: Some(if rows == 2 { 2_000 } else { COUNT }), ..budget };
        generator.run(0, &few, &AtomicBool::new(false), each).unwrap();
        let expected = likely.map(|likely| likely * few.programs.unwrap() as f64);
        let square = counts.iter().zip(expected).map(|(&found, wanted)| (f64::from(found) - wanted).powi(2) / wanted);
        let square = square.sum::<f64>();
        // Two degrees of freedom, p = 1e-5.
        assert!(square < 23.03, "{counts:?} {likely:?}");
    }
    let none = [Prompt::any_of([])];
    let refused = Generator::new(&model, &language, &none, config(1, 1, 1.0)).map(drop);
    assert!(matches!(refused, Err(GenerateError::NoAlternatives { prompt: 0 })));
}
