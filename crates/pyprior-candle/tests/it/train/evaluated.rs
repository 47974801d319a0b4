//! Evaluation against plain sums in f64 over the model's logits as it generates with them.

use candle_core::{DType, Device};
use pyprior_candle::train::{AdamW, HeldOut, Learner};
use pyprior_candle::{CausalModel as _, LlamaConfig};
use pyprior_core::{Language, LanguageConfig, Matcher, Normalisation, Prior, PriorConfig, ProgramSampler};

use crate::common::{forward, small, weights};

#[test]
fn losses_and_masses_are_those_of_the_definition() {
    let language = LanguageConfig { max_len: Some(30), value_range: (0, 9), ..LanguageConfig::default() };
    let language = Language::new(language).unwrap();
    let vocab = language.vocab();
    // Some logits more than there are tokens: they count in the softmax, and are never legal.
    let config = LlamaConfig { vocab_size: vocab.len() + 3, ..small() };
    let prior = PriorConfig { normalisation: Normalisation::Legal, ..PriorConfig::default() };
    let programs = ProgramSampler::with_prior(&language, prior, 2).unwrap().sample(0..60).unwrap();
    let held_out = HeldOut::new(&language, prior, &programs, 1).unwrap();
    let learner =
        Learner::new(&config, &weights(&config, DType::F32), AdamW::default(), &Device::Cpu, DType::F32).unwrap();
    let model = learner.model().unwrap();

    let table = Prior::new(vocab, prior).unwrap();
    let (mut tokens, mut choices) = (0, 0);
    let (mut loss, mut choice_loss, mut masked, mut mass, mut uniform, mut by_prior) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for program in programs.iter() {
        let mut matcher = Matcher::new(&language);
        let mut cache = model.new_cache(1, 64).unwrap();
        let mut before = 1;
        for &token in program {
            let logits = &forward(&model, &mut cache, &[(0, &[before])])[0];
            let exps: Vec<f64> = logits.iter().map(|&x| f64::from(x).exp()).collect();
            let (all, legal): (f64, f64) =
                (exps.iter().sum(), matcher.legal_tokens().map(|token| exps[token as usize]).sum());
            let this = -(exps[token as usize] / all).ln();
            loss += this;
            mass += legal / all;
            tokens += 1;
            let frontier = matcher.frontier().unwrap();
            let of_form = |token: u32| {
                matcher.legal_tokens().filter(|&other| vocab.form(other) == vocab.form(token)).count() as u32
            };
            let weight = |token| table.weight(token, of_form(token), frontier.expr_depth, frontier.control_depth);
            let sum: f64 = matcher.legal_tokens().map(weight).sum();
            by_prior -= (weight(token) / sum).ln();
            uniform += f64::from(matcher.legal_count()).ln();
            if matcher.legal_count() > 1 {
                choices += 1;
                choice_loss += this;
                masked -= (exps[token as usize] / legal).ln();
            }
            matcher.accept_token(token).unwrap();
            before = token;
        }
    }
    let n = f64::from(tokens);
    let found = held_out.evaluate(&learner).unwrap();
    assert_eq!((found.tokens, found.choices), (tokens as usize, choices as usize));
    assert!(choices > 0 && choices < tokens);
    let baselines = held_out.baselines();
    let pairs = [
        (found.loss, loss / n),
        (found.choice_loss, choice_loss / f64::from(choices)),
        (found.masked_loss, masked / n),
        (found.legal_mass, mass / n),
        (baselines.uniform, uniform / n),
        (baselines.prior, by_prior / n),
    ];
    for (nth, (found, wanted)) in pairs.into_iter().enumerate() {
        assert!((found / wanted - 1.0).abs() < 1e-5, "{nth}: {found} {wanted}");
    }
}
