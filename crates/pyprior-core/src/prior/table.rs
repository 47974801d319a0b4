//! The prior compiled for a vocabulary: logits and weights of tokens at a hole.

use std::ops::Range;

use super::config::{Normalisation, PriorConfig, PriorError};
use crate::bitmask::TokenBitmask;
use crate::frontier::Frontier;
use crate::logits::element::Logit;
use crate::logits::math::{exp, exp_sums, ln, log_sum_exp, max};
use crate::logits::row::{LogitsError, LogitsScratch, allowed, check_len, legal_row};
use crate::vocab::{Form, Vocab};

/// Number of forms, that of a base vocabulary included.
pub(super) const FORMS: usize = Form::ALL.len() + 1;

/// The symbolic prior of a vocabulary: immutable, to be shared.
///
/// A token's logit is the logarithm of its weight. A form's weight is divided among its tokens, those of the
/// vocabulary or the legal ones ([`Normalisation`]), and damped by the depths of the hole ([`PriorConfig`]);
/// `BLK_n` weighs `length_decay` to the power n, everything else 1.
///
/// **Weight 0.** A token of weight 0 has logit negative infinity. Where some other legal token has a positive
/// weight, it is out of the question like one that is not legal; where none has, all legal tokens weigh 1.
///
/// Logits, probabilities and draws call no mathematics library: they are the same bits on every platform.
///
/// ```
/// use pyprior_core::{
///     Language, LanguageConfig, LogitsScratch, Matcher, Prior, PriorConfig, TokenBitmask, TokenSampler,
/// };
///
/// let language = Language::new(LanguageConfig { max_len: Some(30), ..LanguageConfig::default() })?;
/// let vocab = language.vocab();
/// let (prior, sampler) = (Prior::new(vocab, PriorConfig::default())?, TokenSampler::new(1));
/// let mut scratch = LogitsScratch::new(vocab.len());
/// let mut bitmask = TokenBitmask::new(1, vocab.len());
/// let mut matcher = Matcher::new(&language);
/// while !matcher.is_terminated() {
///     matcher.fill_next_token_bitmask(&mut bitmask, 0)?;
///     let mut logits = vec![0.0_f32; vocab.len()]; // a model's stand here
///     prior.apply_row(&mut logits, &bitmask, 0, matcher.frontier(), &mut scratch)?;
///     let step = matcher.tokens().len() as u32;
///     let sampled = sampler.sample(&logits, &bitmask, 0, 0, step, &mut scratch)?.ok_or("no legal token")?;
///     matcher.accept_token(sampled.token)?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Prior {
    config: PriorConfig,
    vocab: usize,
    offset: u32,
    /// Logit of each of the language's own tokens before damping; under [`Normalisation::Legal`] before division.
    base: Vec<f64>,
    /// Form of each of the language's own tokens.
    forms: Vec<Form>,
    /// Ids of the tokens that share a weight, by form.
    shared: Vec<(Form, Range<u32>)>,
    /// What one level of depth adds to the logits of operators, and to those of `if` and `for`.
    damping: [f64; 2],
    /// ln of the sum of the vocabulary's weights before damping: operators, `if` and `for`, everything else.
    totals: [f64; 3],
}

/// Which depth damps a form: 0 that of expressions, 1 that of control flow, 2 none.
fn damped_by(form: Form) -> usize {
    match form {
        Form::BinOp => 0,
        Form::If | Form::For => 1,
        _ => 2,
    }
}

/// What is added to the logits of a form's tokens at a hole.
pub(super) struct Shifts(pub(super) [f64; FORMS]);

impl Prior {
    /// Compiles a prior.
    ///
    /// # Errors
    ///
    /// [`PriorError`] names the field that is out of range.
    pub fn new(vocab: &Vocab, config: PriorConfig) -> Result<Self, PriorError> {
        config.check()?;
        let divided = config.normalisation == Normalisation::Vocabulary;
        let (mut base, mut forms, mut shared) = (Vec::new(), Vec::new(), Vec::new());
        for form in Form::ALL {
            let ids = vocab.ids_of(form);
            let count = f64::from(ids.end - ids.start);
            let logit = config.weight(form).map(|weight| ln(weight) - if divided { ln(count) } else { 0.0 });
            for nth in 1..=ids.end - ids.start {
                base.push(match form {
                    Form::Block => f64::from(nth) * ln(config.length_decay),
                    _ => logit.unwrap_or(0.0),
                });
                forms.push(form);
            }
            if logit.is_some() && !ids.is_empty() {
                shared.push((form, ids));
            }
        }
        let total = |part: usize| {
            let of_part = forms.iter().zip(&base).filter(|&(&form, _)| damped_by(form) == part);
            let mut logits = of_part.map(|(_, &logit)| logit).collect::<Vec<_>>();
            if part == 2 && vocab.offset() > 0 {
                logits.push(ln(f64::from(vocab.offset())));
            }
            log_sum_exp(&logits)
        };
        let totals = [total(0), total(1), total(2)];
        let damping = [ln(config.binop_depth_decay), ln(config.if_depth_decay)];
        let (vocab, offset) = (vocab.len(), vocab.offset());
        Ok(Self { config, vocab, offset, base, forms, shared, damping, totals })
    }

    /// The configuration this was compiled from.
    pub fn config(&self) -> &PriorConfig {
        &self.config
    }

    /// Among which tokens of a form its weight is divided.
    pub fn normalisation(&self) -> Normalisation {
        self.config.normalisation
    }

    /// Number of tokens of the vocabulary that this was compiled for.
    pub fn vocab_len(&self) -> usize {
        self.vocab
    }

    /// The weight that the tokens of a form share at a hole of these depths; `None` for forms whose tokens have a
    /// weight each (functions, arities, blocks, and what occurs in no program).
    ///
    /// 0, or kept within 1e-300 and 1e300, so that sums are finite.
    pub fn form_weight(&self, form: Form, expr_depth: u32, control_depth: u32) -> Option<f64> {
        let weight = self.config.weight(form)?;
        Some(weight_of(ln(weight) + self.damping(form, [expr_depth, control_depth])))
    }

    /// The weight of a token at a hole of these depths, where `legal` tokens of its form are legal; 0 for ids
    /// beyond the vocabulary.
    ///
    /// `legal` counts under [`Normalisation::Legal`] alone, and for forms that share a weight; 0 is taken as 1.
    /// The probability of a legal token is its weight divided by the sum of the weights of all legal tokens; if
    /// that is 0, all legal tokens are equally likely. 0, or kept within 1e-300 and 1e300.
    pub fn weight(&self, token: u32, legal: u32, expr_depth: u32, control_depth: u32) -> f64 {
        weight_of(self.log_weight(token, legal, expr_depth, control_depth))
    }

    /// The logarithm of [`weight`](Self::weight), before that is kept within its bounds.
    #[inline(always)]
    pub(crate) fn log_weight(&self, token: u32, legal: u32, expr_depth: u32, control_depth: u32) -> f64 {
        let Some((form, logit)) = self.token(token) else { return f64::NEG_INFINITY };
        let divided = self.normalisation() == Normalisation::Legal && self.config.weight(form).is_some();
        let share = if divided { ln(f64::from(legal.max(1))) } else { 0.0 };
        logit + self.damping(form, [expr_depth, control_depth]) - share
    }

    /// Writes the prior's logits at a hole, `None` for a finished row.
    ///
    /// Under [`Normalisation::Vocabulary`] these are the logits of all tokens, legal or not, as recorded. Under
    /// [`Normalisation::Legal`] tokens that are not legal, by row `slot` of the bitmask, are negative infinity.
    /// Tokens of weight 0 are negative infinity, whatever else is legal. In half precision finite logits are
    /// rounded to the nearest finite number.
    ///
    /// # Errors
    ///
    /// [`LogitsError`] if the shapes do not agree; `out` is as it was.
    pub fn logits<T: Logit>(
        &self,
        frontier: Option<Frontier>,
        bitmask: &TokenBitmask,
        slot: usize,
        out: &mut [T],
    ) -> Result<(), LogitsError> {
        check_len(out.len(), 1, self.vocab)?;
        let legal = legal_row(bitmask, slot, self.vocab)?;
        let shifts = self.shifts(frontier, legal);
        let logit = |token| match self.logit(token, &shifts) {
            f64::NEG_INFINITY => T::NEG_INFINITY,
            logit => T::from_f64(logit),
        };
        if self.normalisation() == Normalisation::Legal {
            out.fill(T::NEG_INFINITY);
            allowed(legal, self.vocab).for_each(|token| out[token as usize] = logit(token));
        } else {
            out.iter_mut().zip(0..).for_each(|(out, token)| *out = logit(token));
        }
        Ok(())
    }

    /// Writes the prior's probabilities of the tokens at a hole, `None` for a finished row: 0 for tokens that are
    /// not legal by row `slot` of the bitmask. They sum to 1, or are all 0 where nothing is legal.
    ///
    /// # Errors
    ///
    /// [`LogitsError`] if the shapes do not agree; `out` is as it was.
    pub fn probabilities(
        &self,
        frontier: Option<Frontier>,
        bitmask: &TokenBitmask,
        slot: usize,
        out: &mut [f64],
        scratch: &mut LogitsScratch,
    ) -> Result<(), LogitsError> {
        check_len(out.len(), 1, self.vocab)?;
        let legal = legal_row(bitmask, slot, self.vocab)?;
        self.gather(&self.shifts(frontier, legal), legal, scratch);
        let largest = max(&scratch.weights);
        let (sum, _) = exp_sums(&scratch.weights, largest, &mut scratch.exps);
        out.fill(0.0);
        for (&token, exp) in scratch.tokens.iter().zip(&scratch.exps) {
            out[token as usize] = exp / sum;
        }
        Ok(())
    }

    /// What depths, and under [`Normalisation::Legal`] the division among legal tokens, add to each form.
    pub(super) fn shifts(&self, frontier: Option<Frontier>, legal: &[u32]) -> Shifts {
        let depths = depths(frontier);
        let mut shifts = [0.0; FORMS];
        for form in [Form::BinOp, Form::If, Form::For] {
            shifts[form as usize] = self.damping(form, depths);
        }
        if self.normalisation() == Normalisation::Legal {
            for (form, ids) in &self.shared {
                let count = count(legal, ids);
                if count > 1 {
                    shifts[*form as usize] -= ln(f64::from(count));
                }
            }
        }
        Shifts(shifts)
    }

    /// Collects the legal tokens that are not ruled out by a weight of 0, and their logits. Where all are, all
    /// stay, with logit 0.
    pub(super) fn gather(&self, shifts: &Shifts, legal: &[u32], scratch: &mut LogitsScratch) {
        scratch.gather_tokens(legal, self.vocab);
        let LogitsScratch { tokens, weights, .. } = scratch;
        weights.clear();
        weights.extend(tokens.iter().map(|&token| self.logit(token, shifts)));
        if weights.iter().fold(true, |weighty, &logit| weighty & (logit > f64::NEG_INFINITY)) {
            return;
        }
        let mut kept = 0;
        for place in 0..tokens.len() {
            if weights[place] > f64::NEG_INFINITY {
                (tokens[kept], weights[kept]) = (tokens[place], weights[place]);
                kept += 1;
            }
        }
        match kept {
            0 => weights.fill(0.0),
            _ => {
                tokens.truncate(kept);
                weights.truncate(kept);
            }
        }
    }

    /// ln of the sum of the weights that the log_softmax of the prior runs over: of the whole vocabulary, or of
    /// the legal tokens that have been gathered.
    pub(super) fn total(&self, frontier: Option<Frontier>, scratch: &mut LogitsScratch) -> f64 {
        if self.normalisation() == Normalisation::Legal {
            let largest = max(&scratch.weights);
            return largest + ln(exp_sums(&scratch.weights, largest, &mut scratch.exps).0);
        }
        let [expr, control] = depths(frontier);
        let [operators, branches, others] = self.totals;
        log_sum_exp(&[
            operators + f64::from(expr) * self.damping[0],
            branches + f64::from(control) * self.damping[1],
            others,
        ])
    }

    #[inline(always)]
    fn logit(&self, token: u32, shifts: &Shifts) -> f64 {
        self.token(token).map_or(f64::NEG_INFINITY, |(form, logit)| logit + shifts.0[form as usize])
    }

    /// Form and base logit of a token.
    #[inline(always)]
    pub(super) fn token(&self, token: u32) -> Option<(Form, f64)> {
        let Some(local) = token.checked_sub(self.offset) else { return Some((Form::Text, 0.0)) };
        Some((*self.forms.get(local as usize)?, *self.base.get(local as usize)?))
    }

    #[inline(always)]
    fn damping(&self, form: Form, depths: [u32; 2]) -> f64 {
        match damped_by(form) {
            2 => 0.0,
            by => f64::from(depths[by]) * self.damping[by],
        }
    }
}

fn depths(frontier: Option<Frontier>) -> [u32; 2] {
    frontier.map_or([0, 0], |frontier| [frontier.expr_depth, frontier.control_depth])
}

fn weight_of(logit: f64) -> f64 {
    if logit == f64::NEG_INFINITY { 0.0 } else { exp(logit).clamp(1e-300, 1e300) }
}

/// Number of set bits of a row in a range of tokens.
fn count(legal: &[u32], ids: &Range<u32>) -> u32 {
    let (first, last) = (ids.start / 32, ids.end.saturating_sub(1) / 32);
    let words = legal.get(first as usize..=last as usize).unwrap_or_default();
    let whole: u32 = words.iter().map(|word| word.count_ones()).sum();
    let ends = words.first().zip(words.last());
    ends.map_or(0, |(head, tail)| {
        let before = head & ((1 << (ids.start % 32)) - 1);
        let behind = tail.checked_shr((ids.end - 1) % 32 + 1).unwrap_or(0);
        whole - before.count_ones() - behind.count_ones()
    })
}
