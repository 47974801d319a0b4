//! What a row's distribution is, by its formulas, one vector after another.

use pyprior_core::{TruncationConfig, Vocab, philox4x32_10};

use super::prior::{Case, OUT, log_softmax};

/// The distribution of a row.
pub(crate) struct Expected {
    /// Logarithms of probabilities.
    pub(crate) logs: Vec<f64>,
    /// How near a token is to the border of a filter.
    pub(crate) margin: f64,
}

impl Expected {
    pub(crate) fn new(case: &Case, vocab: &Vocab, model: &[f32], largest: f64, truncation: &TruncationConfig) -> Self {
        let support = case.support(vocab).0;
        let says = (0..model.len()).any(|id| support[id] && model[id] > f32::NEG_INFINITY);
        let clamped = model.iter().map(|&logit| if says { f64::from(logit).clamp(-largest, largest) } else { 0.0 });
        let clamped = clamped.collect::<Vec<_>>();
        let most = (0..model.len()).filter(|&id| support[id]).map(|id| clamped[id]).fold(OUT, f64::max);
        // Tokens outside have no say: 0 for them, so that they do not drown the others.
        let shifted = (0..model.len()).map(|id| if support[id] { clamped[id] - most } else { 0.0 });
        let mut x = case.apply(vocab, &shifted.collect::<Vec<_>>());
        let margin = cut(&mut x, truncation);
        Self { logs: log_softmax(&x), margin }
    }

    pub(crate) fn probabilities(&self) -> Vec<f64> {
        self.logs.iter().map(|log| log.exp()).collect()
    }

    pub(crate) fn entropy(&self) -> f64 {
        self.logs.iter().filter(|log| log.exp() > 0.0).map(|log| -log * log.exp()).sum()
    }

    /// The token that Gumbel noise chooses, and by how much.
    pub(crate) fn choose(&self, seed: u64, row: u64, step: u32) -> (u32, f64) {
        let score = |id: usize| self.logs[id] + gumbel(seed, row, step, id as u32);
        let mut order = (0..self.logs.len()).filter(|&id| self.logs[id] > OUT).collect::<Vec<_>>();
        order.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
        let gap = if order.len() > 1 { score(order[0]) - score(order[1]) } else { f64::INFINITY };
        (order[0] as u32, gap)
    }
}

fn gumbel(seed: u64, row: u64, step: u32, token: u32) -> f64 {
    let counter = [row as u32, (row >> 32) as u32, step, 0xC000_0000 + token / 32 * 8 + token % 8];
    let word = philox4x32_10(counter, [seed as u32, (seed >> 32) as u32])[token as usize % 32 / 8];
    let exponential = match word < 1 << 31 {
        true => -((f64::from(word) + 0.5) / 4294967296.0).ln(),
        false => -(-(f64::from(!word) + 0.5) / 4294967296.0).ln_1p(),
    };
    -exponential.ln()
}

/// Temperature and filters by sorting; returns the distance to the nearest border.
fn cut(x: &mut [f64], truncation: &TruncationConfig) -> f64 {
    let most = x.iter().copied().fold(OUT, f64::max);
    x.iter_mut().for_each(|x| *x = (*x - most) / truncation.temperature);
    let mut margin = f64::INFINITY;
    let sorted = |x: &[f64]| {
        let mut sorted = x.iter().copied().filter(|&x| x > OUT).collect::<Vec<_>>();
        sorted.sort_by(|a, b| b.total_cmp(a));
        sorted
    };
    let drop = |x: &mut [f64], least: f64| x.iter_mut().filter(|x| **x < least).for_each(|x| *x = OUT);
    if let Some(k) = truncation.top_k {
        let sorted = sorted(x);
        let k = sorted.len().min(k as usize);
        let gaps = sorted.iter().map(|x| (x - sorted[k - 1]).abs()).filter(|&gap| gap > 0.0);
        margin = gaps.fold(margin, f64::min);
        drop(x, sorted[k - 1]);
    }
    if truncation.top_p < 1.0 {
        let sorted = sorted(x);
        let all: f64 = sorted.iter().map(|x| x.exp()).sum();
        let mut sum = 0.0;
        let mut least = None;
        for &x in &sorted {
            sum += x.exp() / all;
            margin = margin.min((sum - truncation.top_p).abs());
            least = least.or((sum >= truncation.top_p).then_some(x));
        }
        // Tokens that `f32` takes for ties stay together.
        let gaps = sorted.iter().map(|x| (x - least.unwrap_or(OUT)).abs()).filter(|&gap| gap > 0.0);
        margin = gaps.fold(margin, f64::min);
        drop(x, least.unwrap_or(OUT));
    }
    if truncation.min_p > 0.0 {
        let border = truncation.min_p.ln();
        margin = x.iter().map(|x| (x - border).abs()).fold(margin, f64::min);
        drop(x, border);
    }
    margin
}
