//! Tokens of a task back to what it says.

use pyprior_core::exec::{CompileError, Compiler};
use pyprior_core::{ComparisonValues, Form, IoValue, Symbol, Vocab};
use thiserror::Error;

use super::claim::{Call, Claim, State};
use super::stream::Marks;
use crate::inputs::Subject;

/// Why tokens are no task.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StreamError {
    /// A token stands where it cannot.
    #[error("token {position} is not {expected}")]
    Unexpected {
        /// Its place, counted from 0; the number of tokens where one is missing.
        position: usize,
        /// What could stand there.
        expected: &'static str,
    },
    /// What should be a program is none.
    #[error("tokens {start} to {end} are no program")]
    Program {
        /// Its first token.
        start: usize,
        /// The token behind its last.
        end: usize,
        /// Why not.
        source: CompileError,
    },
    /// The program has no function that a task could be about.
    #[error("the program has no function with parameters and a return")]
    NoFunction,
}

/// What a task says, from its tokens. `PAD` may follow; nothing else is let pass.
///
/// # Errors
///
/// [`StreamError`] at the first token that stands where it cannot.
pub fn decode(vocab: &Vocab, tokens: &[u32]) -> Result<Claim, StreamError> {
    let mut reader = Reader { vocab, marks: Marks::of(vocab), tokens, position: 0 };
    reader.take(reader.marks.bos, "BOS")?;
    let mode = reader.peek();
    let claim = match mode {
        Some(mode) if mode == reader.marks.deduction => {
            reader.position += 1;
            let (program, subject) = reader.program()?;
            let inputs = reader.values(subject.arity)?;
            Claim::Deduction(Call { program, inputs, output: reader.value()? })
        }
        Some(mode) if mode == reader.marks.abduction => {
            reader.position += 1;
            let (program, subject) = reader.program()?;
            let output = reader.value()?;
            Claim::Abduction(Call { program, inputs: reader.values(subject.arity)?, output })
        }
        Some(mode) if mode == reader.marks.induction => {
            reader.position += 1;
            reader.induction()?
        }
        _ => {
            let (program, subject) = reader.program()?;
            let inputs = reader.values(subject.arity)?;
            Claim::Trace { program, inputs, states: reader.states()? }
        }
    };
    reader.take(reader.marks.eos, "EOS")?;
    match tokens[reader.position..].iter().position(|&token| token != vocab.pad()) {
        Some(further) => Err(StreamError::Unexpected { position: reader.position + further, expected: "PAD" }),
        None => Ok(claim),
    }
}

struct Reader<'a> {
    vocab: &'a Vocab,
    marks: Marks,
    tokens: &'a [u32],
    position: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u32> {
        self.tokens.get(self.position).copied()
    }

    fn symbol(&self) -> Option<Symbol> {
        self.vocab.symbol(self.peek()?)
    }

    fn unexpected<T>(&self, expected: &'static str) -> Result<T, StreamError> {
        Err(StreamError::Unexpected { position: self.position, expected })
    }

    fn take(&mut self, token: u32, expected: &'static str) -> Result<(), StreamError> {
        match self.peek() == Some(token) {
            true => {
                self.position += 1;
                Ok(())
            }
            false => self.unexpected(expected),
        }
    }

    /// The tokens up to the first that stands in no program, which must be one with a function.
    fn program(&mut self) -> Result<(Vec<u32>, Subject), StreamError> {
        let start = self.position;
        while self.symbol().is_some_and(|symbol| !matches!(symbol, Symbol::Other(_) | Symbol::Pad)) {
            self.position += 1;
        }
        let program = &self.tokens[start..self.position];
        // How comparisons are written does not matter here.
        let mut compiler = Compiler::new(ComparisonValues::Int);
        let compiled = compiler.compile(self.vocab, program);
        let compiled = compiled.map_err(|source| StreamError::Program { start, end: self.position, source })?;
        Ok((program.to_vec(), Subject::of(compiled).ok_or(StreamError::NoFunction)?))
    }

    fn induction(&mut self) -> Result<Claim, StreamError> {
        let Some(Symbol::Arity(arity)) = self.symbol() else { return self.unexpected("ARITY_k") };
        self.position += 1;
        let mut examples = Vec::new();
        while self.peek().and_then(|token| self.vocab.form(token)) == Some(Form::Value) {
            examples.push((self.values(arity)?, self.value()?));
        }
        let position = self.position;
        let (program, subject) = self.program()?;
        match subject.arity == arity {
            true => Ok(Claim::Induction { examples, arity, program }),
            false => Err(StreamError::Unexpected { position, expected: "a program with as many parameters" }),
        }
    }

    fn values(&mut self, count: u8) -> Result<Vec<IoValue>, StreamError> {
        (0..count).map(|_| self.value()).collect()
    }

    /// A value as it is written: nothing that reads as another one passes.
    fn value(&mut self) -> Result<IoValue, StreamError> {
        let values = self.vocab.ids_of(Form::Value);
        let (none, end) = (values.end - 2, values.end - 1);
        let rest = &self.tokens[self.position..];
        let found = rest.iter().take_while(|&&token| values.contains(&token) && token != end && token != none).count();
        let text = &rest[..rest.len().min(found + 1)];
        let value = self.vocab.decode_value(text);
        match self.vocab.encode_value(&value) == text {
            true => {
                self.position += text.len();
                Ok(value)
            }
            false => self.unexpected("a value"),
        }
    }

    /// Up to the return of the call itself.
    fn states(&mut self) -> Result<Vec<State>, StreamError> {
        let (mut states, mut depth) = (Vec::new(), 1);
        while depth > 0 {
            let Some(symbol) = self.symbol() else { return self.unexpected("a state") };
            self.position += 1;
            states.push(match symbol {
                Symbol::Func(func) => {
                    depth += 1;
                    State::Enter(func)
                }
                Symbol::Var(var) => State::Write(var, self.value()?),
                Symbol::Print => State::Print(self.value()?),
                Symbol::Return => {
                    depth -= 1;
                    State::Return(self.value()?)
                }
                _ => {
                    self.position -= 1;
                    return self.unexpected("a state");
                }
            });
        }
        Ok(states)
    }
}
