//! Line by line, with the language of each configuration.

use std::collections::HashMap;
use std::fmt::Display;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use flate2::read::MultiGzDecoder;
use pyprior_core::{ConfigError, Form, IoValue, Language, LanguageConfig, Matcher, Vocab};
use serde_json::Value;

use super::known::Known;
use super::lines::{Config, InitError, Line, ValueDecode, ValueLine};
use super::prior::Priors;
use super::report::{Outcome, Report};
use super::witness::Witness;
use super::{encode, steps};

/// Replays a trace file, gzipped or plain.
///
/// # Errors
///
/// If the file cannot be read, is cut off, or is not a trace file.
pub(crate) fn replay_file(path: &Path) -> anyhow::Result<Report> {
    let shown = path.display();
    let mut file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let mut magic = Vec::new();
    file.by_ref().take(2).read_to_end(&mut magic).with_context(|| format!("cannot read {shown}"))?;
    let whole = std::io::Cursor::new(magic.clone()).chain(file);
    let reader: Box<dyn Read> = match magic[..] {
        [0x1f, 0x8b] => Box::new(MultiGzDecoder::new(whole)),
        _ => Box::new(whole),
    };
    let mut report = Report::default();
    let mut configs = HashMap::new();
    let mut lines = 0;
    for (nth, line) in BufReader::new(reader).lines().enumerate() {
        let place = || format!("{shown}:{}", nth + 1);
        let line = line.with_context(place)?;
        let line: Line = serde_json::from_str(&line).context("not a line of a trace file").with_context(place)?;
        ensure!(nth > 0 || matches!(line, Line::Meta(_)), "{}: the first line is not of kind meta", place());
        replay_line(&mut report, &mut configs, line).with_context(place)?;
        lines += 1;
    }
    ensure!(lines > 1, "{shown} holds no traces");
    Ok(report)
}

/// `configs` holds `None` for a configuration that has no counterpart here, such as one with a negative knob.
fn replay_line(report: &mut Report, configs: &mut HashMap<u64, Option<Known>>, line: Line) -> anyhow::Result<()> {
    match line {
        Line::Meta(fields) => {
            for field in fields.keys() {
                report.add("meta", field, &"meta", Outcome::NotCompared("says how the file was made"));
            }
        }
        Line::Config(config) => {
            let number = config.c;
            configs.insert(number, replay_config(report, &config)?);
        }
        Line::ConfigEnd(fields) => {
            for field in fields.keys() {
                report.add("config_end", field, &"config_end", Outcome::NotCompared("sums up the traces"));
            }
        }
        Line::Trace(trace) => {
            let Some(known) = configs.get_mut(&trace.c) else {
                bail!("trace {} is of configuration {}, which has not been given", trace.k, trace.c);
            };
            let Some(known) = known else {
                report.add("trace", "c", &"trace", Outcome::NotCompared("its configuration is not one of ours"));
                return Ok(());
            };
            steps::replay(report, known, &trace);
        }
        Line::InitError(line) => replay_init(report, &line),
        Line::Value(line) => replay_value(report, &line)?,
        Line::ValueDecode(line) => replay_value_decode(report, &line)?,
        Line::Encode(line) => {
            let Some(known) = configs.get(&line.c) else {
                bail!("an encode line is of configuration {}, which has not been given", line.c);
            };
            encode::replay_line(report, known.as_ref().and_then(|known| known.renders.as_ref()), &line);
        }
    }
    Ok(())
}

fn replay_config(report: &mut Report, line: &Config) -> anyhow::Result<Option<Known>> {
    const LINE: &str = "config";
    let place = format!("config {}", line.c);
    for field in line.rest.keys() {
        report.add(LINE, field, &place, Outcome::NotCompared("unknown to this program"));
    }
    let exclude = line.exclude.clone().unwrap_or_default();
    // A negative budget is below the minimum like any other; our numbers have no sign.
    let Ok(config) = line.tok.config(line.max_len.map(|len| len.max(0)), &exclude) else {
        report.add(LINE, "tok", &place, Outcome::NotCompared("a knob is negative, which ours refuses"));
        return Ok(None);
    };
    let vocab = match Vocab::new(&config) {
        Ok(vocab) => vocab,
        Err(_) => {
            report.add(LINE, "tok", &place, Outcome::NotCompared("a knob is beyond what ours supports"));
            return Ok(None);
        }
    };
    report.compare(LINE, "vocab", &place, line.vocab, vocab.len());
    if let Some(max_arity) = line.max_arity {
        report.compare(LINE, "max_arity", &place, max_arity, config.effective_arity());
    }
    if let Some(names) = &line.names {
        let ours = vocab.names().map(str::to_owned).collect::<Vec<_>>();
        report.compare(LINE, "names", &place, names, &ours);
    }
    if let Some(forms) = &line.forms {
        let ours = (0..vocab.len() as u32).filter_map(|id| vocab.form(id)).map(|form| form.name().to_owned());
        report.compare(LINE, "forms", &place, forms, &ours.collect::<Vec<_>>());
    }
    if let Some(dump) = &line.dump {
        report.compare(LINE, "dump", &place, dump.as_str(), &vocab.dump());
    }
    let priors = replay_prior(report, line, &place, &vocab);
    let witness = Witness::new(&config);
    let unbounded = LanguageConfig { max_len: None, ..config.clone() };
    let least = Language::new(unbounded.clone()).map(|language| language.min_len());
    if let Some(recorded) = line.min_len {
        let ours = least.as_ref().ok().copied();
        let outcome = match ours {
            Some(ours) if ours == recorded => Outcome::Equal,
            ours if ours.is_none_or(|ours| ours > recorded) && witness.min_len() == ours => {
                Outcome::Allowed("the shortest program is longer, confirmed by exhaustive search")
            }
            ours => Outcome::Different(format!("recorded {recorded}, ours {ours:?}, searched {:?}", witness.min_len())),
        };
        report.add(LINE, "min_len", &place, outcome);
    }
    let max_len = config.max_len;
    let language = match Language::new(config) {
        Ok(language) => Some(language),
        Err(ConfigError::NoProgram { .. } | ConfigError::MaxLenTooSmall { .. }) => {
            let least = witness.min_len();
            let outcome = match least.is_none_or(|least| max_len.is_some_and(|max_len| max_len < least)) {
                true => Outcome::Allowed("refused: no program is short enough, confirmed by exhaustive search"),
                false => Outcome::Different(format!("ours refuses it, but a program of {least:?} tokens exists")),
            };
            report.add(LINE, "max_len", &place, outcome);
            None
        }
        Err(error) => {
            report.add(LINE, "exclude", &place, Outcome::Different(error.to_string()));
            return Ok(None);
        }
    };
    let plain = LanguageConfig { exclude: Vec::new(), ..unbounded };
    Ok(Some(Known { vocab, language, renders: Language::new(plain).ok(), witness, priors }))
}

fn replay_prior(report: &mut Report, line: &Config, place: &dyn Display, vocab: &Vocab) -> Option<Priors> {
    match Priors::new(vocab, line.prior.as_ref()?) {
        Ok(priors) => {
            report.add("config", "prior", place, Outcome::Equal);
            if let Some(recorded) = &line.prior_base {
                priors.base(report, place, recorded);
            }
            Some(priors)
        }
        Err(error) => {
            report.add("config", "prior", place, Outcome::Different(error));
            None
        }
    }
}

fn replay_init(report: &mut Report, line: &InitError) {
    const LINE: &str = "init_error";
    let place = format!("init_error max_len {:?} exclude {:?} ids {:?}", line.max_len, line.exclude, line.ids);
    let ours = init(line);
    if line.ok == Some(true) {
        let outcome = match ours {
            Ok(()) => Outcome::Equal,
            Err(Refusal::NoProgram { min_len, .. }) if shortest(line) == min_len => Outcome::Allowed(NO_PROGRAM),
            Err(error) => Outcome::Different(format!("recorded ok, ours {error}")),
        };
        return report.add(LINE, "ok", &place, outcome);
    }
    let recorded = line.message.as_deref().unwrap_or_default();
    let Err(error) = ours else {
        let outcome = match excludes_nothing(line, recorded) {
            true => Outcome::Allowed("a form without tokens may be excluded; nothing comes of it"),
            false => Outcome::Different(format!("recorded {recorded:?}, ours takes it")),
        };
        return report.add(LINE, "raises", &place, outcome);
    };
    let outcome = match line.raises.as_deref() {
        Some("ValueError") => Outcome::Equal,
        _ => Outcome::Allowed("an error of ours where the package fails inside"),
    };
    report.add(LINE, "raises", &place, outcome);
    // Wordings are ours; the facts in them are not.
    let fact = match recorded {
        _ if recorded.starts_with("illegal token ") || recorded.starts_with("unknown exclude target ") => recorded,
        _ => match recorded.split_once(" < minimum ") {
            Some((_, least)) => least,
            None => return report.add(LINE, "message", &place, Outcome::NotCompared("wordings are ours")),
        },
    };
    let plain = |text: &str| text.replace('"', "'");
    let outcome = match &error {
        error if plain(&error.to_string()).contains(&plain(fact)) => Outcome::Equal,
        Refusal::NoProgram { min_len, .. } if shortest(line) == *min_len => Outcome::Allowed(NO_PROGRAM),
        error => Outcome::Different(format!("recorded {recorded:?}, ours {error}")),
    };
    report.add(LINE, "message", &place, outcome);
}

const NO_PROGRAM: &str = "the shortest program is longer, or there is none, confirmed by exhaustive search";

/// Whether the recorded error is that an excluded form has no tokens in this vocabulary.
fn excludes_nothing(line: &InitError, recorded: &str) -> bool {
    let vocab = line.tok.config(None, &[]).ok().and_then(|config| Vocab::new(&config).ok());
    let empty = |form: &Form| vocab.as_ref().is_some_and(|vocab| vocab.ids_of(*form).is_empty());
    Form::ALL.iter().filter(|form| empty(form)).any(|form| {
        line.exclude.iter().any(|name| name == form.name()) && recorded.ends_with(&format!("'{}'", form.name()))
    })
}

/// Length of the shortest program by exhaustive search.
fn shortest(line: &InitError) -> Option<u32> {
    Witness::new(&line.tok.config(None, &line.exclude).ok()?).min_len()
}

/// Why ours refuses a call.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    /// The language has no program, or none that is short enough; the least `max_len`, if any would do.
    #[error("{source}")]
    NoProgram { min_len: Option<u32>, source: ConfigError },
    #[error("{0}")]
    Other(String),
}

impl From<ConfigError> for Refusal {
    fn from(source: ConfigError) -> Self {
        match source {
            ConfigError::NoProgram { .. } => Refusal::NoProgram { min_len: None, source },
            ConfigError::MaxLenTooSmall { min_len, .. } => Refusal::NoProgram { min_len: Some(min_len), source },
            other => Refusal::Other(other.to_string()),
        }
    }
}

/// What ours says to a recorded tokenizer and init call.
fn init(line: &InitError) -> Result<(), Refusal> {
    // A negative budget is below the minimum like any other; our numbers have no sign.
    let config = line.tok.config(line.max_len.map(|len| len.max(0)), &line.exclude).map_err(Refusal::Other)?;
    let language = Language::new(config)?;
    for prefix in line.ids.iter().flatten() {
        let id = |token: &Value| match token {
            Value::String(name) => language.vocab().id_of(name).ok_or(format!("unknown token {name}")),
            other => other.as_u64().and_then(|id| u32::try_from(id).ok()).ok_or(format!("no token {other}")),
        };
        let prefix = prefix.iter().map(id).collect::<Result<Vec<_>, _>>().map_err(Refusal::Other)?;
        Matcher::with_prefix(&language, &prefix).map_err(|error| Refusal::Other(error.to_string()))?;
    }
    Ok(())
}

fn value(text: Option<&str>) -> anyhow::Result<IoValue> {
    match text {
        None => Ok(IoValue::None),
        Some(text) => IoValue::parse_int(text).with_context(|| format!("{text:?} is no integer")),
    }
}

fn default_vocab() -> anyhow::Result<Vocab> {
    Ok(Vocab::new(&LanguageConfig::default())?)
}

fn ids(vocab: &Vocab, names: &[String]) -> anyhow::Result<Vec<u32>> {
    names.iter().map(|name| vocab.id_of(name).with_context(|| format!("unknown token {name:?}"))).collect()
}

fn replay_value(report: &mut Report, line: &ValueLine) -> anyhow::Result<()> {
    let vocab = default_vocab()?;
    let tokens = vocab.encode_value(&value(line.x.as_deref())?);
    report.compare("value", "tokens", &"value", ids(&vocab, &line.tokens)?, tokens.clone());
    report.compare("value", "back", &"value", value(line.back.as_deref())?, vocab.decode_value(&tokens));
    Ok(())
}

fn replay_value_decode(report: &mut Report, line: &ValueDecode) -> anyhow::Result<()> {
    let vocab = default_vocab()?;
    let ours = vocab.decode_value(&ids(&vocab, &line.tokens)?);
    report.compare("value_decode", "x", &"value_decode", value(line.x.as_deref())?, ours);
    Ok(())
}
