//! The vocabulary: which tokens there are, what they are called, and which ids they have.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use crate::config::{ConfigError, LanguageConfig};

/// A family of tokens, as `exclude` and the symbolic prior speak of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Form {
    /// Function names, `FUNC_1..`.
    Func,
    /// Variable names, `VAR_1..`.
    Var,
    /// `ADD SUB MUL`.
    BinOp,
    /// `LT EQ`.
    Compare,
    /// Integer constants, `INT_lo..INT_hi`.
    Const,
    /// Numbers of parameters, `ARITY_0..`.
    Arity,
    /// Numbers of statements, `BLK_1..`.
    Block,
    /// `RETURN`.
    Return,
    /// `IF`.
    If,
    /// `ASSIGN`.
    Assign,
    /// `FOR FOR2`.
    For,
    /// `CALL`.
    Call,
    /// `PRINT`.
    Print,
    /// Digits and marks that spell inputs and outputs.
    Value,
    /// Task modes.
    Mode,
    /// `BOS EOS PAD`.
    Special,
    /// Tokens of a base vocabulary below the offset.
    Text,
}

impl Form {
    /// Every form of the language's own tokens, in id order; [`Form::Text`] is not among them.
    pub const ALL: [Form; 16] = [
        Form::Func,
        Form::Var,
        Form::BinOp,
        Form::Compare,
        Form::Const,
        Form::Arity,
        Form::Block,
        Form::Return,
        Form::If,
        Form::Assign,
        Form::For,
        Form::Call,
        Form::Print,
        Form::Value,
        Form::Mode,
        Form::Special,
    ];

    /// The form's name: `"func"`, `"var"`, …
    pub const fn name(self) -> &'static str {
        match self {
            Form::Func => "func",
            Form::Var => "var",
            Form::BinOp => "binop",
            Form::Compare => "compare",
            Form::Const => "const",
            Form::Arity => "arity",
            Form::Block => "block",
            Form::Return => "return",
            Form::If => "if",
            Form::Assign => "assign",
            Form::For => "for",
            Form::Call => "call",
            Form::Print => "print",
            Form::Value => "value",
            Form::Mode => "mode",
            Form::Special => "special",
            Form::Text => "text",
        }
    }
}

/// What a token means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// `FUNC_j`, counted from 1.
    Func(u8),
    /// `VAR_i`, counted from 1.
    Var(u8),
    /// An arithmetic operator.
    BinOp(BinOp),
    /// A comparison.
    Compare(Compare),
    /// An integer constant.
    Const(i64),
    /// `ARITY_k`: a definition has k parameters.
    Arity(u8),
    /// `BLK_n`: a block has n statements.
    Block(u8),
    /// `RETURN`.
    Return,
    /// `IF`.
    If,
    /// `ASSIGN`.
    Assign,
    /// `FOR`: `for v in range(n)`.
    For,
    /// `FOR2`: `for v in range(low, high)`.
    For2,
    /// `CALL`.
    Call,
    /// `PRINT`.
    Print,
    /// A token that occurs in no program: value, mode and special tokens save [`Symbol::Pad`].
    Other(Form),
    /// `PAD`, the one legal token of a finished row.
    Pad,
}

/// An arithmetic operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compare {
    /// `<`
    Lt,
    /// `==`
    Eq,
}

/// Names, forms and ids of the tokens of one language.
///
/// Ids run from [`offset`](Vocab::offset) to [`len`](Vocab::len); below the offset lie the tokens of a base
/// vocabulary, of which nothing is known but their number.
#[derive(Debug, Clone)]
pub struct Vocab {
    offset: u32,
    low: i64,
    /// By local id.
    symbols: Vec<Symbol>,
    /// Local id ranges by form, in the order of [`Form::ALL`].
    ranges: [Range<u32>; 16],
    names: Vec<Box<str>>,
    ids: HashMap<Box<str>, u32>,
}

const VALUE_NAMES: [&str; 13] = [
    "DIG_0", "DIG_1", "DIG_2", "DIG_3", "DIG_4", "DIG_5", "DIG_6", "DIG_7", "DIG_8", "DIG_9", "VAL_NEG", "VAL_NONE",
    "VAL_END",
];

impl Vocab {
    /// The vocabulary of a configuration, whether or not that has any program.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if a knob is out of range.
    pub fn new(config: &LanguageConfig) -> Result<Self, ConfigError> {
        config.check_ranges()?;
        let (low, high) = config.value_range;
        let numbered = |stem: &str, from: u32, to: u32| (from..=to).map(|i| format!("{stem}_{i}")).collect();
        let fixed = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let families: [Vec<String>; 16] = [
            numbered("FUNC", 1, config.max_funcs),
            numbered("VAR", 1, config.max_vars),
            fixed(&["ADD", "SUB", "MUL"]),
            fixed(&["LT", "EQ"]),
            (low..=high).map(|value| format!("INT_{value}")).collect(),
            numbered("ARITY", 0, config.effective_arity()),
            numbered("BLK", 1, config.max_block_stmts),
            fixed(&["RETURN"]),
            fixed(&["IF"]),
            fixed(&["ASSIGN"]),
            fixed(&["FOR", "FOR2"]),
            fixed(&["CALL"]),
            fixed(&["PRINT"]),
            fixed(&VALUE_NAMES),
            fixed(&["M_DEDUCTION", "M_ABDUCTION", "M_INDUCTION"]),
            fixed(&["BOS", "EOS", "PAD"]),
        ];
        let mut names: Vec<Box<str>> = Vec::new();
        let ranges = families.map(|family| {
            let start = names.len() as u32;
            names.extend(family.into_iter().map(String::into_boxed_str));
            start..names.len() as u32
        });
        let ids = names.iter().cloned().zip(config.base_vocab..).collect();
        let mut vocab = Self { offset: config.base_vocab, low, symbols: Vec::new(), ranges, names, ids };
        let symbols = Form::ALL.into_iter().flat_map(|form| {
            let count = vocab.ids_of(form).len() as u32;
            (0..count).map(move |nth| symbol(form, nth, low))
        });
        vocab.symbols = symbols.collect();
        Ok(vocab)
    }

    /// Number of token ids, those of the base vocabulary included.
    pub fn len(&self) -> usize {
        self.offset as usize + self.names.len()
    }

    /// Whether there is no token; never the case.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// First id of the language's own tokens, which is the size of the base vocabulary.
    pub fn offset(&self) -> u32 {
        self.offset
    }

    /// Ids of a form's tokens; for [`Form::Text`] the base vocabulary.
    pub fn ids_of(&self, form: Form) -> Range<u32> {
        if form == Form::Text {
            return 0..self.offset;
        }
        let local = &self.ranges[form as usize];
        local.start + self.offset..local.end + self.offset
    }

    /// Id of the token called `name`, if there is one.
    pub fn id_of(&self, name: &str) -> Option<u32> {
        self.ids.get(name).copied()
    }

    /// Name of a token; `None` for ids of the base vocabulary and beyond the end.
    pub fn name(&self, id: u32) -> Option<&str> {
        let local = id.checked_sub(self.offset)?;
        self.names.get(local as usize).map(|name| &**name)
    }

    /// The language's own token names in id order, from [`offset`](Self::offset) on.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// Form of a token; `None` beyond the end.
    pub fn form(&self, id: u32) -> Option<Form> {
        let Some(local) = id.checked_sub(self.offset) else { return Some(Form::Text) };
        Form::ALL.into_iter().find(|&form| self.ranges[form as usize].contains(&local))
    }

    /// Meaning of a token; `None` for ids of the base vocabulary and beyond the end.
    pub fn symbol(&self, id: u32) -> Option<Symbol> {
        self.symbols.get(id.checked_sub(self.offset)? as usize).copied()
    }

    /// Id of the token with this meaning, if it is in the vocabulary; `None` for [`Symbol::Other`].
    pub fn id_of_symbol(&self, symbol: Symbol) -> Option<u32> {
        let (form, nth) = match symbol {
            Symbol::Func(j) => (Form::Func, u64::from(j).checked_sub(1)?),
            Symbol::Var(i) => (Form::Var, u64::from(i).checked_sub(1)?),
            Symbol::BinOp(op) => (Form::BinOp, op as u64),
            Symbol::Compare(op) => (Form::Compare, op as u64),
            Symbol::Const(value) if value < self.low => return None,
            Symbol::Const(value) => (Form::Const, value.abs_diff(self.low)),
            Symbol::Arity(k) => (Form::Arity, u64::from(k)),
            Symbol::Block(n) => (Form::Block, u64::from(n).checked_sub(1)?),
            Symbol::Return => (Form::Return, 0),
            Symbol::If => (Form::If, 0),
            Symbol::Assign => (Form::Assign, 0),
            Symbol::For => (Form::For, 0),
            Symbol::For2 => (Form::For, 1),
            Symbol::Call => (Form::Call, 0),
            Symbol::Print => (Form::Print, 0),
            Symbol::Pad => (Form::Special, 2),
            Symbol::Other(_) => return None,
        };
        let range = self.ids_of(form);
        (nth < u64::from(range.end - range.start)).then(|| range.start + nth as u32)
    }

    /// Id of `PAD`.
    pub fn pad(&self) -> u32 {
        self.ids_of(Form::Special).end - 1
    }

    /// Id of `EOS`, with which models end programs.
    pub fn eos(&self) -> u32 {
        self.ids_of(Form::Special).start + 1
    }

    /// The place of the first token behind a program, from `end` on, that may not stand there: an `EOS` may, and padding.
    pub(crate) fn trailing(&self, tokens: &[u32], end: usize) -> Option<usize> {
        let start = end + usize::from(tokens.get(end) == Some(&self.eos()));
        let pad = self.pad();
        (start..tokens.len()).find(|&place| tokens[place] != pad)
    }

    /// The ids that `exclude` names forbid.
    pub(crate) fn excluded(&self, exclude: &[String]) -> Result<Vec<bool>, ConfigError> {
        let mut excluded = vec![false; self.names.len()];
        for name in exclude {
            let form = Form::ALL.into_iter().find(|form| form.name() == name);
            let ids = match (form, self.id_of(name)) {
                (Some(form), _) => self.ids_of(form),
                (None, Some(id)) => id..id + 1,
                (None, None) => {
                    let forms = Form::ALL.iter().map(|form| form.name());
                    let suggestion = nearest(name, forms.chain(self.names())).map(str::to_owned);
                    return Err(ConfigError::UnknownExclude { name: name.clone(), suggestion });
                }
            };
            for id in ids {
                excluded[(id - self.offset) as usize] = true;
            }
        }
        Ok(excluded)
    }

    /// The token name most like `name`, if any is near enough to be meant.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.names())
    }

    /// The vocabulary as a table of forms for people: a header, then one line a form with its first twelve tokens.
    pub fn dump(&self) -> String {
        let own = self.names.len();
        let mut out = format!("PyPrior vocab: {own} tokens (offset {}, total {})", self.offset, self.len());
        for form in Form::ALL {
            let range = self.ids_of(form);
            let count = range.len();
            if count == 0 {
                continue;
            }
            // Writing into a string cannot fail.
            let _ = write!(out, "\n  {:<8} [{count:>3}]: ", form.name());
            let shown = range.clone().take(12).map(|id| format!("{id}:{}", self.name(id).unwrap_or_default()));
            out.push_str(&shown.collect::<Vec<_>>().join("  "));
            if count > 12 {
                let _ = write!(out, "  (+{} more)", count - 12);
            }
        }
        out
    }
}

/// Meaning of the `nth` token of a form.
fn symbol(form: Form, nth: u32, low: i64) -> Symbol {
    match form {
        Form::Func => Symbol::Func(nth as u8 + 1),
        Form::Var => Symbol::Var(nth as u8 + 1),
        Form::BinOp => Symbol::BinOp([BinOp::Add, BinOp::Sub, BinOp::Mul][nth as usize % 3]),
        Form::Compare => Symbol::Compare([Compare::Lt, Compare::Eq][nth as usize % 2]),
        Form::Const => Symbol::Const(low.wrapping_add(i64::from(nth))),
        Form::Arity => Symbol::Arity(nth as u8),
        Form::Block => Symbol::Block(nth as u8 + 1),
        Form::Return => Symbol::Return,
        Form::If => Symbol::If,
        Form::Assign => Symbol::Assign,
        Form::For if nth == 0 => Symbol::For,
        Form::For => Symbol::For2,
        Form::Call => Symbol::Call,
        Form::Print => Symbol::Print,
        Form::Special if nth == 2 => Symbol::Pad,
        Form::Value | Form::Mode | Form::Special | Form::Text => Symbol::Other(form),
    }
}

/// The known name most like `name`, if any is near enough to be meant; the first of equals.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let scored = known.map(|known| (strsim::normalized_damerau_levenshtein(&known.to_lowercase(), &name), known));
    let best = scored.filter(|(score, _)| *score >= 0.6).reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, known)| known)
}
