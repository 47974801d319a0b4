//! Masks and draws by themselves, beside what must be moved and beside candle's own operations.

use std::time::Instant;

use candle_core::{D, DType, Device, Tensor};
use pyprior_candle::{BitmaskTensor, Draw, Sampled, TensorSampler, apply_token_bitmask};
use pyprior_core::{TokenBitmask, TruncationConfig};

use crate::Result;

/// Seconds of the median of some runs, each waited for.
fn seconds(device: &Device, mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    const ENOUGH: f64 = 2.0;
    let mut times = Vec::new();
    run()?;
    // Composed draws make their noise on the host: a few of the slow ones will do.
    while times.len() < 25 && (times.len() < 3 || times.iter().sum::<f64>() < ENOUGH) {
        device.synchronize()?;
        let begin = Instant::now();
        run()?;
        device.synchronize()?;
        times.push(begin.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// One token in `rarity` is legal, spread evenly.
fn legal(rows: usize, vocab: usize, rarity: usize) -> TokenBitmask {
    let mut bitmask = TokenBitmask::new(rows, vocab);
    let words = bitmask.words();
    for row in 0..rows {
        for token in (row % rarity..vocab).step_by(rarity) {
            bitmask.data_mut()[row * words + token / 32] |= 1 << (token % 32);
        }
    }
    bitmask
}

/// Bytes of the sectors of 32 bytes that hold a legal logit, at least: what a draw must read.
fn read_by_draw(rows: usize, vocab: usize, rarity: usize, size: usize) -> usize {
    let sectors = (vocab * size).div_ceil(32).min(vocab.div_ceil(rarity));
    rows * (32 * sectors + vocab.div_ceil(32) * 4 + 16)
}

/// Bytes of the groups of 16 that a mask must read and write.
fn moved_by_mask(rows: usize, vocab: usize, rarity: usize, size: usize) -> usize {
    let group = 16 / size;
    let (written, read) = match rarity {
        1 => (0, 0),
        _ if rarity < group => (vocab * size, vocab * size),
        _ => (vocab * size, 16 * vocab.div_ceil(rarity)),
    };
    rows * (written + read + vocab.div_ceil(32) * 4)
}

pub(crate) fn report(device: &Device, bandwidth: f64) -> Result<()> {
    println!(
        "## Kernels\n\nMicroseconds. `must` is what the bytes take that must be moved; draws include their copies.\n"
    );
    println!("| rows | tokens | type | legal | mask | must | draw | must | composed draw | masked softmax |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let sizes: &[(usize, usize)] = match device.is_cpu() {
        true => &[(64, 268), (4, 5000)],
        false => &[
            (64, 79),
            (64, 268),
            (64, 50_257),
            (64, 128_256),
            (4096, 79),
            (4096, 268),
            (4096, 50_257),
            (1024, 128_256),
        ],
    };
    for &(rows, vocab) in sizes {
        let logits = Tensor::randn(0_f32, 3.0, (rows, vocab), &Device::Cpu)?;
        for (dtype, rarity) in [(DType::F32, 40), (DType::F32, 2), (DType::BF16, 40), (DType::BF16, 1)] {
            let logits = logits.to_dtype(dtype)?.to_device(device)?;
            let legal = BitmaskTensor::new(&legal(rows, vocab, rarity), device)?;
            let (numbers, steps) = ((0..rows as u64).collect::<Vec<_>>(), vec![7; rows]);
            let draw = Draw { seed: 1, rows: &numbers, steps: &steps };
            let mut sampled = Sampled::default();
            let mut sampler = TensorSampler::new(vocab, None, TruncationConfig::default())?;
            let drawn = seconds(device, || Ok(sampler.sample(&logits, &legal, None, draw, &mut sampled)?))?;
            let mut sampler = TensorSampler::new(vocab, None, TruncationConfig::default())?.always_composed();
            let composed = seconds(device, || Ok(sampler.sample(&logits, &legal, None, draw, &mut sampled)?))?;
            // What others do: a mask of bytes, then candle's softmax.
            let bytes = Tensor::from_iter((0..rows * vocab).map(|at| u8::from(at % rarity == 0)), device)?;
            let bytes = bytes.reshape((rows, vocab))?;
            let out = Tensor::full(f32::NEG_INFINITY, (rows, vocab), device)?.to_dtype(dtype)?;
            let softmax = seconds(device, || {
                let x = bytes.where_cond(&logits, &out)?.to_dtype(DType::F32)?;
                let x = x.broadcast_sub(&x.max_keepdim(D::Minus1)?)?.exp()?;
                x.broadcast_div(&x.sum_keepdim(D::Minus1)?)?;
                Ok(())
            })?;
            let masked = seconds(device, || Ok(apply_token_bitmask(&logits, &legal)?))?;
            let size = dtype.size_in_bytes();
            let must = |bytes: usize| 1e6 * bytes as f64 / bandwidth;
            println!(
                "| {rows} | {vocab} | {dtype:?} | 1/{rarity} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} |",
                1e6 * masked,
                must(moved_by_mask(rows, vocab, rarity, size)),
                1e6 * drawn,
                must(read_by_draw(rows, vocab, rarity, size)),
                1e6 * composed,
                1e6 * softmax,
            );
        }
    }
    println!();
    Ok(())
}
