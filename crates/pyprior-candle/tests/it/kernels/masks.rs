//! Masks, bit for bit.

use candle_core::{DType, Device, Tensor};
use pyprior_candle::{BitmaskTensor, apply_token_bitmask, apply_token_bitmask_to};
use pyprior_kernels::emulation::{LogitsMut, Schedule, token_bitmask};

use super::super::tensors::Random;
use super::{SCHEDULES, bitmask, bits};

/// Any bits: infinities, NaN of all kinds, subnormal numbers.
pub(super) fn any_bits(random: &mut Random, count: usize, dtype: DType) -> Tensor {
    let numbers = |tensor: Result<Tensor, candle_core::Error>| tensor.unwrap();
    match dtype {
        DType::F32 => {
            let any = (0..count).map(|_| f32::from_bits(random.below(1 << 32) as u32)).collect::<Vec<_>>();
            numbers(Tensor::from_vec(any, count, &Device::Cpu))
        }
        DType::F16 => {
            let any = (0..count).map(|_| half::f16::from_bits(random.below(1 << 16) as u16)).collect::<Vec<_>>();
            numbers(Tensor::from_vec(any, count, &Device::Cpu))
        }
        _ => {
            let any = (0..count).map(|_| half::bf16::from_bits(random.below(1 << 16) as u16)).collect::<Vec<_>>();
            numbers(Tensor::from_vec(any, count, &Device::Cpu))
        }
    }
}

/// Bits of single precision too.
pub(super) fn all_bits(tensor: &Tensor) -> Vec<u32> {
    match tensor.dtype() {
        DType::F32 => tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().map(|x| x.to_bits()).collect(),
        _ => bits(tensor).into_iter().map(u32::from).collect(),
    }
}

/// Runs the emulated kernel on the part of a copy of the logits that begins at `offset`, where rows are not aligned.
fn emulated(
    logits: &Tensor,
    offset: usize,
    vocab: usize,
    words: &[u32],
    rows: Option<&[u32]>,
    now: Schedule,
) -> Vec<u32> {
    match logits.dtype() {
        DType::F32 => {
            let mut memory = logits.to_vec1::<f32>().unwrap();
            token_bitmask(LogitsMut::F32(&mut memory[offset..]), vocab, words, rows, now).unwrap();
            memory.iter().map(|x| x.to_bits()).collect()
        }
        dtype => {
            let mut memory = bits(logits);
            let part = &mut memory[offset..];
            let part = if dtype == DType::F16 { LogitsMut::F16(part) } else { LogitsMut::Bf16(part) };
            token_bitmask(part, vocab, words, rows, now).unwrap();
            memory.into_iter().map(u32::from).collect()
        }
    }
}

#[test]
fn masks_are_those_of_the_operation() {
    let mut random = Random(21);
    let sizes =
        [(1, 1), (3, 3), (5, 7), (4, 31), (4, 32), (5, 33), (7, 79), (9, 127), (40, 268), (3, 1000), (2, 50_257)];
    for (rows, vocab) in sizes {
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            for rarity in [0, 1, 2, 40] {
                let offset = random.index(9);
                let memory = any_bits(&mut random, offset + rows * vocab, dtype);
                let legal = bitmask(&mut random, rows, vocab, rarity);
                let schedule = random.pick(&SCHEDULES);
                let found = emulated(&memory, offset, vocab, legal.data(), None, schedule);
                let part = memory.narrow(0, offset, rows * vocab).unwrap().reshape((rows, vocab)).unwrap();
                apply_token_bitmask(&part, &BitmaskTensor::new(&legal, &Device::Cpu).unwrap()).unwrap();
                assert!(found == all_bits(&memory), "{rows} {vocab} {dtype:?} {rarity} {offset}");
            }
        }
    }
}

#[test]
fn rows_are_found_by_their_indices() {
    let mut random = Random(22);
    for (all, vocab) in [(1, 5), (9, 33), (30, 79), (20, 268)] {
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            let memory = any_bits(&mut random, all * vocab, dtype);
            let mut rows = (0..all as u32).filter(|_| random.one_in(2)).collect::<Vec<_>>();
            rows.reverse();
            let legal = bitmask(&mut random, rows.len(), vocab, 2);
            let schedule = random.pick(&SCHEDULES);
            let found = emulated(&memory, 0, vocab, legal.data(), Some(&rows), schedule);
            let logits = memory.reshape((all, vocab)).unwrap();
            apply_token_bitmask_to(&logits, &BitmaskTensor::new(&legal, &Device::Cpu).unwrap(), &rows).unwrap();
            assert!(found == all_bits(&memory), "{all} {vocab} {dtype:?} {rows:?}");
            // Rows that are not named stay.
            let one_by_one = rows.iter().enumerate().all(|(nth, &row)| {
                (0..vocab).all(|token| {
                    let out = found[row as usize * vocab + token] != 0 && !legal.is_allowed(nth, token as u32);
                    let number = logits.get(row as usize).unwrap().get(token).unwrap().to_dtype(DType::F32).unwrap();
                    !out || number.to_scalar::<f32>().unwrap() == f32::NEG_INFINITY
                })
            });
            assert!(one_by_one);
        }
    }
}
