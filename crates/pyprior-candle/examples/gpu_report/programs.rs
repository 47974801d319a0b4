//! The loop, over models and numbers of rows, and whole batches of programs.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use candle_core::{DType, Device};
use pyprior_candle::{Budget, Error, GenerateConfig, Generator, Llama, LlamaConfig};
use pyprior_core::{Language, LanguageConfig, PriorConfig};

use crate::Result;

fn model(hidden_size: usize, layers: usize, vocab_size: usize, dtype: DType, device: &Device) -> Result<Llama> {
    let head_dim = 32;
    let config = LlamaConfig {
        vocab_size,
        hidden_size,
        intermediate_size: (hidden_size * 8 / 3).next_multiple_of(8),
        num_hidden_layers: layers,
        num_attention_heads: hidden_size / head_dim,
        num_key_value_heads: hidden_size / head_dim,
        head_dim,
        max_position_embeddings: 256,
        rms_norm_eps: 1e-6,
        rope_theta: 10_000.0,
        tie_word_embeddings: true,
    };
    let mut tensors = config.initial_tensors(1)?.into_iter();
    let none = || Error::from(candle_core::Error::Msg("no tensor left".to_owned()));
    Ok(Llama::new(config.clone(), device, dtype, |_, _| Ok(tensors.next().ok_or_else(none)?.1))?)
}

pub(crate) fn report(device: &Device) -> Result<()> {
    println!("## The loop\n");
    println!("| hidden | layers | type | rows | prior | tokens/s | programs/s | model | masks | draws |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let language = Language::new(LanguageConfig { max_len: Some(60), ..LanguageConfig::default() })?;
    let (sizes, batches): (&[_], &[_]) = match device.is_cpu() {
        true => (&[(64, 2, DType::F32)], &[32]),
        false => (
            &[(128, 4, DType::F32), (128, 4, DType::BF16), (512, 8, DType::BF16), (1024, 16, DType::BF16)],
            &[64, 256, 1024, 4096],
        ),
    };
    for &(hidden, layers, dtype) in sizes {
        let model = model(hidden, layers, language.vocab().len(), dtype, device)?;
        for &rows in batches {
            for prior in [None, Some(PriorConfig::default())] {
                let name = if prior.is_some() { "entropy" } else { "none" };
                let config = GenerateConfig { rows, prior, ..GenerateConfig::default() };
                let mut generator = Generator::new(&model, &language, &[], config)?;
                let each = &mut |_: pyprior_candle::Generated<'_>| ControlFlow::Continue(());
                let mut run = |programs| {
                    let budget = Budget { programs: Some(programs), ..Budget::default() };
                    generator.run(0, &budget, &AtomicBool::new(false), each)
                };
                // The first run has modules loaded and memory taken.
                run(rows as u64)?;
                let stats = run(8 * rows as u64)?;
                let seconds = stats.total.as_secs_f64();
                let share = |part: std::time::Duration| 100.0 * part.as_secs_f64() / seconds;
                println!(
                    "| {hidden} | {layers} | {dtype:?} | {rows} | {name} | {:.0} | {:.0} | {:.0}% | {:.1}% | {:.1}% |",
                    stats.tokens as f64 / seconds,
                    stats.programs as f64 / seconds,
                    share(stats.model),
                    share(stats.mask),
                    share(stats.sample),
                );
            }
        }
    }
    println!("\nOn a device the forward pass is begun, not waited for, so its time shows as that of the draws.");
    Ok(())
}
