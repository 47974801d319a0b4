//! Tasks as tokens of the vocabulary.
//!
//! ```text
//! deduction = BOS M_DEDUCTION program input* | output EOS
//! abduction = BOS M_ABDUCTION program output | input* EOS
//! induction = BOS M_INDUCTION ARITY_k (input* output)* | program EOS
//! trace     = BOS program input* | state* EOS
//! state     = VAR_i value | FUNC_j | PRINT value | RETURN value
//! value     = VAL_NONE | VAL_NEG? DIG+ VAL_END
//! ```
//!
//! As many inputs as the function has parameters; what is behind `|` is the answer. A program begins with `BLK_n` and ends with its
//! last token in preorder, none of which is a value token; a number has no leading zero, and 0 no sign.

use pyprior_core::{Form, IoValue, Symbol, Vocab};

use super::claim::{Call, Claim, State};

/// The tokens of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stream {
    /// Token ids.
    pub tokens: Vec<u32>,
    /// 1 for each token of the answer, its `EOS` included, else 0.
    pub loss_mask: Vec<u8>,
}

/// Tokens that stand in no program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks {
    pub(super) deduction: u32,
    pub(super) abduction: u32,
    pub(super) induction: u32,
    pub(super) bos: u32,
    pub(super) eos: u32,
}

impl Marks {
    pub(super) fn of(vocab: &Vocab) -> Self {
        let (mode, special) = (vocab.ids_of(Form::Mode).start, vocab.ids_of(Form::Special).start);
        Self { deduction: mode, abduction: mode + 1, induction: mode + 2, bos: special, eos: special + 1 }
    }
}

struct Writer<'a> {
    vocab: &'a Vocab,
    tokens: Vec<u32>,
}

impl Writer<'_> {
    fn value(&mut self, value: &IoValue) {
        self.tokens.extend(self.vocab.encode_value(value));
    }

    fn values(&mut self, values: &[IoValue]) {
        values.iter().for_each(|value| self.value(value));
    }

    fn symbol(&mut self, symbol: Symbol) {
        self.tokens.extend(self.vocab.id_of_symbol(symbol));
    }

    fn state(&mut self, state: &State) {
        match state {
            State::Enter(func) => self.symbol(Symbol::Func(*func)),
            State::Write(var, value) => {
                self.symbol(Symbol::Var(*var));
                self.value(value);
            }
            State::Print(value) => {
                self.symbol(Symbol::Print);
                self.value(value);
            }
            State::Return(value) => {
                self.symbol(Symbol::Return);
                self.value(value);
            }
        }
    }
}

impl Stream {
    /// The tokens of a task. Functions and variables must be those of the vocabulary.
    pub fn of(vocab: &Vocab, claim: &Claim) -> Self {
        let marks = Marks::of(vocab);
        let mut writer = Writer { vocab, tokens: vec![marks.bos] };
        let answer;
        match claim {
            Claim::Deduction(Call { program, inputs, output }) => {
                writer.tokens.push(marks.deduction);
                writer.tokens.extend(program);
                writer.values(inputs);
                answer = writer.tokens.len();
                writer.value(output);
            }
            Claim::Abduction(Call { program, inputs, output }) => {
                writer.tokens.push(marks.abduction);
                writer.tokens.extend(program);
                writer.value(output);
                answer = writer.tokens.len();
                writer.values(inputs);
            }
            Claim::Induction { examples, arity, program } => {
                writer.tokens.push(marks.induction);
                writer.symbol(Symbol::Arity(*arity));
                for (inputs, output) in examples {
                    writer.values(inputs);
                    writer.value(output);
                }
                answer = writer.tokens.len();
                writer.tokens.extend(program);
            }
            Claim::Trace { program, inputs, states } => {
                writer.tokens.extend(program);
                writer.values(inputs);
                answer = writer.tokens.len();
                states.iter().for_each(|state| writer.state(state));
            }
        }
        writer.tokens.push(marks.eos);
        let mut loss_mask = vec![0; answer];
        loss_mask.resize(writer.tokens.len(), 1);
        Self { tokens: writer.tokens, loss_mask }
    }

    /// Fills the stream up to `length` with `PAD`, which is no part of the answer; not if it is longer.
    pub fn pad(&mut self, vocab: &Vocab, length: usize) -> bool {
        let fits = self.tokens.len() <= length;
        if fits {
            self.tokens.resize(length, vocab.pad());
            self.loss_mask.resize(length, 0);
        }
        fits
    }
}
