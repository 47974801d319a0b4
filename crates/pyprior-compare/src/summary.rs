//! A group in numbers.

use pyprior_core::Form;
use serde::Serialize;

use crate::group::Group;
use crate::measured::Measured;
use crate::parts::Part;
use crate::spread::Spread;

/// A group of programs in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// What the group is called.
    pub name: String,
    /// Where its programs are from.
    pub from: String,
    /// Number of tokens in our vocabulary; none where the programs are of several.
    pub vocab: Option<usize>,
    /// Number of programs.
    pub programs: usize,
    /// Tokens of the syntax tree a program.
    pub tokens: Spread,
    /// Tokens of the text a program.
    pub text_tokens: Spread,
    /// Bytes of the text a program.
    pub bytes: Spread,
    /// Tokens of all texts for one of all trees: what a corpus of such programs takes.
    pub ratio: f64,
    /// Standard error of [`ratio`](Self::ratio) as that of all programs of the kind; 0 for a single program.
    pub ratio_error: f64,
    /// The same ratio program by program; its mean is not that of the sums.
    pub ratios: Spread,
    /// Tokens of the syntax tree a program, by form; forms that do not occur are left out.
    pub forms: Vec<Share>,
    /// Tokens of the text a program, by what they spell; parts that do not occur are left out.
    pub parts: Vec<Share>,
}

/// What something takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// What it is.
    pub name: &'static str,
    /// Tokens of a program, in the mean.
    pub tokens: f64,
    /// The same as a part of all.
    pub part: f64,
}

impl Summary {
    /// The numbers of a group; `None` if it has no program.
    pub fn of(group: &Group) -> Option<Self> {
        let programs = &group.programs[..];
        let count = programs.len() as f64;
        let spread = |of: fn(&Measured) -> f64| Spread::of(programs.iter().map(of));
        let tokens = spread(|of| f64::from(of.tokens))?;
        let text_tokens = spread(|of| f64::from(of.text_tokens))?;
        let ratio = text_tokens.mean / tokens.mean;
        // Of a ratio of two means: Cochran, "Sampling Techniques", 1977, 2.11.
        let left = |of: &Measured| (f64::from(of.text_tokens) - ratio * f64::from(of.tokens)).powi(2);
        let left = programs.iter().map(left).sum::<f64>() / (count - 1.0).max(1.0);
        let forms = Form::ALL.map(|form| {
            let all = programs.iter().map(|of| f64::from(of.forms[form as usize])).sum::<f64>();
            share(form.name(), all / count, tokens.mean)
        });
        let parts = Part::ALL.map(|part| {
            let all = programs.iter().map(|of| of.parts[part as usize]).sum::<f64>();
            share(part.name(), all / count, text_tokens.mean)
        });
        Some(Self {
            name: group.name.clone(),
            from: group.from.clone(),
            vocab: (group.vocab > 0).then_some(group.vocab),
            programs: programs.len(),
            tokens,
            text_tokens,
            bytes: spread(|of| f64::from(of.bytes))?,
            ratio,
            ratio_error: (left / count).sqrt() / tokens.mean,
            ratios: spread(Measured::ratio)?,
            forms: forms.into_iter().filter(|share| share.tokens > 0.0).collect(),
            parts: parts.into_iter().filter(|share| share.tokens > 0.0).collect(),
        })
    }
}

fn share(name: &'static str, tokens: f64, all: f64) -> Share {
    Share { name, tokens, part: if all > 0.0 { tokens / all } else { 0.0 } }
}
