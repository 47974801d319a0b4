//! One trace, step by step.

use std::fmt::Display;
use std::sync::Arc;

use pyprior_core::{DecodeError, Frontier, Language, Matcher, Renderer, TokenError, Vocab};

use super::known::Known;
use super::lines::{Partial, Trace};
use super::prior::Priors;
use super::report::{Outcome, Report};
use super::witness::Witness;

const LINE: &str = "trace";
const NO_COMPLETION: &str = "tokens without any completion, confirmed by exhaustive search";
const DEAD: &str = "the recording ran into an empty legal set; ours is not empty or ended before it";
const PAST_END: &str = "tokens behind the end are refused, save PAD";
const ENDED: &str = "behind a token without any completion";

/// Fields that say how a trace was made.
const ABOUT: [&str; 2] = ["sampler", "prefix_kind"];

/// Compares a trace under a language, or, where the language is refused, only what needs no decoding.
pub(crate) fn replay(report: &mut Report, known: &mut Known, trace: &Trace) {
    let Known { vocab, language, renders, witness, priors } = known;
    let place = format!("config {} trace {}", trace.c, trace.k);
    for field in trace.rest.keys() {
        let why = match ABOUT.contains(&field.as_str()) {
            true => "says how the trace was made",
            false => "unknown to this program",
        };
        report.add(LINE, field, &place, Outcome::NotCompared(why));
    }
    if let Some(renders) = renders {
        compare_text(report, &place, renders, trace);
        super::encode::replay_trace(report, renders, &place, trace);
        super::exec::replay(report, renders, &place, trace);
    }
    compare_tree(report, &place, vocab, trace);
    super::analysis::compare(report, &place, vocab, trace);
    let Some(language) = language else {
        const REFUSED: &str = "the configuration holds no program of at most max_len tokens and is refused";
        for (field, count) in
            [("legal", trace.legal.len()), ("kind", trace.kind.len()), ("frontier", trace.frontier.len())]
        {
            (0..count).for_each(|_| report.add(LINE, field, &place, Outcome::NotCompared(REFUSED)));
        }
        not_compared(report, &place, trace, 0, REFUSED);
        report.add(LINE, "done", &place, Outcome::NotCompared(REFUSED));
        return;
    };
    let matcher = Matcher::new(language);
    let mut steps = Steps { report, place, language, witness, priors: priors.as_mut(), trace, matcher };
    let compared = if steps.start() { steps.walk() } else { 0 };
    let Steps { report, place, .. } = steps;
    not_compared(report, &place, trace, compared, ENDED);
}

/// Notes what is recorded of the prior for the steps from `first` on, by number of tokens.
fn not_compared(report: &mut Report, place: &dyn Display, trace: &Trace, first: usize, why: &'static str) {
    let logits = trace.logits.iter().map(|(at, _)| ("logits", *at));
    let steps = logits.chain(trace.apply.iter().map(|(at, ..)| ("apply", *at)));
    for (field, _) in steps.filter(|&(_, at)| at >= first) {
        report.add(LINE, field, place, Outcome::NotCompared(why));
    }
}

struct Steps<'a> {
    report: &'a mut Report,
    place: String,
    language: &'a Arc<Language>,
    witness: &'a mut Witness,
    priors: Option<&'a mut Priors>,
    trace: &'a Trace,
    matcher: Matcher,
}

impl Steps<'_> {
    fn add(&mut self, field: &str, outcome: Outcome) {
        self.report.add(LINE, field, &self.place, outcome);
    }

    /// Takes the prefix; whether there is anything to walk then.
    fn start(&mut self) -> bool {
        let refused = self.trace.prefix.iter().find_map(|&token| self.matcher.accept_token(token).err());
        let Some(error) = refused else {
            if self.trace.raises.is_some() {
                self.add("raises", Outcome::Different("recorded a refused prefix, ours takes it".to_owned()));
            }
            return self.trace.raises.is_none();
        };
        let confirmed = self.confirmed(&error);
        if self.trace.raises.is_some() {
            let expected = self.trace.message.clone().unwrap_or_default();
            let outcome = match error.to_string().starts_with(&expected) {
                true => Outcome::Equal,
                false if confirmed => Outcome::Allowed("refused at an earlier token, which has no completion"),
                false => Outcome::Different(format!("recorded {expected:?}, ours {error}")),
            };
            self.add("raises", outcome);
        } else if self.trace.overrun.is_some() {
            let outcome = match self.matcher.is_terminated() {
                true => Outcome::Allowed(PAST_END),
                false => Outcome::Different(format!("recorded a prefix past the end, ours {error}")),
            };
            self.add("overrun", outcome);
        } else {
            let outcome = match confirmed {
                true => Outcome::Allowed(NO_COMPLETION),
                false => Outcome::Different(format!("recorded a prefix that ours refuses: {error}")),
            };
            self.add("prefix", outcome);
            for field in ["legal", "kind", "frontier"] {
                (0..self.trace.legal.len()).for_each(|_| self.add(field, Outcome::NotCompared(ENDED)));
            }
        }
        false
    }

    /// Whether the exhaustive search finds no completion for a refused token either.
    fn confirmed(&mut self, error: &TokenError) -> bool {
        let TokenError::Illegal { name, .. } = error else { return false };
        self.search().is_some_and(|legal| !legal.contains(name))
    }

    fn search(&mut self) -> Option<std::collections::BTreeSet<String>> {
        let vocab = self.language.vocab();
        let names = self.matcher.tokens().iter().filter_map(|&token| vocab.name(token)).collect::<Vec<_>>();
        self.witness.legal(&names)
    }

    /// Returns behind how many tokens the steps are that have not been compared.
    fn walk(&mut self) -> usize {
        let rest = &self.trace.ids[self.trace.prefix.len().min(self.trace.ids.len())..];
        let steps = self.trace.legal.iter().zip(&self.trace.kind).zip(&self.trace.frontier);
        for (nth, ((legal, kind), &frontier)) in steps.enumerate() {
            let found = self.matcher.frontier();
            let ours = found.map(|found| (found.kind.name(), found.expr_depth, found.control_depth));
            self.report.compare(LINE, "kind", &self.place, Some(kind.as_str()), ours.map(|ours| ours.0));
            self.report.compare(LINE, "frontier", &self.place, Some(frontier), ours.map(|ours| (ours.1, ours.2)));
            self.legal(nth, legal, found);
            // The last recorded set has no token behind it when the trace was cut or ran dead.
            let Some(&token) = rest.get(nth) else { break };
            let Err(error) = self.matcher.accept_token(token) else { continue };
            let outcome = match self.confirmed(&error) {
                true => Outcome::Allowed(NO_COMPLETION),
                false => Outcome::Different(format!("at {nth}: {error}")),
            };
            self.add("ids", outcome);
            for field in ["legal", "kind", "frontier"] {
                (nth + 1..self.trace.legal.len()).for_each(|_| self.add(field, Outcome::NotCompared(ENDED)));
            }
            return self.trace.prefix.len() + nth + 1;
        }
        (0..rest.len()).for_each(|_| self.add("ids", Outcome::Equal));
        if let Some(done) = self.trace.done {
            self.report.compare(LINE, "done", &self.place, done, self.matcher.is_terminated());
        }
        if self.trace.dead == Some(true) {
            let outcome = match self.matcher.legal_count() {
                0 => Outcome::Different("ours is empty too".to_owned()),
                _ => Outcome::Allowed(DEAD),
            };
            self.add("dead", outcome);
        }
        if let Some(legal_done) = &self.trace.legal_done {
            let ours = self.matcher.legal_tokens().collect::<Vec<_>>();
            self.report.compare(LINE, "legal_done", &self.place, legal_done, &ours);
        }
        self.trace.prefix.len() + self.trace.legal.len()
    }

    fn legal(&mut self, nth: usize, recorded: &str, frontier: Option<Frontier>) {
        let len = self.language.vocab().len();
        let shaped =
            |ids: &Vec<u32>| recorded.len() == 2 * len.div_ceil(8) && ids.iter().all(|&id| (id as usize) < len);
        let Some(recorded) = bits(recorded).filter(shaped) else {
            return self.add("legal", Outcome::Different(format!("at {nth}: no set of {len} tokens: {recorded:?}")));
        };
        if let Some(priors) = &mut self.priors {
            // The recorded set, since the results depend on it, and ours may be smaller.
            priors.step(self.report, &self.place, self.trace, self.trace.prefix.len() + nth, frontier, &recorded);
        }
        let ours = self.matcher.legal_tokens().collect::<Vec<_>>();
        if recorded == ours {
            return self.add("legal", Outcome::Equal);
        }
        let vocab = self.language.vocab();
        let names = |tokens: &[u32]| tokens.iter().filter_map(|&id| vocab.name(id)).map(str::to_owned).collect();
        let searched = self.search();
        let subset = ours.iter().all(|token| recorded.contains(token));
        let outcome = match searched {
            Some(searched) if subset && searched == names(&ours) => Outcome::Allowed(NO_COMPLETION),
            searched => {
                let (recorded, ours): (std::collections::BTreeSet<_>, _) = (names(&recorded), names(&ours));
                Outcome::Different(format!("at {nth}: recorded {recorded:?}, ours {ours:?}, searched {searched:?}"))
            }
        };
        self.add("legal", outcome);
    }
}

/// Ids of the set bits of a recorded set: bytes in hexadecimal, little end first.
fn bits(hex: &str) -> Option<Vec<u32>> {
    let mut ids = Vec::new();
    for (nth, byte) in hex.as_bytes().chunks(2).enumerate() {
        let byte = u8::from_str_radix(std::str::from_utf8(byte).ok()?, 16).ok()?;
        ids.extend((0..8).filter(|bit| byte >> bit & 1 == 1).map(|bit| 8 * nth as u32 + bit));
    }
    Some(ids)
}

fn compare_text(report: &mut Report, place: &str, language: &Language, trace: &Trace) {
    let mut renderer = Renderer::new(language);
    match &trace.partial {
        Some(Partial::All(partials)) => {
            for (len, recorded) in partials.iter().enumerate() {
                let ours = renderer.partial(&trace.ids[..len.min(trace.ids.len())]);
                report.compare(LINE, "partial", &place, recorded.as_str(), ours);
            }
        }
        Some(Partial::Last { last }) => {
            report.compare(LINE, "partial", &place, last.as_str(), renderer.partial(&trace.ids));
        }
        None => {}
    }
    if let Some(src) = &trace.src {
        let outcome = match renderer.render(&trace.ids) {
            Ok(ours) if ours == src => Outcome::Equal,
            Err(DecodeError::Trailing { .. }) if trace.overrun.is_some() => Outcome::Allowed(PAST_END),
            ours => Outcome::Different(format!("recorded {src:?}, ours {ours:?}")),
        };
        report.add(LINE, "src", &place, outcome);
        if let Some(same) = trace.padded_same_src {
            let pad = language.vocab().pad();
            let padded = [trace.ids.as_slice(), &[pad, pad]].concat();
            let ours = renderer.render(&padded).is_ok_and(|padded| padded == src);
            report.compare(LINE, "padded_same_src", &place, same, ours);
        }
    }
}

fn compare_tree(report: &mut Report, place: &str, vocab: &Vocab, trace: &Trace) {
    if let Some(same) = trace.ast_tokens_same {
        let back = vocab.tokens_to_ast(&trace.ids).map(|module| vocab.ast_to_tokens(&module));
        let ours = matches!(back, Ok(Ok(tokens)) if tokens == trace.ids);
        report.compare(LINE, "ast_tokens_same", &place, same, ours);
    }
    let mut errors = |field, recorded: &Option<String>, tokens: &[u32]| {
        if let Some(recorded) = recorded {
            let recorded = recorded.trim_start_matches("ValueError: ");
            let outcome = match vocab.tokens_to_ast(tokens) {
                Err(error) if error.to_string().starts_with(recorded) => Outcome::Equal,
                ours => Outcome::Different(format!("recorded {recorded:?}, ours {ours:?}")),
            };
            report.add(LINE, field, &place, outcome);
        }
    };
    let ids = &trace.ids;
    let last = ids.last().copied().into_iter().collect::<Vec<_>>();
    errors("ast_trunc", &trace.ast_trunc, &ids[..ids.len().saturating_sub(1)]);
    errors("ast_trail", &trace.ast_trail, &[ids.as_slice(), &last].concat());
}
