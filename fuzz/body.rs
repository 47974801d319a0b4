//! What is fuzzed: bytes are a small language, then operations on rows of it. The decoder is compared with the oracle
//! after each.

use std::collections::BTreeSet;
use std::sync::Arc;

use pyprior_core::{
    Calls, ConfigError, DeadCode, Language, LanguageConfig, Matcher, TokenBitmask, TokenError, UniformSampler,
};
use pyprior_naive::{Rules, Search, State, Tok, legal, min_len};

/// Names that a bit each excludes.
const NAMES: [&str; 32] = [
    "SUB", "MUL", "EQ", "FOR2", "ADD", "LT", "FOR", "IF", "RETURN", "PRINT", "ASSIGN", "CALL", "VAR_1", "VAR_2",
    "FUNC_1", "FUNC_2", "BLK_1", "BLK_2", "ARITY_0", "ARITY_1", "INT_0", "INT_1", "PAD", "const", "var", "func",
    "arity", "block", "binop", "compare", "for", "special",
];
/// Rows of a run, at most.
const ROWS: usize = 4;
/// Operations of a run, at most: the oracle is slow.
const STEPS: usize = 120;

/// Reads numbers from bytes; zeros behind the end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&first, rest)) => {
                self.0 = rest;
                first
            }
            None => 0,
        }
    }

    fn below(&mut self, n: u32) -> u32 {
        u32::from(self.next()) % n
    }
}

fn config(bytes: &mut Bytes<'_>) -> LanguageConfig {
    let switches = bytes.next();
    let on = |bit: u8| switches >> bit & 1 == 1;
    let low = i64::from(bytes.below(2));
    let mut config = LanguageConfig {
        max_funcs: bytes.below(4),
        max_vars: bytes.below(4),
        max_arity: [None, Some(0), Some(1), Some(2)][bytes.below(4) as usize],
        value_range: (low, low + i64::from(on(0))),
        max_block_stmts: bytes.below(4),
        max_expr_depth: bytes.below(3),
        max_control_depth: bytes.below(3),
        no_dead_code: !on(1),
        calls: if on(2) { Calls::Any } else { Calls::Returning },
        dead_code: if on(3) { DeadCode::AfterReturn } else { DeadCode::AfterReturning },
        max_len: (!on(4)).then(|| bytes.below(40)),
        base_vocab: if on(5) { bytes.below(40) } else { 0 },
        ..LanguageConfig::default()
    };
    // Three bytes for each eight names, so that few are excluded where bits come by chance.
    for eight in NAMES.chunks(8) {
        let bits = bytes.next() & bytes.next() & bytes.next();
        let excluded = eight.iter().zip(0..).filter(|&(_, bit)| bits >> bit & 1 == 1);
        config.exclude.extend(excluded.map(|(name, _)| (*name).to_owned()));
    }
    let vocab = pyprior_core::Vocab::new(&config).unwrap_or_else(|error| panic!("{error}: {config:?}"));
    let form = |name: &str| name.starts_with(char::is_lowercase);
    config.exclude.retain(|name| form(name) || vocab.id_of(name).is_some());
    config
}

fn rules(config: &LanguageConfig) -> Rules {
    Rules {
        max_funcs: config.max_funcs as u16,
        max_vars: config.max_vars as u16,
        max_arity: config.max_arity.unwrap_or(config.max_vars) as u16,
        value_range: config.value_range,
        max_block_stmts: config.max_block_stmts as u16,
        max_expr_depth: config.max_expr_depth as usize,
        max_control_depth: config.max_control_depth as usize,
        no_dead_code: config.no_dead_code,
        calls_returning: config.calls == Calls::Returning,
        dead_after_returning: config.dead_code == DeadCode::AfterReturning,
        exclude: config.exclude.iter().cloned().collect(),
        max_len: config.max_len.map(|max_len| max_len as usize),
    }
}

/// One row on both sides.
#[derive(Clone)]
struct Row {
    matcher: Matcher,
    toks: Vec<Tok>,
}

struct Oracle {
    rules: Rules,
    search: Search,
    toks: Vec<Option<Tok>>,
}

impl Oracle {
    fn state(&self, toks: &[Tok]) -> State {
        State::of(&self.rules, toks).unwrap_or_else(|error| panic!("the decoder took {toks:?}: {error}"))
    }

    /// The legal set by the oracle, which is also that of the decoder in every form that it has.
    fn legal(&mut self, row: &Row) -> BTreeSet<u32> {
        let state = self.state(&row.toks);
        let set = legal(&self.rules, &mut self.search, &state);
        let ids = (0..).zip(&self.toks).filter(|(_, tok)| tok.is_some_and(|tok| set.contains(&tok)));
        let ids = ids.map(|(id, _)| id).collect::<BTreeSet<u32>>();
        let matcher = &row.matcher;
        let at = || format!("after {:?} under {:?}: the oracle allows {set:?}", row.toks, self.rules);
        assert!(
            matcher.legal_tokens().eq(ids.iter().copied()),
            "{:?} {}",
            matcher.legal_tokens().collect::<Vec<_>>(),
            at()
        );
        assert_eq!(matcher.legal_count() as usize, ids.len(), "{}", at());
        assert_eq!(matcher.is_terminated(), state.finished(), "{}", at());
        let mut bitmask = TokenBitmask::new(1, self.toks.len());
        bitmask.data_mut().fill(u32::MAX);
        assert_eq!(matcher.fill_next_token_bitmask(&mut bitmask, 0), Ok(()));
        assert!(bitmask.allowed(0).eq(ids.iter().copied()), "{}", at());
        for id in 0..self.toks.len() as u32 + 2 {
            assert_eq!(matcher.is_legal(id), ids.contains(&id), "token {id} {}", at());
            assert_eq!(matcher.why_not(id).is_none(), ids.contains(&id), "token {id} {}", at());
        }
        // The shortest completion: there is one of this length, and none shorter.
        let shortest = row.toks.len() + matcher.min_tokens_to_finish() as usize;
        for (bound, expected) in [(shortest, true), (shortest - 1, false)] {
            let rules = self.rules.clone().within(Some(bound));
            let found = bound >= row.toks.len() && self.search.completion(&rules, &state).is_some();
            assert_eq!(found, expected, "a completion of at most {bound} tokens {}", at());
        }
        ids
    }
}

/// Compares the refusal of a configuration, or gives its language.
fn language(config: &LanguageConfig) -> Option<Arc<Language>> {
    let least = min_len(&rules(config).within(None)).map(|least| least as u32);
    match Language::new(config.clone()) {
        Ok(language) => {
            assert_eq!(least, Some(language.min_len()), "{config:?}");
            assert!(config.max_len >= least || config.max_len.is_none(), "{config:?}");
            Some(language)
        }
        Err(ConfigError::NoProgram { .. }) => {
            assert_eq!(least, None, "{config:?}");
            None
        }
        Err(ConfigError::MaxLenTooSmall { max_len, min_len }) => {
            assert_eq!((Some(min_len), Some(max_len)), (least, config.max_len), "{config:?}");
            assert!(max_len < min_len, "{config:?}");
            None
        }
        Err(error) => panic!("{error}: {config:?}"),
    }
}

/// Runs the bytes; panics at the first difference.
pub(crate) fn run(data: &[u8]) {
    let mut bytes = Bytes(data);
    let config = config(&mut bytes);
    let Some(language) = language(&config) else { return };
    let mut toks = vec![None; config.base_vocab as usize];
    toks.extend(language.vocab().names().map(|name| name.parse::<Tok>().ok()));
    let rules = rules(&config);
    let mut oracle = Oracle { search: Search::new(&rules), rules, toks };
    let mut rows = vec![Row { matcher: Matcher::new(&language), toks: Vec::new() }];
    let sampler = UniformSampler::new(1);
    let mut steps = 0;
    while !bytes.0.is_empty() && steps < STEPS {
        steps += 1;
        let op = bytes.next();
        let at = usize::from(op >> 6) % rows.len();
        let legal = oracle.legal(&rows[at]);
        let room = rows.len() < ROWS;
        let row = &mut rows[at];
        match op & 15 {
            0 => {
                let token = match bytes.next() {
                    255 => u32::MAX,
                    byte => u32::from(byte),
                };
                take(row, &oracle, &legal, token);
            }
            1 => {
                let n = usize::from(bytes.next() & 15);
                let kept = row.toks.len().checked_sub(n);
                assert_eq!(row.matcher.rollback(n).is_ok(), kept.is_some());
                row.toks.truncate(kept.unwrap_or(row.toks.len()));
            }
            2 if room => {
                let fork = Row { matcher: row.matcher.fork(), toks: row.toks.clone() };
                rows.push(fork);
            }
            3 => {
                row.matcher.reset();
                row.toks.clear();
            }
            4 => {
                // All or none: legal tokens, then one beyond the vocabulary.
                let first = legal.iter().copied().next().unwrap_or(0);
                assert!(row.matcher.accept_tokens(&[first, u32::MAX]).is_err());
            }
            _ => {
                let nth = match op & 16 {
                    0 => u32::from(bytes.next()) as usize % legal.len(),
                    _ => sampler.index(u64::from(op), steps as u32, legal.len() as u32) as usize,
                };
                let token = legal.iter().copied().nth(nth).unwrap_or(0);
                take(row, &oracle, &legal, token);
            }
        }
    }
    for row in &rows {
        oracle.legal(row);
        let tokens = row.matcher.tokens();
        let replayed = Matcher::with_prefix(&language, tokens).unwrap_or_else(|error| panic!("{tokens:?}: {error}"));
        oracle.legal(&Row { matcher: replayed, toks: row.toks.clone() });
    }
}

fn take(row: &mut Row, oracle: &Oracle, legal: &BTreeSet<u32>, token: u32) {
    match row.matcher.accept_token(token) {
        Ok(()) => {
            assert!(legal.contains(&token), "token {token} was taken after {:?}", row.toks);
            let tok = oracle.toks.get(token as usize).copied().flatten();
            row.toks.extend(tok.filter(|&tok| tok != Tok::Pad));
        }
        Err(error) => {
            assert!(!legal.contains(&token), "{error}");
            let beyond = matches!(error, TokenError::OutOfRange { .. });
            assert_eq!(beyond, token as usize >= oracle.toks.len(), "{error}");
        }
    }
    assert_eq!(row.matcher.tokens().len(), row.toks.len());
}
