//! `pyprior dataset --model`: programs of a model.

use std::fs::File;
use std::io::Read;
use std::num::NonZeroU64;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, bail};
use candle_core::{DType, Device};
use clap::Args;
use pyprior_candle::{BlockConfig, Blocks, BlocksError, GenerateConfig, ModelDir, fuses};
use pyprior_core::LanguageConfig;
use pyprior_data::{
    ComputeDevice, Description, Drawn, Dtype, Job, ModelDescription, ModelDigest, PilotWork, Source, SourceDescription,
    SourceError,
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::super::device::DeviceArg;
use super::super::model::{SHIPPED, directory, own_language, rows, shipped};
use super::settings::Settings;

/// Blocks of a shard, about: what is left over of the last one is drawn in vain.
const BLOCKS: u64 = 16;
/// Batches of a block, at most: while the batch runs empty at its end, the model has less to do at a time.
const BATCHES: u64 = 16;

/// The model.
#[derive(Debug, Args)]
#[command(next_help_heading = "Model")]
pub(super) struct ModelArgs {
    /// Draw programs from the model in this directory [default: where the description says kind = "model", pyprior-tiny, which is part of this program]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Where the model computes: auto, cpu, cuda:N or metal [default: cpu]
    #[arg(long)]
    device: Option<DeviceArg>,
    /// Programs that the model makes side by side; on a CPU of no influence on the files [default: 256 on a CPU, 1024 elsewhere, fewer where memory is short]
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..))]
    batch_size: Option<u32>,
    /// Divides the logits; 0 takes the likeliest token [default: 1]
    #[arg(long, allow_negative_numbers = true)]
    temperature: Option<f64>,
    /// Draw among this many of the likeliest tokens
    #[arg(long, value_name = "K")]
    top_k: Option<u32>,
    /// Draw among the likeliest tokens that have this probability together [default: 1]
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    top_p: Option<f64>,
    /// Draw among the tokens that are this many times as likely as the likeliest [default: 0]
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    min_p: Option<f64>,
}

impl ModelArgs {
    /// The job of a description that is of a model's programs, or becomes so by flags; any other is given back. Without a
    /// file that says another the language is the model's own. `threads` is what a CPU may take.
    pub(super) fn job(
        &self,
        mut description: Description,
        settings: &Settings,
        threads: usize,
        stop: &'static AtomicBool,
    ) -> anyhow::Result<Result<Job, Description>> {
        let mut model = match (description.source, &self.model) {
            (SourceDescription::Model(model), _) => model,
            (_, Some(_)) => ModelDescription::default(),
            (_, None) if self.says_something() => bail!("flags about a model, and no model (--model)"),
            _ => return Ok(Err(description)),
        };
        let device = self.device.unwrap_or(DeviceArg::Cpu).open()?;
        fill(&mut model.device, kind(&device), "device")?;
        let digest = self.model.as_deref().map_or_else(digest_of_shipped, digest_of)?;
        fill(&mut model.sha256, digest, "sha256")?;
        let dtype = dtype(model.dtype, &device);
        let dir = match &self.model {
            Some(path) => directory(path, &device, dtype)?,
            None => shipped(&device, dtype)?,
        };
        model.dtype = Some(match dtype {
            DType::BF16 => Dtype::Bf16,
            DType::F16 => Dtype::F16,
            _ => Dtype::F32,
        });
        self.set_drawing(&mut model);

        if settings.has_no_file() {
            let own = own_language(&dir);
            let own = if settings.has_level() { narrowed(own, &description.language) } else { own };
            description.language = LanguageConfig { max_len: settings.max_len().or(own.max_len), ..own };
        }
        // In the model's numbers of tokens: what the description lacks is excluded.
        let language = dir.language_of(description.language)?;
        description.language = language.config().clone();

        let capacity = description.language.max_len.map_or(0, |max_len| max_len as usize + 1);
        let batch = self.batch_size.or(model.batch).map(u64::from);
        let shard = description.shard_rows.min(description.rows);
        let rows = rows(&dir.model, capacity, device.is_cpu().then_some(shard), batch)?;
        if !device.is_cpu() {
            fill(&mut model.batch, u32::try_from(rows)?, "batch")?;
        }
        let generate =
            GenerateConfig { seed: description.seed, rows, prior: model.prior, truncation: model.truncation() };
        let threads = if threads == 0 { std::thread::available_parallelism()?.get() } else { threads };
        // For each shard that is being made the block that its threads are at and the one behind it.
        let config = BlockConfig { size: block(rows, shard, device.is_cpu()), threads, kept: 2 * threads + 1 };
        description.source = SourceDescription::Model(model);
        let blocks = Blocks::new(Box::new(dir.model), &language, generate, config)?;
        let source = ModelSource { blocks, threads: threads as u64, stop };
        let pilot = PilotWork { threads, stop };
        Ok(Ok(Job::prepare(description, Some(Box::new(source)), &pilot)?))
    }

    fn says_something(&self) -> bool {
        let Self { model: _, device, batch_size, temperature, top_k, top_p, min_p } = self;
        let numbers = [temperature, top_p, min_p].into_iter().any(Option::is_some);
        device.is_some() || batch_size.is_some() || top_k.is_some() || numbers
    }

    fn set_drawing(&self, model: &mut ModelDescription) {
        model.temperature = self.temperature.unwrap_or(model.temperature);
        model.top_k = self.top_k.or(model.top_k);
        model.top_p = self.top_p.unwrap_or(model.top_p);
        model.min_p = self.min_p.unwrap_or(model.min_p);
    }
}

/// A language within the bounds of another one, such as a level's.
fn narrowed(own: LanguageConfig, bounds: &LanguageConfig) -> LanguageConfig {
    let lens = own.max_len.into_iter().chain(bounds.max_len);
    let (low, high) = own.value_range;
    let mut exclude = own.exclude.clone();
    exclude.extend(bounds.exclude.iter().filter(|name| !own.exclude.contains(name)).cloned());
    LanguageConfig {
        max_len: lens.min(),
        value_range: (low.max(bounds.value_range.0), high.min(bounds.value_range.1)),
        max_funcs: own.max_funcs.min(bounds.max_funcs),
        max_vars: own.max_vars.min(bounds.max_vars),
        max_arity: own.max_arity.into_iter().chain(bounds.max_arity).min(),
        max_block_stmts: own.max_block_stmts.min(bounds.max_block_stmts),
        max_expr_depth: own.max_expr_depth.min(bounds.max_expr_depth),
        max_control_depth: own.max_control_depth.min(bounds.max_control_depth),
        exclude,
        ..own
    }
}

/// Takes what is found into the description, which may have said it already.
fn fill<T: Copy + PartialEq + Serialize>(said: &mut Option<T>, found: T, field: &str) -> anyhow::Result<()> {
    match said.replace(found) {
        Some(said) if said != found => {
            // As it is written in a description.
            let [said, found] = [said, found].map(|value| serde_json::to_string(&value).unwrap_or_default());
            bail!("source.{field} is {said} in the description; here it is {found}")
        }
        _ => Ok(()),
    }
}

fn kind(device: &Device) -> ComputeDevice {
    match device {
        Device::Cpu if fuses() => ComputeDevice::Cpu,
        Device::Cpu => ComputeDevice::CpuWithoutFma,
        Device::Cuda(_) => ComputeDevice::Cuda,
        Device::Metal(_) => ComputeDevice::Metal,
    }
}

/// What to compute in: what is said; else as `pyprior generate`.
fn dtype(said: Option<Dtype>, device: &Device) -> DType {
    match said {
        Some(Dtype::F32) => DType::F32,
        Some(Dtype::Bf16) => DType::BF16,
        Some(Dtype::F16) => DType::F16,
        None if device.is_cpu() => DType::F32,
        None => device.bf16_default_to_f32(),
    }
}

/// Programs of a block: on a CPU fewer for short shards; elsewhere programs depend on it, and so on `rows` alone. A power of
/// two, so that shards begin where blocks do.
fn block(rows: usize, shard: u64, cpu: bool) -> NonZeroU64 {
    let rows = rows as u64;
    let size = if cpu { (shard / BLOCKS).clamp(rows, rows * BATCHES) } else { rows * BATCHES };
    NonZeroU64::new(size.next_power_of_two()).unwrap_or(NonZeroU64::MIN)
}

/// SHA-256 of what `sha256sum` prints for a model's files.
fn digest(files: impl IntoIterator<Item = anyhow::Result<(String, ModelDigest)>>) -> anyhow::Result<ModelDigest> {
    let mut hash = Sha256::new();
    for file in files {
        let (name, digest) = file?;
        hash.update(format!("{digest}  {name}\n"));
    }
    Ok(ModelDigest::from(<[u8; 32]>::from(hash.finalize())))
}

fn digest_of(dir: &Path) -> anyhow::Result<ModelDigest> {
    let files = ModelDir::files(dir).with_context(|| format!("model {}", dir.display()))?;
    digest(files.into_iter().map(|name| {
        let path = dir.join(&name);
        let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
        let mut file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
        loop {
            match file.read(&mut buffer).with_context(|| format!("cannot read {}", path.display()))? {
                0 => return Ok((name, <[u8; 32]>::from(hash.finalize()).into())),
                read => hash.update(&buffer[..read]),
            }
        }
    }))
}

fn digest_of_shipped() -> anyhow::Result<ModelDigest> {
    let files = [("config.json", SHIPPED.config.as_bytes()), ("model.safetensors", SHIPPED.weights)];
    let of = |bytes: &[u8]| ModelDigest::from(<[u8; 32]>::from(Sha256::digest(bytes)));
    digest(files.map(|(name, bytes)| Ok((name.to_owned(), of(bytes)))))
}

/// A model behind what datasets ask of a source.
#[derive(Debug)]
struct ModelSource {
    blocks: Blocks,
    threads: u64,
    stop: &'static AtomicBool,
}

impl Source for ModelSource {
    fn draw(&self, rows: Range<u64>, drawn: &mut Drawn) -> Result<(), SourceError> {
        let (size, mut row) = (self.blocks.size().get(), rows.start);
        while row < rows.end {
            let number = row / size;
            let block = self.blocks.get(number, self.stop).map_err(|error| match error {
                BlocksError::Stopped => SourceError::Stopped,
                error => SourceError::Model(Box::new(error)),
            })?;
            let end = rows.end.min((number + 1).saturating_mul(size));
            for place in row % size..=(end - 1) % size {
                let found = block.programs.get(place as usize).zip(block.log_probabilities.get(place as usize));
                if let Some((tokens, &log_probability)) = found {
                    drawn.programs.push(tokens);
                    drawn.log_model.push(log_probability);
                }
            }
            row = end;
        }
        Ok(())
    }

    /// What all threads are given at a time is a block.
    fn chunk(&self) -> u64 {
        (self.blocks.size().get() / (2 * self.threads)).max(1)
    }
}
