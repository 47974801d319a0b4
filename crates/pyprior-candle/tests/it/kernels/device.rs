//! The same on a CUDA device: what only a GPU, or a driver that emulates one, can show.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use candle_core::{DType, Device, Tensor};
use pyprior_candle::{
    BitmaskTensor, Budget, CausalModel, Draw, GenerateConfig, Generator, Llama, RandomModel, SampleError, Sampled,
    TensorSampler, apply_token_bitmask, apply_token_bitmask_to,
};
use pyprior_core::{ApplyMode, Language, LanguageConfig, PriorConfig, TokenBitmask, TruncationConfig};
use pyprior_kernels::Refused;

use super::super::common;
use super::super::tensors::Random;
use super::super::tensors::batch::Batch;
use super::draws::{all_rows, greedy, special_rows};
use super::masks::{all_bits, any_bits};
use super::{NoToken, Subject, bitmask};

fn gpu() -> Device {
    Device::new_cuda(0).expect("these tests need a CUDA device")
}

pub(super) fn draw(
    device: &Device,
    batch: &Batch,
    has_prior: bool,
    truncation: TruncationConfig,
    draw: Draw<'_>,
) -> Result<Sampled, NoToken> {
    let prior = has_prior.then(|| batch.prior.clone());
    let mut sampler = TensorSampler::new(batch.bitmask.vocab(), prior, truncation).unwrap();
    let bitmask = BitmaskTensor::new(&batch.bitmask, device).unwrap();
    let logits = batch.tensor.to_device(device).unwrap();
    let mut sampled = Sampled::default();
    match sampler.sample(&logits, &bitmask, Some(&batch.rows), draw, &mut sampled) {
        Ok(()) => Ok(sampled),
        Err(SampleError::Nan { row, token }) => Err(NoToken { row, refused: Refused::Nan { token } }),
        Err(SampleError::Empty { row }) => Err(NoToken { row, refused: Refused::Empty }),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn draws_are_those_of_the_cpu() {
    let share = std::env::var("PYPRIOR_SHARE").map_or(1, |share| share.parse().unwrap());
    all_rows(&Subject::Device(gpu()), share);
    greedy(&Subject::Device(gpu()));
    special_rows(&Subject::Device(gpu()));
}

#[test]
fn masks_are_those_of_the_cpu() {
    let (gpu, mut random) = (gpu(), Random(81));
    for (rows, vocab) in [(1, 1), (5, 7), (4, 33), (7, 79), (64, 268), (2, 50_257)] {
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            // One row in front: tensors begin in the middle of others.
            let memory = any_bits(&mut random, (rows + 1) * vocab, dtype).reshape((rows + 1, vocab)).unwrap();
            let there = memory.to_device(&gpu).unwrap();
            let legal = bitmask(&mut random, rows, vocab, 3);
            let masks = [&Device::Cpu, &gpu].map(|device| BitmaskTensor::new(&legal, device).unwrap());
            for (memory, mask) in [&memory, &there].into_iter().zip(&masks) {
                apply_token_bitmask(&memory.narrow(0, 1, rows).unwrap(), mask).unwrap();
            }
            assert!(all_bits(&there.to_device(&Device::Cpu).unwrap()) == all_bits(&memory), "{rows} {vocab} {dtype:?}");
            let places = (0..rows as u32).rev().map(|row| row + u32::from(row > 2)).collect::<Vec<_>>();
            for (memory, mask) in [&memory, &there].into_iter().zip(&masks) {
                apply_token_bitmask_to(memory, mask, &places).unwrap();
            }
            assert!(all_bits(&there.to_device(&Device::Cpu).unwrap()) == all_bits(&memory), "{rows} {vocab} {dtype:?}");
        }
    }
}

#[test]
fn bad_calls_are_refused_before_a_launch() {
    let gpu = gpu();
    let legal = bitmask(&mut Random(1), 3, 40, 2);
    let there = BitmaskTensor::new(&legal, &gpu).unwrap();
    let zeros = |shape: (usize, usize), device: &Device| Tensor::zeros(shape, DType::F32, device).unwrap();
    let logits = zeros((3, 40), &gpu);
    let refused = |logits: &Tensor| {
        let mut sampler = TensorSampler::new(40, None, TruncationConfig::default()).unwrap();
        let draw = Draw { seed: 1, rows: &[0; 3], steps: &[0; 3] };
        let error = sampler.sample(logits, &there, None, draw, &mut Sampled::default()).unwrap_err();
        assert_eq!(apply_token_bitmask(logits, &there).unwrap_err().to_string(), error.to_string());
        error
    };
    assert!(matches!(refused(&zeros((3, 41), &gpu)), SampleError::Shape { .. }));
    assert!(matches!(refused(&zeros((3, 40), &Device::Cpu)), SampleError::Device { .. }));
    assert!(matches!(refused(&zeros((40, 3), &gpu).t().unwrap()), SampleError::Strided { .. }));
    let doubles = Tensor::zeros((3, 40), DType::F64, &gpu).unwrap();
    assert!(matches!(refused(&doubles), SampleError::Type { found: DType::F64 }));
    let rows = |rows: &[u32]| apply_token_bitmask_to(&logits, &there, rows).unwrap_err();
    assert!(matches!(rows(&[0, 1, 3]), SampleError::NoRow { row: 3, rows: 3 }));
    assert!(matches!(rows(&[0, 1]), SampleError::Count { .. }));
    assert!(matches!(rows(&[0, 1, 0]), SampleError::RowTwice { row: 0 }));
    assert!(matches!(BitmaskTensor::new(&TokenBitmask::new(0, 40), &gpu), Err(SampleError::NoRows)));
}

/// The first programs of a model.
fn programs(model: &dyn CausalModel, seed: u64, rows: usize, prior: Option<PriorConfig>) -> Vec<Vec<u32>> {
    let values = LanguageConfig { value_range: (-5, 8), max_len: Some(40), ..LanguageConfig::default() };
    let language = Language::new(values).unwrap();
    let config = GenerateConfig { seed, rows, prior, ..GenerateConfig::default() };
    let mut generator = Generator::new(model, &language, &[], config).unwrap();
    let mut programs = vec![Vec::new(); 200];
    let budget = Budget { programs: Some(200), ..Budget::default() };
    let mut each = |program: pyprior_candle::Generated<'_>| {
        programs[program.number as usize] = program.tokens.to_vec();
        ControlFlow::Continue(())
    };
    generator.run(0, &budget, &AtomicBool::new(false), &mut each).unwrap();
    programs
}

/// The loop draws on a device what it draws on the CPU from the same logits.
#[test]
fn programs_are_those_of_the_cpu() {
    let gpu = gpu();
    for (seed, rows) in [(1, 1), (2, 7), (3, 64)] {
        for apply in ApplyMode::ALL {
            let prior = Some(PriorConfig { apply, alpha: 0.4, ..PriorConfig::default() });
            let [cpu, there] = [&Device::Cpu, &gpu]
                .map(|device| programs(&RandomModel::new(seed, 83, device.clone()), seed, rows, prior));
            let differ = cpu.iter().zip(&there).filter(|(a, b)| a != b).count();
            assert!(differ <= 1, "{differ} of 200 programs differ: {apply:?} {rows} rows");
        }
    }
}

/// A transformer on the device: its logits, and programs of the loop with cache, slots that are refilled, and kernels.
#[test]
fn a_transformer_writes_the_programs_of_the_cpu() {
    let gpu = gpu();
    let config = common::small();
    let on = |device: &Device| {
        Llama::new(config.clone(), device, DType::F32, |name, shape| Ok(common::weight(name, shape))).unwrap()
    };
    let [cpu, there] = [&Device::Cpu, &gpu].map(on);
    let tokens = (0..30).map(|at| at * 7 % 83).collect::<Vec<u32>>();
    let logits = [&cpu, &there].map(|model| {
        let mut cache = model.new_cache(3, 40).unwrap();
        let first = common::forward(model, &mut cache, &[(2, &tokens[..9]), (0, &tokens[..4])]);
        let then = common::forward(model, &mut cache, &[(0, &tokens[4..]), (2, &tokens[9..])]);
        [first, then].concat()
    });
    for (cpu, there) in logits[0].iter().zip(&logits[1]) {
        assert!(common::distance(cpu, there) < 1e-4);
    }
    for rows in [1, 16, 200] {
        let [cpu, there, again] = [&cpu, &there, &there].map(|model| programs(model, 5, rows, None));
        let differ = cpu.iter().zip(&there).filter(|(a, b)| a != b).count();
        println!("{rows} rows: {differ} of 200 programs differ from those of the CPU");
        assert!(differ <= 2 && there == again);
    }
}
