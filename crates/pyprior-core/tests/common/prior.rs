//! The prior from its formulas, literally, with the standard library's exp and ln and one vector after another.

use pyprior_core::{ApplyMode, Form, Frontier, HoleKind, Normalisation, PriorConfig, TokenBitmask, Vocab};

use super::Random;

pub(crate) const OUT: f64 = f64::NEG_INFINITY;

/// A hole, what is legal there, and a prior.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) config: PriorConfig,
    pub(crate) frontier: Option<Frontier>,
    pub(crate) legal: Vec<bool>,
}

impl Case {
    /// Any prior and any set of legal tokens, reachable or not.
    pub(crate) fn random(random: &mut Random, vocab: &Vocab) -> Self {
        let weight = |random: &mut Random| [0.0, 0.3, 1.0, 2.0, 7.5, 1e-9, 1e9][random.index(7)];
        let decay = |random: &mut Random| [0.25, 0.5, 0.9, 1.0][random.index(4)];
        let config = PriorConfig {
            w_var: weight(random),
            w_const: weight(random),
            w_binop: weight(random),
            w_compare: weight(random),
            w_call: weight(random),
            w_print: weight(random),
            w_assign: weight(random),
            w_if: weight(random),
            w_return: weight(random),
            binop_depth_decay: decay(random),
            if_depth_decay: decay(random),
            length_decay: [0.3, 0.6, 1.0, 1.5][random.index(4)],
            apply: random.pick(&ApplyMode::ALL),
            alpha: [0.0, 0.3, 1.0, 2.5][random.index(4)],
            normalisation: random.pick(&[Normalisation::Vocabulary, Normalisation::Legal]),
        };
        let depths = (random.between(0, 4), random.between(0, 3));
        let frontier = Frontier { kind: HoleKind::Expr, expr_depth: depths.0, control_depth: depths.1 };
        let rarity = [1, 2, 5, 40][random.index(4)];
        let mut legal = (0..vocab.len()).map(|_| random.one_in(rarity)).collect::<Vec<_>>();
        let one = random.index(vocab.len());
        legal[one] = true;
        Self { config, frontier: (!random.one_in(9)).then_some(frontier), legal }
    }

    pub(crate) fn bitmask(&self) -> TokenBitmask {
        let mut bitmask = TokenBitmask::new(1, self.legal.len());
        for (id, _) in self.legal.iter().enumerate().filter(|(_, legal)| **legal) {
            bitmask.data_mut()[id / 32] |= 1 << (id % 32);
        }
        bitmask
    }

    fn weight(&self, form: Form) -> Option<f64> {
        let config = &self.config;
        Some(match form {
            Form::Var => config.w_var,
            Form::Const => config.w_const,
            Form::BinOp => config.w_binop,
            Form::Compare => config.w_compare,
            Form::Call => config.w_call,
            Form::Print => config.w_print,
            Form::Assign => config.w_assign,
            Form::If | Form::For => config.w_if,
            Form::Return => config.w_return,
            _ => return None,
        })
    }

    /// Weight of every token, divided as the normalisation says; those of tokens that are not legal count under
    /// vocabulary alone.
    pub(crate) fn weights(&self, vocab: &Vocab) -> Vec<f64> {
        let (ed, cd) =
            self.frontier.map_or((0, 0), |frontier| (frontier.expr_depth as i32, frontier.control_depth as i32));
        let by_legal = self.config.normalisation == Normalisation::Legal;
        let weight = |id: usize| {
            let form = vocab.form(id as u32).unwrap();
            let damping = match form {
                Form::BinOp => self.config.binop_depth_decay.powi(ed),
                Form::If | Form::For => self.config.if_depth_decay.powi(cd),
                _ => 1.0,
            };
            let counts = |other: &usize| vocab.form(*other as u32) == Some(form) && (!by_legal || self.legal[*other]);
            let shared = self.weight(form).map(|weight| weight / (0..vocab.len()).filter(counts).count() as f64);
            let name = vocab.name(id as u32).unwrap_or_default();
            let length = name.strip_prefix("BLK_").map(|n| self.config.length_decay.powi(n.parse().unwrap()));
            if by_legal && !self.legal[id] { 0.0 } else { shared.or(length).unwrap_or(1.0) * damping }
        };
        (0..vocab.len()).map(weight).collect()
    }

    /// Whether the prior has a say.
    fn speaks(&self) -> bool {
        match self.config.apply {
            ApplyMode::Off => false,
            ApplyMode::Entropy => true,
            ApplyMode::Additive | ApplyMode::Fixed => self.config.alpha > 0.0,
        }
    }

    /// The tokens that stay, and the weights by which they are chosen where no model speaks.
    pub(crate) fn support(&self, vocab: &Vocab) -> (Vec<bool>, Vec<f64>) {
        let weights = self.weights(vocab);
        let positive = |id: &usize| self.legal[*id] && weights[*id] > 0.0;
        if !self.speaks() || !(0..vocab.len()).any(|id| positive(&id)) {
            let ones = self.legal.iter().zip(&weights).map(|(&legal, &weight)| if legal { 1.0 } else { weight });
            return (self.legal.clone(), ones.collect());
        }
        ((0..vocab.len()).map(|id| positive(&id)).collect(), weights)
    }

    /// What comes of a model's logits, all of them finite.
    pub(crate) fn apply(&self, vocab: &Vocab, model: &[f64]) -> Vec<f64> {
        let (support, weights) = self.support(vocab);
        let prior = weights.iter().map(|weight| weight.ln()).collect::<Vec<_>>();
        let masked = |logits: &[f64]| -> Vec<f64> {
            logits.iter().zip(&support).map(|(&logit, &stays)| if stays { logit } else { OUT }).collect()
        };
        let alpha = self.config.alpha;
        let (m, p) = match self.config.apply {
            ApplyMode::Off => return masked(model),
            ApplyMode::Additive if alpha == 0.0 => return masked(model),
            ApplyMode::Additive => {
                return masked(&(0..model.len()).map(|i| model[i] + alpha * prior[i]).collect::<Vec<_>>());
            }
            ApplyMode::Fixed => (1.0 - alpha, alpha),
            ApplyMode::Entropy => {
                let q = log_softmax(&masked(model));
                let entropy: f64 = q.iter().filter(|q| **q > OUT).map(|q| -q * q.exp()).sum();
                let count = support.iter().filter(|stays| **stays).count();
                let share = (entropy / (count.max(2) as f64).ln()).clamp(0.0, 1.0);
                (1.0 - share, share)
            }
        };
        let (model, prior) = (log_softmax(model), log_softmax(&prior));
        let blend = |i: usize| m * model[i] + if p == 0.0 { 0.0 } else { p * prior[i] };
        masked(&(0..model.len()).map(blend).collect::<Vec<_>>())
    }
}

pub(crate) fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let max = logits.iter().copied().fold(OUT, f64::max);
    let sum: f64 = logits.iter().map(|logit| (logit - max).exp()).sum();
    logits.iter().map(|logit| logit - max - sum.ln()).collect()
}

/// A roughly normal number.
pub(crate) fn normal(random: &mut Random) -> f64 {
    (0..12).map(|_| random.below(1 << 20) as f64 / f64::from(1 << 20)).sum::<f64>() - 6.0
}

/// Any number that a model may come up with.
pub(crate) fn wild(random: &mut Random, calm: u64) -> f64 {
    if !random.one_in(calm) {
        return 4.0 * normal(random);
    }
    let values = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e38,
        -1e38,
        65504.0,
        -65504.0,
        1e-40,
        -1e-45,
        6e-8,
        0.0,
        -0.0,
        3e4,
        -3e4,
    ];
    random.pick(&values)
}
