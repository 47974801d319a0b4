//! Source to tokens: the recorded `encode` lines, and the `encode` and `src2` of traces.
//!
//! Where the package accepts, ours gives the same tokens, or refuses for a reason that the language's page states.
//! Where it refuses, ours refuses, or gives tokens whose program under the source's names reads as the source does.
//! What Python did with each source and with what the package made of it, ours does as it reads that text.

use std::sync::Arc;

use pyprior_core::{EncodeError, EncodeErrorKind as Kind, Encoded, Encoder, Language, Matcher, Renderer, Unseen};
use serde::Deserialize as _;
use serde_json::Value;

use super::exec::compare_tokens;
use super::lines::{EncodeLine, Trace};
use super::report::{Outcome, Report};
use super::run::Run;

const LINE: &str = "encode";
/// The test `python_encode` runs these sources beside what ours makes of them.
const WIDER: &str = "the package refuses what the subset holds";
const ILLEGAL: &str = "refused: its tokens are not legal, as the matcher says too";

/// What ours makes of a source, with its tokens written again.
struct Ours {
    read: Result<Encoded, EncodeError>,
    named: Option<String>,
    plain: Option<String>,
}

fn ours(language: &Arc<Language>, source: &str) -> Ours {
    let mut encoder = Encoder::new(language);
    let mut renderer = Renderer::new(language);
    let read = encoder.encode(source);
    let mut written = |named: bool| {
        let found = read.as_ref().ok()?;
        match named {
            true => renderer.render_named(&found.tokens, &found.names).map(str::to_owned).ok(),
            false => renderer.render(&found.tokens).map(str::to_owned).ok(),
        }
    };
    let (named, plain) = (written(true), written(false));
    Ours { read, named, plain }
}

impl Ours {
    /// Whether what is written again reads the same: tokens, tree and names.
    fn is_stable(&self, language: &Arc<Language>) -> bool {
        let again = self.named.as_deref().map(|source| Encoder::new(language).encode(source));
        matches!((&self.read, again), (Ok(found), Some(Ok(again))) if *found == again)
    }
}

/// Why the page of the language calls for a refusal where the package accepts.
fn explained(error: &EncodeError) -> Option<&'static str> {
    Some(match &error.kind {
        Kind::ShadowsDef { .. } | Kind::Redefined { .. } | Kind::Reserved { .. } => {
            "refused: a name that shadows print, range, int or a def, or a second def of one name"
        }
        Kind::Unsupported { what, .. } if what.contains("decorator") => "refused: decorators, which the package drops",
        Kind::Unsupported { what, .. } if what.contains("annotation") => {
            "refused: annotations, which the package drops"
        }
        Kind::Unsupported { what, .. } if what.contains("docstring") => "refused: docstrings, which the package drops",
        Kind::Unsupported { what, .. } if what.contains("pass") => "refused: `pass`, which the package drops",
        Kind::Unsupported { .. } => "refused: no part of the subset, and dropped or changed by the package",
        Kind::IntUnused | Kind::IntArgument => "refused: `int( )` where comparisons are True and False",
        Kind::DefinitionLast => "refused: a def behind other statements",
        Kind::DuplicateParameter { .. } => "refused: two parameters of one name, which is no Python",
        Kind::Invisible { why: Unseen::OfModule, .. } => "refused: a def does not see the module's variables",
        Kind::Syntax { .. } => "refused: no Python",
        _ => return None,
    })
}

/// Why a source is refused that the package reads as these tokens, if there is a reason.
fn why_refused(language: &Arc<Language>, error: &EncodeError, tokens: &[u32]) -> Option<&'static str> {
    let illegal = || Matcher::with_prefix(language, tokens).is_err().then_some(ILLEGAL);
    explained(error).or_else(illegal)
}

/// Compares what Python did with a source with what ours makes of it does.
fn compare_run(language: &Arc<Language>, source: &str, recorded: &Run, tokens: &[u32]) -> Outcome {
    match Encoder::new(language).encode(source) {
        Ok(found) => compare_tokens(recorded, language, &found.tokens),
        Err(error) => match why_refused(language, &error, tokens) {
            Some(why) => Outcome::NotCompared(why),
            None => Outcome::Different(format!("recorded a run, ours {error}")),
        },
    }
}

/// Compares an `encode` line.
pub(super) fn replay_line(report: &mut Report, language: Option<&Arc<Language>>, line: &EncodeLine) {
    let place = format!("encode {:?} under config {}", line.src, line.c);
    let mut add = |field: &str, outcome| report.add(LINE, field, &place, outcome);
    for field in line.rest.keys() {
        let why = match field.as_str() {
            "names" => "ours are by scope and binding; see src_names",
            "kind" => "says how the line was made",
            "src_escaped" => "a lone surrogate: no text in UTF-8",
            "stage" | "message" | "line" | "node" | "raises" => "wordings and places are ours",
            _ => "unknown to this program",
        };
        add(field, Outcome::NotCompared(why));
    }
    let Some(language) = language else {
        return add("ok", Outcome::NotCompared("its configuration is not one of ours"));
    };
    let Some(source) = &line.src else {
        // As Python writes such a text in UTF-8, if told to.
        let refused = Encoder::new(language).encode_bytes(b"x = 1  # \xed\xa0\x80").is_err();
        let outcome = if refused { Outcome::Equal } else { Outcome::Different("ours takes a surrogate".to_owned()) };
        return add("ok", outcome);
    };
    let runs = [
        ("exec_src", &line.src, &line.exec_src),
        ("exec_names", &line.src_names, &line.exec_names),
        ("exec_pool", &line.src_pool, &line.exec_pool),
    ];
    for (field, source, recorded) in runs {
        match (source, recorded) {
            (_, None) => {}
            (Some(source), Some(recorded)) => add(field, compare_run(language, source, recorded, &line.tokens)),
            (None, Some(_)) => add(field, Outcome::NotCompared("the source is not recorded")),
        }
    }
    let ours = ours(language, source);
    match (line.ok, &ours.read) {
        (true, Ok(found)) => {
            add("ok", Outcome::Equal);
            let same = found.tokens == line.tokens;
            let outcome = match same {
                true => Outcome::Equal,
                false => Outcome::Different(format!("recorded {:?}, ours {:?}", line.tokens, found.tokens)),
            };
            add("tokens", outcome);
            if let Some(recorded) = &line.src_pool {
                report.compare(LINE, "src_pool", &place, Some(recorded), ours.plain.as_ref());
            }
            if let Some(recorded) = &line.src_names {
                let outcome = match ours.named.as_ref() == Some(recorded) {
                    true => Outcome::Equal,
                    // The package's own table has lost names then: written with it, the program reads otherwise.
                    false if ours.is_stable(language) => {
                        Outcome::Allowed("the package's table merges scopes and bindings")
                    }
                    false => Outcome::Different(format!("recorded {recorded:?}, ours {:?}", ours.named)),
                };
                report.add(LINE, "src_names", &place, outcome);
            }
        }
        (true, Err(error)) => {
            let outcome = match why_refused(language, error, &line.tokens) {
                Some(why) => Outcome::Allowed(why),
                None => Outcome::Different(format!("recorded tokens, ours {error}")),
            };
            add("ok", outcome);
        }
        (false, Err(_)) => add("ok", Outcome::Equal),
        (false, Ok(_)) => {
            let outcome = match ours.is_stable(language) {
                true => Outcome::Allowed(WIDER),
                false => Outcome::Different(format!("ours takes it as {:?}", ours.named)),
            };
            add("ok", outcome);
        }
    }
}

/// Compares the `encode` and `src2` of a trace, whose source the package wrote itself.
pub(super) fn replay_trace(report: &mut Report, language: &Arc<Language>, place: &str, trace: &Trace) {
    const LINE: &str = "trace";
    let (Some(source), Some(recorded)) = (&trace.src, &trace.encode) else { return };
    let accepted = recorded.get("ok").and_then(Value::as_bool) == Some(true);
    // Of PAD behind a program nothing is left in its source. Where the package reads other tokens than it wrote, it says which.
    let pad = language.vocab().pad();
    let end = trace.ids.iter().rposition(|id| *id != pad).map_or(0, |last| last + 1);
    let read = recorded.get("tokens").and_then(|tokens| Vec::<u32>::deserialize(tokens).ok());
    let expected = read.as_deref().filter(|_| accepted).unwrap_or(&trace.ids[..end]);
    let ours = ours(language, source);
    let outcome = match &ours.read {
        Ok(found) if found.tokens == expected => match accepted {
            true => Outcome::Equal,
            false => Outcome::Allowed(WIDER),
        },
        Ok(found) => Outcome::Different(format!("ours {:?}", found.tokens)),
        Err(_) if Matcher::with_prefix(language, &trace.ids).is_err() => Outcome::Allowed(ILLEGAL),
        Err(error) => Outcome::Different(error.to_string()),
    };
    report.add(LINE, "encode", &place, outcome);
    let Some(src2) = &trace.src2 else { return };
    let outcome = match (&ours.read, &ours.named) {
        (Ok(_), Some(named)) if named == source => match src2 == &Value::Bool(true) {
            true => Outcome::Equal,
            false => Outcome::Allowed("ours is the source again; the package's table merges scopes"),
        },
        (Err(_), _) => Outcome::NotCompared("not encoded"),
        (_, named) => Outcome::Different(format!("ours {named:?}")),
    };
    report.add(LINE, "src2", &place, outcome);
}
