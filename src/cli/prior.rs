//! A flag for every field of the symbolic prior.

use clap::{Args, ValueEnum};
use pyprior_core::{Normalisation, PriorConfig};

#[derive(Debug, Clone, Copy, ValueEnum)]
enum NormalisationArg {
    /// All tokens of the form in the vocabulary, as the PyPI package does
    Vocabulary,
    /// The tokens of the form that are legal
    Legal,
}

/// The symbolic prior, or none.
#[derive(Debug, Args)]
#[command(next_help_heading = "Prior")]
#[command(mut_group("WeightArgs", |weights| weights.conflicts_with("uniform")))]
pub(crate) struct PriorArgs {
    /// Draw uniformly among the legal tokens: no prior
    #[arg(long)]
    uniform: bool,
    #[command(flatten)]
    weights: WeightArgs,
}

/// The symbolic prior.
#[derive(Debug, Args)]
#[command(next_help_heading = "Prior")]
pub(crate) struct WeightArgs {
    /// Weight of variables [default: 2]
    #[arg(long, value_name = "WEIGHT", allow_negative_numbers = true)]
    w_var: Option<f64>,
    /// Weight of integer constants [default: 1]
    #[arg(long, value_name = "WEIGHT", allow_negative_numbers = true)]
    w_const: Option<f64>,
    /// Weight of ADD SUB MUL [default: 1.5]
    #[arg(long, value_name = "WEIGHT", allow_negative_numbers = true)]
    w_binop: Option<f64>,
    /// Weight of LT EQ [default: 0.5]
    #[arg(long, value_name = "WEIGHT", allow_negative_numbers = true)]
    w_compare: Option<f64>,
    /// Weight of CALL [default: 1]
    #[arg(long, value_name = "WEIGHT", allow_negative_numbers = true)]
    w_call: Option<f64>,
    /// Weight of PRINT [default: 1]
    #[arg(long, value_name = "WEIGHT", allow_negative_numbers = true)]
    w_print: Option<f64>,
    /// Weight of ASSIGN [default: 2]
    #[arg(long, value_name = "WEIGHT", allow_negative_numbers = true)]
    w_assign: Option<f64>,
    /// Weight of IF, and of FOR FOR2 together [default: 1]
    #[arg(long, value_name = "WEIGHT", allow_negative_numbers = true)]
    w_if: Option<f64>,
    /// Weight of RETURN [default: 3]
    #[arg(long, value_name = "WEIGHT", allow_negative_numbers = true)]
    w_return: Option<f64>,
    /// Multiplies the weight of ADD SUB MUL for every operator and call around [default: 0.5]
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true)]
    binop_depth_decay: Option<f64>,
    /// Multiplies the weight of IF FOR FOR2 for every if and for around [default: 0.5]
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true)]
    if_depth_decay: Option<f64>,
    /// BLK_n weighs this to the power n [default: 0.6]
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true)]
    length_decay: Option<f64>,
    /// Among which tokens of a form its weight is divided [default: vocabulary]
    #[arg(long, value_enum)]
    normalisation: Option<NormalisationArg>,
}

impl PriorArgs {
    /// The prior; `None` for uniform draws.
    pub(crate) fn config(&self) -> Option<PriorConfig> {
        (!self.uniform).then(|| self.weights.config())
    }
}

impl WeightArgs {
    /// The prior, with the apply mode that is its default.
    pub(crate) fn config(&self) -> PriorConfig {
        let mut config = PriorConfig::default();
        for (field, given) in [
            (&mut config.w_var, self.w_var),
            (&mut config.w_const, self.w_const),
            (&mut config.w_binop, self.w_binop),
            (&mut config.w_compare, self.w_compare),
            (&mut config.w_call, self.w_call),
            (&mut config.w_print, self.w_print),
            (&mut config.w_assign, self.w_assign),
            (&mut config.w_if, self.w_if),
            (&mut config.w_return, self.w_return),
            (&mut config.binop_depth_decay, self.binop_depth_decay),
            (&mut config.if_depth_decay, self.if_depth_decay),
            (&mut config.length_decay, self.length_decay),
        ] {
            *field = given.unwrap_or(*field);
        }
        if let Some(NormalisationArg::Legal) = self.normalisation {
            config.normalisation = Normalisation::Legal;
        }
        config
    }
}
