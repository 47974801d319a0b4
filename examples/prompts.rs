//! Programs that go on from prompts: a signature, statements, tokens.
//!
//! ```text
//! cargo run --release --example prompts [MODEL_DIR]
//! ```

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result};
use candle_core::{DType, Device};
use pyprior_candle::{Budget, GenerateConfig, Generator, ModelDir, Prompt};
use pyprior_core::Encoder;

const SOURCES: [&str; 3] = [
    // Goes on inside the function, whose module ends with it.
    "def area(width, height)",
    // Goes on behind the statement. How many statements the module has is a token before it: for each number there is
    // another prompt, and the model says how likely each is.
    "total = 7",
    // Goes on inside the loop.
    "for i in range(3):",
];

fn main() -> Result<()> {
    let dir = std::env::args().nth(1).unwrap_or_else(|| "models/pyprior-tiny".to_owned());
    let ModelDir { language, model } = ModelDir::load(dir.as_ref(), &Device::Cpu, DType::F32)?;
    let mut encoder = Encoder::new(&language);
    let (mut prompts, mut names) = (Vec::new(), Vec::new());
    for source in SOURCES {
        let starts = encoder.encode_prompts(source)?;
        names.push(starts.first().context("no start")?.names.clone());
        prompts.push(Prompt::any_of(starts.into_iter().map(|start| start.tokens)));
    }
    let config = GenerateConfig { seed: 1, ..GenerateConfig::default() };
    let mut generator = Generator::new(&model, &language, &prompts, config)?;
    let mut renderer = pyprior_core::Renderer::new(&language);
    // Program i starts with prompt i modulo their number.
    let budget = Budget { programs: Some(2 * prompts.len() as u64), ..Budget::default() };
    generator.run(0, &budget, &AtomicBool::new(false), &mut |program| {
        let nth = program.number as usize % names.len();
        println!("# program {} of {:?}", program.number, SOURCES[nth]);
        // The names of the source go on to be used.
        println!("{}", renderer.render_continued(program.tokens, &names[nth]).unwrap_or_default());
        ControlFlow::Continue(())
    })?;
    Ok(())
}
