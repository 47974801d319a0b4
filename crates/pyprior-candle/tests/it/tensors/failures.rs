//! What is refused, in what words, and that nothing has been written.

use candle_core::{DType, Device, Tensor};
use pyprior_candle::{BitmaskTensor, Draw, PriorRows, SampleError, Sampled, TensorSampler, apply_token_bitmask};
use pyprior_core::{Prior, PriorConfig, TokenBitmask, TruncationConfig};

use super::batch::languages;

const VOCAB: usize = 40;
const CPU: &Device = &Device::Cpu;

fn all_legal(rows: usize) -> TokenBitmask {
    let mut bitmask = TokenBitmask::new(rows, VOCAB);
    bitmask.data_mut().chunks_exact_mut(2).for_each(|words| words.copy_from_slice(&[u32::MAX, 0xff]));
    bitmask
}

fn sampler(vocab: usize) -> TensorSampler {
    TensorSampler::new(vocab, None, TruncationConfig::default()).unwrap()
}

fn zeros(rows: usize) -> Tensor {
    Tensor::zeros((rows, VOCAB), DType::F32, CPU).unwrap()
}

/// The error of drawing on both paths, which must leave the results as they are.
fn refused(vocab: usize, logits: &Tensor, bitmask: &TokenBitmask, rows: &[u64], steps: &[u32]) -> String {
    let bitmask = BitmaskTensor::new(bitmask, CPU).unwrap();
    let before = Sampled { tokens: vec![77], ..Sampled::default() };
    let error = |mut sampler: TensorSampler| {
        let mut out = before.clone();
        let error = sampler.sample(logits, &bitmask, None, Draw { seed: 1, rows, steps }, &mut out).unwrap_err();
        assert_eq!(out, before);
        error.to_string()
    };
    let [cpu, composed] = [error(sampler(vocab)), error(sampler(vocab).always_composed())];
    assert_eq!(cpu, composed);
    cpu
}

#[test]
fn shapes_types_and_strides() {
    let legal = all_legal(3);
    let refused = |logits: &Tensor| refused(VOCAB, logits, &legal, &[0; 3], &[0; 3]);
    assert_eq!(refused(&zeros(4)), "logits are [4, 40]; the bitmask is for [rows, tokens] = [3, 40]");
    assert_eq!(
        refused(&zeros(3).flatten_all().unwrap()),
        "logits are [120]; the bitmask is for [rows, tokens] = [3, 40]"
    );
    let doubles = Tensor::zeros((3, VOCAB), DType::F64, CPU).unwrap();
    assert_eq!(refused(&doubles), "numbers are F64; logits are F32, F16 or BF16, bitmasks U32");
    let strided = Tensor::zeros((VOCAB, 3), DType::F32, CPU).unwrap().t().unwrap();
    assert_eq!(refused(&strided), "logits have strides [1, 3]; make them contiguous first");
    let last = Tensor::zeros((3, 5, VOCAB), DType::F32, CPU).unwrap().narrow(1, 4, 1).unwrap().squeeze(1).unwrap();
    assert_eq!(refused(&last), "logits have strides [200, 1]; make them contiguous first");
    let bitmask = BitmaskTensor::new(&legal, CPU).unwrap();
    assert!(matches!(apply_token_bitmask(&strided, &bitmask), Err(SampleError::Strided { .. })));
    assert!(matches!(apply_token_bitmask(&doubles, &bitmask), Err(SampleError::Type { found: DType::F64 })));
    assert!(matches!(apply_token_bitmask(&zeros(2), &bitmask), Err(SampleError::Shape { .. })));
}

#[test]
fn counts_and_vocabularies() {
    let legal = all_legal(3);
    let logits = zeros(3);
    assert_eq!(refused(VOCAB, &logits, &legal, &[0; 2], &[0; 3]), "2 row numbers were given for 3 rows");
    assert_eq!(refused(VOCAB, &logits, &legal, &[0; 3], &[0; 4]), "4 steps were given for 3 rows");
    assert_eq!(refused(41, &logits, &legal, &[0; 3], &[0; 3]), "logits are for 40 tokens; the sampler is for 41");
    let [language, other] = languages();
    let prior = Prior::new(language.vocab(), PriorConfig::default()).unwrap();
    let error = TensorSampler::new(VOCAB, Some(prior.clone()), TruncationConfig::default()).unwrap_err();
    assert_eq!(error.to_string(), "logits are for 40 tokens; the sampler is for 79");
    let error = TensorSampler::new((1 << 24) + 1, None, TruncationConfig::default()).unwrap_err();
    assert_eq!(error.to_string(), "a vocabulary of 16777217 tokens; at most 16777216 are possible");
    let cold = TruncationConfig { temperature: -1.0, ..TruncationConfig::default() };
    assert!(matches!(TensorSampler::new(VOCAB, None, cold), Err(SampleError::Truncation(_))));
    // Rows of the prior: missing, too few, of another vocabulary.
    let mut bitmask = TokenBitmask::new(2, 79);
    bitmask.data_mut().fill(1);
    let mut rows = PriorRows::default();
    assert!(matches!(rows.fill(&prior, &[None], &bitmask), Err(SampleError::Count { what: "frontiers", .. })));
    let words = TokenBitmask::new(2, other.vocab().len());
    assert!(matches!(rows.fill(&prior, &[None; 2], &words), Err(SampleError::Prior(_))));
    assert_eq!(rows, PriorRows::default());
    let mut sampler = TensorSampler::new(79, Some(prior), TruncationConfig::default()).unwrap();
    assert!(sampler.needs_prior_rows());
    let logits = Tensor::zeros((2, 79), DType::F32, CPU).unwrap();
    let legal = BitmaskTensor::new(&bitmask, CPU).unwrap();
    let draw = Draw { seed: 1, rows: &[0; 2], steps: &[0; 2] };
    for rows in [None, Some(&rows)] {
        let error = sampler.sample(&logits, &legal, rows, draw, &mut Sampled::default()).unwrap_err();
        assert_eq!(error.to_string(), "0 rows of the prior were given for 2 rows");
    }
}

#[test]
fn rows_without_legal_tokens() {
    let mut legal = all_legal(100);
    legal.data_mut()[2 * 61..2 * 62].fill(0);
    legal.data_mut()[2 * 80..2 * 81].fill(0);
    assert_eq!(refused(VOCAB, &zeros(100), &legal, &[0; 100], &[0; 100]), "no token is legal in row 61");
    legal.data_mut()[2 * 80 + 1] = 1 << 8;
    let error = BitmaskTensor::new(&legal, CPU).unwrap_err();
    assert_eq!(error.to_string(), "row 80 of the bitmask has bits beyond its 40 tokens");
}

#[test]
fn logits_that_are_no_numbers() {
    let nan_at = |places: &[(usize, usize)], dtype| {
        let mut logits = vec![0.5_f32; 100 * VOCAB];
        places.iter().for_each(|(row, token)| logits[row * VOCAB + token] = f32::NAN);
        Tensor::from_vec(logits, (100, VOCAB), CPU).unwrap().to_dtype(dtype).unwrap()
    };
    let mut legal = all_legal(100);
    legal.data_mut()[2 * 50] = !(1 << 7);
    for dtype in [DType::F32, DType::F16, DType::BF16] {
        let error = |places: &[(usize, usize)]| refused(VOCAB, &nan_at(places, dtype), &legal, &[0; 100], &[0; 100]);
        assert_eq!(error(&[(50, 8), (50, 39), (90, 1)]), "the logit of legal token 8 in row 50 is NaN");
        assert_eq!(error(&[(50, 7), (99, 39)]), "the logit of legal token 39 in row 99 is NaN");
        // Where a token is not legal, nobody looks.
        let bitmask = BitmaskTensor::new(&legal, CPU).unwrap();
        let draw = Draw { seed: 1, rows: &[0; 100], steps: &[0; 100] };
        for mut sampler in [sampler(VOCAB), sampler(VOCAB).always_composed()] {
            let mut out = Sampled::default();
            sampler.sample(&nan_at(&[(50, 7)], dtype), &bitmask, None, draw, &mut out).unwrap();
            assert!((out.entropies[50] - 39_f32.ln()).abs() < 1e-5);
        }
    }
}

#[test]
fn infinities_count_as_the_largest_numbers() {
    const INF: f32 = f32::INFINITY;
    let row = |values: &[f32]| values.iter().copied().chain([0.0; VOCAB]).take(VOCAB).collect::<Vec<_>>();
    let rows = [row(&[INF, 3.0, INF]), vec![-INF; VOCAB], row(&[-INF; VOCAB - 1]), row(&[-INF, -INF])];
    for dtype in [DType::F32, DType::F16, DType::BF16] {
        let logits = Tensor::from_vec(rows.concat(), (4, VOCAB), CPU).unwrap().to_dtype(dtype).unwrap();
        let bitmask = BitmaskTensor::new(&all_legal(4), CPU).unwrap();
        for mut sampler in [sampler(VOCAB), sampler(VOCAB).always_composed()] {
            for step in 0..50 {
                let mut out = Sampled::default();
                let draw = Draw { seed: 1, rows: &[0, 1, 2, 3], steps: &[step; 4] };
                sampler.sample(&logits, &bitmask, None, draw, &mut out).unwrap();
                assert!([0, 2].contains(&out.tokens[0]) && out.tokens[2] == 39 && out.tokens[3] > 1);
                let entropies = [2_f32.ln(), 40_f32.ln(), 0.0, 38_f32.ln()];
                assert!(out.entropies.iter().zip(entropies).all(|(a, b)| (a - b).abs() < 1e-5));
                assert!(out.log_probabilities.iter().zip(entropies).all(|(a, b)| (a + b).abs() < 1e-5));
            }
        }
    }
}
