//! Log-probabilities of programs are sums of those of their tokens, which `Prior::probabilities` states.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{Random, languages};
use pyprior_core::{
    Language, LogitsScratch, Matcher, Normalisation, Prior, PriorConfig, ProgramSampler, ProgramScorer, Programs,
    ScoredSampler, TokenBitmask,
};

/// Priors of every kind: the default one, one that divides among legal tokens, one that rules things out, an uneven one.
fn priors() -> [PriorConfig; 4] {
    let default = PriorConfig::default();
    [
        default,
        PriorConfig { normalisation: Normalisation::Legal, ..default },
        PriorConfig { w_const: 0.0, w_print: 0.0, w_if: 0.0, ..default },
        PriorConfig { w_call: 9.0, w_var: 0.1, length_decay: 1.3, normalisation: Normalisation::Legal, ..default },
    ]
}

#[test]
fn scores_are_sums_over_tokens() {
    let mut tokens_seen = 0;
    let mut random = Random(17);
    for _ in 0..60 {
        let Ok(language) = Language::new(languages::config(&mut random)) else { continue };
        for config in priors() {
            let prior = Prior::new(language.vocab(), config).unwrap();
            let mut scorer = ProgramScorer::new(&language, config).unwrap();
            let sampler = ProgramSampler::new(&language, 3).with_token_limit(2_000);
            let Ok(programs) = sampler.sample(0..60) else { continue };
            let (mut bitmask, mut scratch) =
                (TokenBitmask::new(1, language.vocab().len()), LogitsScratch::new(language.vocab().len()));
            let mut row = vec![0.0; language.vocab().len()];
            for tokens in programs.iter() {
                let (mut matcher, mut sum) = (Matcher::new(&language), 0.0);
                for &token in tokens {
                    matcher.fill_next_token_bitmask(&mut bitmask, 0).unwrap();
                    prior.probabilities(matcher.frontier(), &bitmask, 0, &mut row, &mut scratch).unwrap();
                    sum += row[token as usize].ln();
                    matcher.accept_token(token).unwrap();
                    tokens_seen += 1;
                }
                let score = scorer.score(tokens).unwrap();
                let close = score == sum || (score - sum).abs() <= 1e-10 * sum.abs().max(1.0);
                assert!(close, "{score} is not {sum}, of {tokens:?}");
            }
        }
    }
    assert!(tokens_seen > 10_000, "{tokens_seen} tokens");
}

/// As they are drawn, from a prefix on too, and under a prior that is not the one they are drawn by.
#[test]
fn scores_are_the_same_while_drawing() {
    let (mut random, mut seen) = (Random(29), 0);
    for _ in 0..40 {
        let Ok(language) = Language::new(languages::config(&mut random)) else { continue };
        for (nth, config) in priors().into_iter().enumerate() {
            let drawn_by = match nth % 2 {
                0 => ProgramSampler::new(&language, 5),
                _ => ProgramSampler::with_prior(&language, priors()[3], 5).unwrap(),
            };
            let drawn_by = drawn_by.with_token_limit(2_000);
            let Ok(first) = drawn_by.sample(0..1) else { continue };
            let first = first.get(0).unwrap();
            for prefix in [&first[..0], &first[..random.index(first.len())], first] {
                let sampler = drawn_by.clone().with_prefix(prefix).unwrap();
                let Ok(expected) = sampler.sample(3..153) else { continue };
                let mut scorer = ProgramScorer::new(&language, config).unwrap();
                let scored = ScoredSampler::new(sampler, config).unwrap();
                let (mut programs, mut scores) = (Programs::default(), vec![7.0]);
                scored.sample_into(3..153, &mut programs, &mut scores).unwrap();
                assert_eq!(programs, expected);
                assert_eq!(scores.len(), 151);
                for (tokens, score) in programs.iter().zip(&scores[1..]) {
                    assert_eq!(
                        scorer.score(tokens).unwrap().to_bits(),
                        score.to_bits(),
                        "{config:?} {prefix:?} {tokens:?}"
                    );
                }
                seen += programs.tokens().len();
            }
        }
    }
    assert!(seen > 100_000, "{seen} tokens");
}

/// Side by side, more and fewer than rows step together, whole and not.
#[test]
fn scores_are_the_same_side_by_side() {
    let (mut random, mut seen, mut scores) = (Random(23), 0, vec![7.0]);
    for _ in 0..40 {
        let Ok(language) = Language::new(languages::config(&mut random)) else { continue };
        for config in priors() {
            let mut scorer = ProgramScorer::new(&language, config).unwrap();
            let sampler = ProgramSampler::new(&language, 5).with_token_limit(2_000);
            for count in [0, 1, 15, 64, 150] {
                let Ok(sampled) = sampler.sample(0..count) else { continue };
                let mut programs = Programs::default();
                for tokens in sampled.iter() {
                    programs.push(&tokens[..tokens.len() - random.index(2) * random.index(tokens.len() + 1)]);
                }
                scorer.score_all(&programs, &mut scores).unwrap();
                let expected = programs.iter().map(|tokens| scorer.score(tokens).unwrap().to_bits());
                assert!(scores.iter().map(|score| score.to_bits()).eq(expected), "{config:?}");
                seen += programs.iter().map(<[u32]>::len).sum::<usize>();
                let Some(first) = programs.get(0).filter(|tokens| !tokens.is_empty()) else { continue };
                let broken = [&first[..first.len() - 1], &[u32::MAX]].concat();
                let error = scorer.score(&broken).unwrap_err();
                programs.push(&broken);
                assert_eq!(scorer.score_all(&programs, &mut scores), Err(error));
                assert!(scores.is_empty());
            }
        }
    }
    assert!(seen > 100_000, "{seen} tokens");
}

#[test]
fn all_programs_together_are_certain() {
    let config = pyprior_core::LanguageConfig {
        max_funcs: 1,
        max_vars: 1,
        value_range: (0, 1),
        max_len: Some(7),
        ..Default::default()
    };
    let language = Language::new(config).unwrap();
    for config in priors() {
        let mut scorer = ProgramScorer::new(&language, config).unwrap();
        let mut total = 0.0;
        let mut stack = vec![Matcher::new(&language)];
        while let Some(matcher) = stack.pop() {
            if matcher.is_terminated() {
                total += scorer.score(matcher.tokens()).unwrap().exp();
                continue;
            }
            stack.extend(matcher.legal_tokens().map(|token| {
                let mut next = matcher.fork();
                next.accept_token(token).unwrap();
                next
            }));
        }
        assert!((total - 1.0).abs() < 1e-9, "{total} under {config:?}");
    }
}

#[test]
fn what_is_not_legal_is_refused() {
    let language = Language::new(pyprior_core::LanguageConfig::default()).unwrap();
    let mut scorer = ProgramScorer::new(&language, PriorConfig::default()).unwrap();
    let print = language.vocab().id_of("PRINT").unwrap();
    assert!(scorer.score(&[print]).is_err());
    assert!(scorer.score(&[u32::MAX]).is_err());
    assert_eq!(scorer.score(&[]), Ok(0.0));
}
