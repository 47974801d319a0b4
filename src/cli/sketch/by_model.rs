//! A transformer that fills a sketch: it chooses among the tokens that the sketch leaves.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::Context as _;
use pyprior_candle::{Batch, BitmaskTensor, CausalModel, Draw, KvCache, Sampled, TensorSampler};
use pyprior_core::{Language, Matcher, TokenBitmask, TruncationConfig};
use pyprior_sketch::Chooser;

/// A model with one row of its cache.
pub(super) struct ByModel {
    model: Box<dyn CausalModel>,
    cache: KvCache,
    sampler: TensorSampler,
    sampled: Sampled,
    bitmask: TokenBitmask,
    seed: u64,
    /// The token that a model sees before a program, and those that the cache has seen.
    begin: u32,
    seen: Vec<u32>,
    /// What went wrong; a chooser cannot say it.
    failed: Failure,
}

/// What went wrong with a model, for those who do not own the chooser.
#[derive(Clone, Default)]
pub(super) struct Failure(Rc<RefCell<Option<anyhow::Error>>>);

impl Failure {
    /// What went wrong since the last time, if anything did.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        self.0.take().map_or(Ok(()), |error| Err(error).context("the model failed"))
    }
}

impl ByModel {
    pub(super) fn new(model: Box<dyn CausalModel>, language: &Language, seed: u64) -> anyhow::Result<Self> {
        let vocab = language.vocab();
        let longest = language.config().max_len.map_or(usize::MAX, |max_len| max_len as usize + 1);
        let cache = model.new_cache(1, longest.min(model.max_positions()))?;
        let sampler = TensorSampler::new(vocab.len(), None, TruncationConfig::default())?;
        let (bitmask, begin) = (TokenBitmask::new(1, vocab.len()), vocab.id_of("BOS").unwrap_or(0));
        let (sampled, seen) = (Sampled::default(), Vec::new());
        Ok(Self { model, cache, sampler, sampled, bitmask, seed, begin, seen, failed: Failure::default() })
    }

    /// Where to ask whether something went wrong.
    pub(super) fn failure(&self) -> Failure {
        self.failed.clone()
    }

    fn draw(&mut self, tokens: &[u32], legal: &[u32], row: u64, step: u32) -> anyhow::Result<Option<u32>> {
        let mut context = vec![self.begin];
        context.extend_from_slice(tokens);
        // What the last try had in common with this one is there already; the logits are those behind the last token.
        let common = context.iter().zip(&self.seen).take_while(|(now, before)| now == before).count();
        let common = common.min(context.len() - 1);
        self.cache.truncate(0, common)?;
        self.seen.truncate(common);
        let mut batch = Batch::new();
        batch.push(0, &context[common..]);
        let logits = self.model.forward(&mut self.cache, &batch)?;
        self.seen = context;
        self.bitmask.data_mut().fill(0);
        for &token in legal {
            self.bitmask.data_mut()[token as usize / 32] |= 1 << (token % 32);
        }
        let bitmask = BitmaskTensor::new(&self.bitmask, self.model.device())?;
        let draw = Draw { seed: self.seed, rows: &[row], steps: &[step] };
        self.sampler.sample(&logits, &bitmask, None, draw, &mut self.sampled)?;
        Ok(self.sampled.tokens.first().copied())
    }
}

impl Chooser for ByModel {
    fn choose(&mut self, matcher: &Matcher, legal: &[u32], row: u64, step: u32) -> u32 {
        let first = legal.first().copied().unwrap_or_default();
        if self.failed.0.borrow().is_some() || legal.len() < 2 {
            return first;
        }
        let drawn = self.draw(matcher.tokens(), legal, row, step).unwrap_or_else(|error| {
            self.failed.0.replace(Some(error));
            None
        });
        drawn.unwrap_or(first)
    }
}
