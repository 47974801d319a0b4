//! An input of a session, behind what it needs of earlier ones.
//!
//! Variables that it reads stand first, each assigned anything; functions that it calls stand before the statement that
//! needs them. So the rules hold for one program, and what is read at a place of the input is refused at that place.

use std::ops::Range;

use ruff_python_ast as py;
use ruff_text_size::{Ranged as _, TextSize};

use super::bindings::{Bindings, Def};
use super::constants::Constants;
use super::error::{EncodeError, EncodeErrorKind as Kind, Unseen};
use super::outline::Input;
use super::statements::{Reader, names, refuse};
use super::{Encoder, Refusal, refusal};
use crate::codec::program_names::ProgramNames;
use crate::vocab::{Symbol, Vocab};

/// A function of an earlier input.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) arity: u8,
    /// Its def and the statements within.
    pub(crate) statements: u32,
    /// From `FUNC_j` on; functions have the numbers of the program that it was read in.
    pub(crate) tokens: Vec<u32>,
    /// Its own number there.
    pub(crate) number: u8,
    /// The names of those that it calls, by their numbers there.
    pub(crate) callees: Vec<(u8, String)>,
    /// Names of its bindings, parameters first.
    pub(crate) bindings: Vec<String>,
}

impl Function {
    /// Its tokens where it and what it calls have other numbers; `None` if something has none.
    pub(crate) fn renumbered(
        &self,
        vocab: &Vocab,
        number: u8,
        callee: impl Fn(&str) -> Option<u8>,
    ) -> Option<Vec<u32>> {
        let renumber = |&token: &u32| match vocab.symbol(token) {
            Some(Symbol::Func(func)) if func == self.number => vocab.id_of_symbol(Symbol::Func(number)),
            Some(Symbol::Func(func)) => {
                let (_, name) = self.callees.iter().find(|(number, _)| *number == func)?;
                vocab.id_of_symbol(Symbol::Func(callee(name)?))
            }
            _ => Some(token),
        };
        self.tokens.iter().map(renumber).collect()
    }
}

/// What an input needs of earlier ones.
#[derive(Debug, Default)]
pub(crate) struct Carried<'a> {
    /// Variables.
    pub(crate) vars: Vec<&'a str>,
    /// Functions, each with the statement of the input that it stands before; ascending, callees first.
    pub(crate) funcs: Vec<(usize, &'a Function)>,
    /// Those functions of earlier inputs that the input itself names.
    pub(crate) named: Vec<&'a str>,
    /// Variables that only defs of the input name, which do not see them.
    pub(crate) hidden: Vec<&'a str>,
}

/// A program that is an input and what it needs.
#[derive(Debug)]
pub(crate) struct EncodedInput {
    /// Tokens. Other than in the language, the last of several statements may be a def.
    pub(crate) tokens: Vec<u32>,
    pub(crate) names: ProgramNames,
    /// The tokens of each statement of the input.
    pub(crate) parts: Vec<Range<usize>>,
}

/// What the value of an expression is assigned to.
pub(crate) const VALUE: &str = "_";

impl Encoder {
    /// The constants by their places, if tokens say places.
    pub(crate) fn constants(&self) -> Option<&[i64]> {
        self.constants.as_ref().map(Constants::values)
    }

    /// Reads an input.
    pub(crate) fn encode_input(
        &mut self,
        input: &Input<'_>,
        carried: &Carried<'_>,
    ) -> Result<EncodedInput, EncodeError> {
        let before = self.constants().map_or(0, <[i64]>::len);
        let read = self.read_input(input, carried);
        if let (Err(_), Some(constants)) = (&read, &mut self.constants) {
            constants.truncate(before);
        }
        read.map_err(|refusal| refusal.in_source(input.source))
    }

    fn read_input(&mut self, input: &Input<'_>, carried: &Carried<'_>) -> Result<EncodedInput, Refusal> {
        let body = input.parsed.suite();
        let Some(first) = body.first() else { return Err(Refusal { at: 0, kind: Kind::Empty }) };
        self.matcher.reset();
        let config = self.matcher.language().config();
        let max = config.max_block_stmts;
        if let Some(extra) = body.get(max as usize) {
            return refuse(extra.start(), Kind::Block { max, got: body.len() });
        }
        let defs = body.iter().filter_map(py::Stmt::as_function_def_stmt).map(|def| def.name.as_str());
        let mut bindings = Bindings::new(defs.chain(carried.named.iter().copied()).collect(), config.max_vars);
        bindings.module.lose(carried.hidden.iter().map(|&name| (name, Unseen::Unassigned)));
        let constants = self.constants.as_mut();
        let mut reader = Reader::new(&mut self.matcher, constants, self.options.normalise, bindings);

        let statements = carried.vars.len() + carried.funcs.len() + body.len();
        // A def is not the last of several statements, so one more is announced, and never comes.
        let open = statements > 1 && body.last().is_some_and(py::Stmt::is_function_def_stmt);
        let block = |count| u8::try_from(count).unwrap_or(u8::MAX);
        reader.put(Symbol::Block(block(statements + usize::from(open))), first.start())?;
        for name in &carried.vars {
            reader.carry_variable(name, first.start())?;
        }
        let mut funcs = carried.funcs.iter().peekable();
        let mut parts = Vec::with_capacity(body.len());
        for (nth, stmt) in body.iter().enumerate() {
            while let Some((_, func)) = funcs.next_if(|(before, _)| *before <= nth) {
                reader.carry_function(func, stmt.start())?;
            }
            let start = reader.matcher.tokens().len();
            match input.expression() {
                Some(value) => reader.value(value)?,
                None => drop(reader.stmt(stmt)?),
            }
            parts.push(start..reader.matcher.tokens().len());
        }
        let mut tokens = reader.matcher.tokens().to_vec();
        let count = reader.matcher.language().vocab().id_of_symbol(Symbol::Block(block(statements)));
        if let (Some(first), Some(count)) = (tokens.first_mut(), count) {
            *first = count;
        }
        Ok(EncodedInput { tokens, names: names(reader.bindings), parts })
    }
}

impl<'s> Reader<'s, '_> {
    /// A variable that has a value before the input runs.
    fn carry_variable(&mut self, name: &'s str, at: TextSize) -> Result<(), Refusal> {
        self.put(Symbol::Assign, at)?;
        let (var, name) = self.bind_target(name, at)?;
        // Which value does not matter: the statement is not run.
        let vocab = self.matcher.language().vocab();
        let zero = vocab.id_of_symbol(Symbol::Const(0)).filter(|&zero| self.matcher.is_legal(zero));
        let is_leaf = |token: &u32| matches!(vocab.symbol(*token), Some(Symbol::Const(_) | Symbol::Var(_)));
        let leaf = zero.or_else(|| self.matcher.legal_tokens().find(is_leaf));
        match leaf.and_then(|leaf| vocab.symbol(leaf)) {
            Some(leaf) => self.put(leaf, at)?,
            None => return refuse(at, refusal::no_token(self.matcher, Symbol::Const(0))),
        }
        self.bindings.module.bind(var, name);
        Ok(())
    }

    /// The value of an expression.
    fn value(&mut self, value: &'s py::Expr) -> Result<(), Refusal> {
        let at = value.start();
        self.put(Symbol::Assign, at)?;
        self.bind_target(VALUE, at)?;
        self.expr(value).map(drop)
    }

    fn bind_target(&mut self, name: &'s str, at: TextSize) -> Result<(u8, &'s str), Refusal> {
        let max = self.matcher.language().config().max_vars;
        let Some(var) = self.bindings.module.slots.target(name, max) else {
            return refuse(at, Kind::Variables { max });
        };
        self.put(Symbol::Var(var), at)?;
        self.bindings.module.note(name);
        Ok((var, name))
    }

    fn carry_function(&mut self, func: &'s Function, at: TextSize) -> Result<(), Refusal> {
        let defs = &self.bindings.defs;
        let number = |nth: usize| u8::try_from(nth + 1).ok();
        let callee = |name: &str| number(defs.iter().position(|def| def.name == name)?);
        let vocab = self.matcher.language().vocab();
        let next = number(defs.len()).unwrap_or(u8::MAX);
        let Some(tokens) = func.renumbered(vocab, next, callee) else {
            return refuse(at, refusal::no_token(self.matcher, Symbol::Func(next)));
        };
        for token in tokens {
            self.put_token(token, at, &func.name)?;
        }
        self.bindings.defs.push(Def { name: &func.name, arity: func.arity });
        self.bindings.scopes.push(func.bindings.clone());
        Ok(())
    }
}
