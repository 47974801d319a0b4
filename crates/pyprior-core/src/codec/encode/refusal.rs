//! What the matcher refuses, in words of source. The rules stand elsewhere, once; here they get other words.

use super::error::EncodeErrorKind as Kind;
use crate::explain::WhyNot;
use crate::matcher::Matcher;
use crate::vocab::Symbol;

/// Why the vocabulary has no token for something.
pub(super) fn no_token(matcher: &Matcher, symbol: Symbol) -> Kind {
    let config = matcher.language().config();
    match symbol {
        Symbol::Var(_) => Kind::Variables { max: config.max_vars },
        Symbol::Func(_) => Kind::Functions { max: config.max_funcs },
        Symbol::Arity(arity) => Kind::Parameters { max: config.effective_arity(), got: usize::from(arity) },
        Symbol::Const(value) => constant(matcher, value.to_string()),
        Symbol::Block(got) => Kind::Block { max: config.max_block_stmts, got: usize::from(got) },
        other => Kind::Illegal { token: format!("{other:?}"), why: WhyNot::OutOfRange },
    }
}

/// A constant beyond those of the language.
pub(super) fn constant(matcher: &Matcher, value: String) -> Kind {
    let (low, high) = matcher.language().config().value_range;
    Kind::Constant { value, low, high }
}

/// Why a token is not legal; `name` is the function's, where the token is one.
#[cold]
pub(super) fn illegal(matcher: &Matcher, token: u32, name: &str) -> Kind {
    let language = matcher.language();
    let config = language.config();
    let token_name = || language.vocab().name(token).unwrap_or_default().to_owned();
    let why = matcher.why_not(token).unwrap_or(WhyNot::NeverCloses);
    match why {
        WhyNot::Excluded => Kind::Excluded { token: token_name() },
        WhyNot::NotNextFunction { next: None } => {
            let next = config.max_funcs.min(language.rules.funcs) + 1;
            Kind::Excluded { token: format!("FUNC_{next}") }
        }
        WhyNot::DefinitionLast => Kind::DefinitionLast,
        WhyNot::DefinitionNested => Kind::DefinitionNested,
        WhyNot::NotReturning => Kind::NotReturning { name: name.to_owned() },
        // A call is written with its function: that there is none to call is that this one does not return.
        WhyNot::NothingCallable => Kind::NotReturning { name: name.to_owned() },
        WhyNot::ExprDepth => Kind::ExprDepth { max: config.max_expr_depth },
        WhyNot::ControlDepth => Kind::ControlDepth { max: config.max_control_depth },
        WhyNot::ReturnOutsideFunction => Kind::ReturnOutside,
        WhyNot::ReturnNotLast => Kind::DeadCode,
        WhyNot::MustFallThrough => Kind::DeadCodeBehindIf,
        WhyNot::NeverCloses | WhyNot::NoLeaf => Kind::NothingFollows { token: token_name() },
        WhyNot::TooLong { excess } => {
            let max = config.max_len.unwrap_or(u32::MAX);
            Kind::TooLong { least: max.saturating_add(excess), max }
        }
        why => Kind::Illegal { token: token_name(), why },
    }
}
