//! Draws, against the distribution that is stated: chi-squared at p = 1e-5, with fixed seeds, and against slightly
//! wrong distributions to see that the test would tell. `PYPRIOR_DRAWS` sets the number of draws of each case.

use candle_core::DType;
use pyprior_candle::Draw;
use pyprior_core::{ApplyMode, Normalisation, PriorConfig, TruncationConfig, Vocab};

use super::Random;
use super::batch::{Batch, languages, truncations};
use super::chi::{chi_squared, fits};
use super::prior::{Case, normal};
use super::reference::Expected;

/// Rows of a batch.
const ROWS: usize = 2000;

fn draws() -> usize {
    std::env::var("PYPRIOR_DRAWS").map_or(100_000, |draws| draws.parse().unwrap())
}

/// A hole, and a model that is not too sure of itself.
fn row(random: &mut Random, vocab: &Vocab) -> (Case, Vec<f32>) {
    let mut case = Case::random(random, vocab);
    case.legal = (0..vocab.len()).map(|_| random.one_in(3)).collect();
    (case, (0..vocab.len()).map(|_| normal(random) as f32).collect())
}

fn counts(case: &Case, vocab: &Vocab, model: &[f32], truncation: TruncationConfig) -> (Vec<u64>, f64) {
    let cases = vec![case.clone(); ROWS];
    let batch = Batch::new(vocab, case.config, cases, &vec![model.to_vec(); ROWS], DType::F32);
    let mut sampler = batch.sampler(truncation);
    let numbers = (0..ROWS as u64).collect::<Vec<_>>();
    let mut counts = vec![0; vocab.len()];
    let expected = Expected::new(case, vocab, model, f64::from(f32::MAX), &truncation);
    let (mut apart, entropy) = (0.0_f64, expected.entropy());
    for step in 0..(draws() / ROWS).max(1) as u32 {
        let sampled = batch.sample(&mut sampler, Draw { seed: 5, rows: &numbers, steps: &vec![step; ROWS] }).unwrap();
        for (row, &token) in sampled.tokens.iter().enumerate() {
            counts[token as usize] += 1;
            let log = f64::from(sampled.log_probabilities[row]) - expected.logs[token as usize];
            apart = apart.max(log.abs()).max((f64::from(sampled.entropies[row]) - entropy).abs());
        }
    }
    (counts, apart)
}

#[test]
fn every_mode_and_filter_draws_what_it_states() {
    let mut random = Random(3);
    let [small, large] = languages();
    let (mut told, mut cases) = (0, 0);
    for apply in ApplyMode::ALL {
        for normalisation in [Normalisation::Vocabulary, Normalisation::Legal] {
            for (nth, truncation) in truncations().into_iter().enumerate() {
                let vocab = if nth % 2 == 0 { small.vocab() } else { large.vocab() };
                let (mut case, model) = row(&mut random, vocab);
                case.config =
                    PriorConfig { apply, normalisation, alpha: 0.7, w_compare: 0.0, ..PriorConfig::default() };
                let (counts, apart) = counts(&case, vocab, &model, truncation);
                let expected = Expected::new(&case, vocab, &model, f64::from(f32::MAX), &truncation);
                let stated = expected.probabilities();
                assert!(fits(&counts, &stated), "{apply:?} {truncation:?} {:?}", chi_squared(&counts, &stated));
                assert!(apart < 1e-5, "{apply:?} {truncation:?} {apart}");
                // A fifth less for the likeliest token.
                let likeliest = (0..stated.len()).max_by(|&a, &b| stated[a].total_cmp(&stated[b])).unwrap();
                let mut wrong = stated;
                wrong[likeliest] *= 0.8;
                let sum: f64 = wrong.iter().sum();
                wrong.iter_mut().for_each(|probability| *probability /= sum);
                told += u32::from(!fits(&counts, &wrong));
                cases += 1;
            }
        }
    }
    println!("{} draws of each of {cases} cases; of {cases} wrong distributions {told} are told", draws());
    assert!(told * 20 >= cases * 17, "{told} of {cases}");
}

/// The wrong distribution that a mistake in the code would give, for each of some mistakes.
#[test]
fn mistakes_are_told() {
    let [language, _] = languages();
    let vocab = language.vocab();
    let mut random = Random(8);
    let (mut case, model) = row(&mut random, vocab);
    case.legal[vocab.id_of("ADD").unwrap() as usize] = true;
    case.config = PriorConfig { apply: ApplyMode::Entropy, alpha: 0.7, ..PriorConfig::default() };
    let truncation = TruncationConfig { temperature: 0.8, ..TruncationConfig::default() };
    let (counts, _) = counts(&case, vocab, &model, truncation);
    let stated = |case: &Case, model: &[f32], truncation: &TruncationConfig| {
        Expected::new(case, vocab, model, f64::from(f32::MAX), truncation).probabilities()
    };
    assert!(fits(&counts, &stated(&case, &model, &truncation)));
    for apply in [ApplyMode::Off, ApplyMode::Additive, ApplyMode::Fixed] {
        let case = Case { config: PriorConfig { apply, ..case.config }, ..case.clone() };
        assert!(!fits(&counts, &stated(&case, &model, &truncation)), "{apply:?}");
    }
    let legal = PriorConfig { normalisation: Normalisation::Legal, ..case.config };
    assert!(!fits(&counts, &stated(&Case { config: legal, ..case.clone() }, &model, &truncation)));
    let hotter = TruncationConfig { temperature: 0.84, ..truncation };
    assert!(!fits(&counts, &stated(&case, &model, &hotter)));
}
