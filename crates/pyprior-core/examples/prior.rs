//! Programs drawn by the symbolic prior alone: `cargo run --release -p pyprior-core --example prior`.

use pyprior_core::{
    Language, LanguageConfig, LogitsScratch, Matcher, Normalisation, Prior, PriorConfig, Renderer, TokenBitmask,
    TokenSampler, Truncation, TruncationConfig,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let language = Language::new(LanguageConfig { max_len: Some(60), ..LanguageConfig::default() })?;
    let vocab = language.vocab();
    let config = PriorConfig { normalisation: Normalisation::Legal, w_compare: 0.2, ..PriorConfig::default() };
    let prior = Prior::new(vocab, config)?;
    let truncation = Truncation::new(TruncationConfig { min_p: 0.001, ..TruncationConfig::default() })?;
    let sampler = TokenSampler::new(7);
    let mut bitmask = TokenBitmask::new(1, vocab.len());
    let mut scratch = LogitsScratch::new(vocab.len());
    let mut logits = vec![0.0_f32; vocab.len()];
    let mut renderer = Renderer::new(&language);
    for row in 0..5 {
        let mut matcher = Matcher::new(&language);
        let mut log_probability = 0.0;
        while !matcher.is_terminated() {
            matcher.fill_next_token_bitmask(&mut bitmask, 0)?;
            logits.fill(0.0); // a model's logits would stand here
            prior.apply_row(&mut logits, &bitmask, 0, matcher.frontier(), &mut scratch)?;
            truncation.apply_row(&mut logits, &bitmask, 0, &mut scratch)?;
            let step = matcher.tokens().len() as u32;
            let Some(sampled) = sampler.sample(&logits, &bitmask, 0, row, step, &mut scratch)? else { break };
            matcher.accept_token(sampled.token)?;
            log_probability += sampled.log_probability;
        }
        println!("# program {row}, ln p = {log_probability:.2}\n{}\n", renderer.render(matcher.tokens())?);
    }
    Ok(())
}
