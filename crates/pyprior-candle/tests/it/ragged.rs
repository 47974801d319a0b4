//! Ragged batches over slots that are reset, cut and filled again give what single rows give without a cache.

use crate::common;
use crate::common::naive::Naive;
use candle_core::DType;
use proptest::prelude::*;
use pyprior_candle::{CausalModel, KvCache, LlamaConfig, RandomModel};

const SLOTS: usize = 5;
/// Not a multiple of 16, and more than one block of it.
const CAPACITY: usize = 37;

/// What happens to one slot between two forward passes.
#[derive(Debug, Clone)]
enum Before {
    Nothing,
    Reset,
    Truncate(prop::sample::Index),
}

/// For each slot: what happens first, and how many tokens it then gets. None: it is not in the batch.
type Step = Vec<(Before, Option<(usize, u64)>)>;

fn step() -> impl Strategy<Value = Step> {
    let before = prop_oneof![
        6 => Just(Before::Nothing),
        1 => Just(Before::Reset),
        2 => any::<prop::sample::Index>().prop_map(Before::Truncate),
    ];
    let count = prop_oneof![4 => Just(1_usize), 2 => 2..6_usize, 1 => 6..30_usize];
    let tokens = prop_oneof![1 => Just(None), 4 => (count, any::<u64>()).prop_map(Some)];
    prop::collection::vec((before, tokens), SLOTS)
}

fn config() -> impl Strategy<Value = LlamaConfig> {
    let heads = prop_oneof![Just((4, 4, 8)), Just((4, 2, 6)), Just((3, 1, 10)), Just((2, 1, 18))];
    (heads, 1..3_usize, any::<bool>(), 16..40_usize).prop_map(|((query, kv, dim), layers, tied, hidden)| LlamaConfig {
        num_attention_heads: query,
        num_key_value_heads: kv,
        head_dim: dim,
        num_hidden_layers: layers,
        tie_word_embeddings: tied,
        hidden_size: hidden,
        ..common::small()
    })
}

/// Logits that a row should have, each time with how far it may be away.
type Expected = Vec<(Vec<f32>, f32)>;

/// Goes through the steps with a cache, and checks the logits of every row against `single`.
fn check(model: &dyn CausalModel, steps: &[Step], single: &dyn Fn(&[u32]) -> Expected) {
    let mut cache = model.new_cache(SLOTS, CAPACITY).unwrap();
    let mut held = vec![Vec::<u32>::new(); SLOTS];
    for step in steps {
        let mut rows = Vec::new();
        for (slot, (before, new)) in step.iter().enumerate() {
            match before {
                Before::Nothing => {}
                Before::Reset => {
                    cache.reset(slot).unwrap();
                    held[slot].clear();
                }
                Before::Truncate(at) => {
                    let len = at.index(held[slot].len() + 1);
                    cache.truncate(slot, len).unwrap();
                    held[slot].truncate(len);
                }
            }
            let Some((count, seed)) = new else { continue };
            let count = (*count).min(CAPACITY - held[slot].len());
            let tokens: Vec<u32> = (0..count as u64).map(|i| (seed.wrapping_add(i * i * 7919) % 83) as u32).collect();
            if count > 0 {
                rows.push((slot, tokens));
            }
        }
        // Rows need not come in the order of slots.
        rows.reverse();
        let batch: Vec<(usize, &[u32])> = rows.iter().map(|(slot, tokens)| (*slot, &tokens[..])).collect();
        let logits = common::forward(model, &mut cache, &batch);
        for ((slot, tokens), logits) in rows.iter().zip(&logits) {
            held[*slot].extend(tokens);
            for (expected, most) in single(&held[*slot]) {
                let distance = common::distance(logits, &expected);
                assert!(distance <= most, "slot {slot}, {} tokens: {distance}", held[*slot].len());
            }
        }
        for (slot, held) in held.iter().enumerate() {
            assert_eq!(cache.len(slot).unwrap(), held.len());
        }
    }
}

/// The logits of a row alone in a fresh cache.
fn alone(model: &dyn CausalModel, tokens: &[u32]) -> Vec<f32> {
    let mut cache: KvCache = model.new_cache(1, tokens.len()).unwrap();
    common::forward(model, &mut cache, &[(0, tokens)]).remove(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn cached_ragged_batches_are_single_rows(config in config(), steps in prop::collection::vec(step(), 1..8)) {
        let model = common::model(&config);
        let naive = Naive::new(&config, &common::by_name(&common::weights(&config, DType::F32)));
        check(&model, &steps, &|tokens| vec![(alone(&model, tokens), 0.0), (naive.logits(tokens), 1e-4)]);
    }

    #[test]
    fn composed_operations_agree(config in config(), steps in prop::collection::vec(step(), 1..5)) {
        let model = common::model(&config);
        check(&model.composed().unwrap(), &steps, &|tokens| vec![(alone(&model, tokens), 1e-4)]);
    }

    #[test]
    fn random_logits_depend_on_the_tokens_alone(steps in prop::collection::vec(step(), 1..8)) {
        let model = RandomModel::new(7, 83, candle_core::Device::Cpu);
        check(&model, &steps, &|tokens| vec![(alone(&model, tokens), 0.0)]);
    }
}

#[test]
fn random_logits_differ_by_seed_and_tokens_and_are_flat() {
    let model = RandomModel::new(7, 1001, candle_core::Device::Cpu);
    let other = RandomModel::new(8, 1001, candle_core::Device::Cpu);
    let logits = alone(&model, &[1, 2, 3]);
    assert_ne!(logits, alone(&other, &[1, 2, 3]));
    assert_ne!(logits, alone(&model, &[1, 2, 4]));
    assert_ne!(logits, alone(&model, &[2, 2, 3]));
    let mean = logits.iter().sum::<f32>() / 1001.0;
    let square = logits.iter().map(|x| x * x).sum::<f32>() / 1001.0;
    // Even over [-1, 1): mean 0 ± 0.018, mean square 1/3 ± 0.0094.
    assert!(mean.abs() < 0.08 && (square - 1.0 / 3.0).abs() < 0.04, "{mean} {square}");
    assert!(logits.iter().all(|x| (-1.0..1.0).contains(x)));
}

/// Bits of logits.
fn bits(logits: &[f32]) -> Vec<u32> {
    logits.iter().map(|x| x.to_bits()).collect()
}

/// More rows than one thread takes at a time, prompts longer than that, and tokens one by one: not one bit depends on
/// the rows beside a row, nor on how its tokens come.
#[test]
fn logits_are_a_function_of_the_row_alone() {
    let odd = LlamaConfig { hidden_size: 50, head_dim: 10, intermediate_size: 91, ..common::small() };
    let wide = LlamaConfig { hidden_size: 128, head_dim: 32, intermediate_size: 344, ..common::small() };
    for config in [odd, wide].map(|config| LlamaConfig { max_position_embeddings: 300, ..config }) {
        let model = common::model(&config);
        for rows in [1, 2, 7, 13, 64, 256] {
            let length = |row: u32| if rows == 2 { 70 + 130 * row } else { row * 7 % 30 + 1 };
            let prompts: Vec<Vec<u32>> =
                (0..rows as u32).map(|row| (0..length(row)).map(|i| (row * 31 + i * 7) % 83).collect()).collect();
            let mut cache = model.new_cache(rows, 202).unwrap();
            // Rows need not come in the order of slots.
            let batch: Vec<(usize, &[u32])> =
                prompts.iter().enumerate().map(|(row, prompt)| (rows - 1 - row, &prompt[..])).collect();
            let at_once = common::forward(&model, &mut cache, &batch);
            let next: Vec<(usize, &[u32])> = (0..rows).map(|slot| (slot, &[5_u32][..])).collect();
            let stepped = common::forward(&model, &mut cache, &next);
            for row in (0..rows).step_by(rows.div_ceil(16)) {
                let mut single = model.new_cache(1, 201).unwrap();
                let tokens = prompts[row].chunks(1);
                let by_one = tokens.map(|token| common::forward(&model, &mut single, &[(0, token)]).remove(0)).last();
                assert_eq!(bits(&at_once[row]), bits(&alone(&model, &prompts[row])), "{rows} rows, row {row}");
                assert_eq!(bits(&at_once[row]), bits(&by_one.unwrap()), "{rows} rows, row {row}");
                let longer: Vec<u32> = prompts[row].iter().copied().chain([5]).collect();
                assert_eq!(bits(&stepped[rows - 1 - row]), bits(&alone(&model, &longer)), "{rows} rows, row {row}");
            }
        }
    }
}
