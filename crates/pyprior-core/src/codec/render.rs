//! Source text from tokens, of whole programs and of unfinished ones.

use super::given::State;
use super::names::Names;
use super::naming::{NamedError, Naming};
use super::program_names::ProgramNames;
use super::tree::DecodeError;
use super::written::Written;
use crate::config::ComparisonValues;
use crate::language::Language;
use crate::vocab::{BinOp, Compare, Symbol, Vocab};

/// Writes programs as Python source; keep one to reuse its memory.
///
/// ```
/// use pyprior_core::{Language, LanguageConfig, Renderer};
///
/// let language = Language::new(LanguageConfig::default())?;
/// let ids = |names: &str| names.split(' ').map(|name| language.vocab().id_of(name).unwrap()).collect::<Vec<_>>();
/// let mut renderer = Renderer::new(&language);
/// assert_eq!(renderer.render(&ids("BLK_2 ASSIGN VAR_1 INT_7 PRINT LT VAR_1 INT_9"))?, "a = 7\nprint(int(a < 9))");
/// assert_eq!(renderer.partial(&ids("BLK_2 ASSIGN VAR_1")), "a = <expr>\n<stmt>");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Renderer<'a> {
    vocab: &'a Vocab,
    comparison_values: ComparisonValues,
    names: Names,
    out: String,
    state: State,
}

/// Where an expression stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// On its own: operators need no parentheses.
    Bare,
    /// As an operand.
    Operand,
}

/// Depth beyond which a hole is written; no program of any language is as deep.
const MAX_DEPTH: u32 = 200;

impl<'a> Renderer<'a> {
    /// A renderer with the default names.
    pub fn new(language: &'a Language) -> Self {
        Self::with_names(language, Names::default())
    }

    /// A renderer with names of one's own.
    pub fn with_names(language: &'a Language, names: Names) -> Self {
        let comparison_values = language.config().comparison_values;
        Self { vocab: language.vocab(), comparison_values, names, out: String::new(), state: State::new() }
    }

    /// The source of a complete program, without a newline at its end. `PAD` may follow the program.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the tokens are no complete program.
    pub fn render(&mut self, tokens: &[u32]) -> Result<&str, DecodeError> {
        let end = self.write(tokens, None, None);
        self.whole(tokens, end)?;
        Ok(&self.out)
    }

    /// The names that [`render`](Self::render) writes a complete program with: those that an [`Encoder`](crate::Encoder)
    /// reads off its source.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the tokens are no complete program.
    pub fn program_names(&mut self, tokens: &[u32]) -> Result<ProgramNames, DecodeError> {
        let mut written = Written::default();
        let end = self.write(tokens, None, Some(&mut written));
        self.whole(tokens, end)?;
        Ok(written.names(&self.out))
    }

    /// The source of a complete program under the names that an [`Encoder`](crate::Encoder) read it with. The
    /// renderer's own names do not count.
    ///
    /// The names are checked against the program: under names that make two variables one, or one variable two,
    /// nothing is written.
    ///
    /// # Errors
    ///
    /// [`NamedError`] if the tokens are no complete program, or the names are those of another one.
    pub fn render_named(&mut self, tokens: &[u32], names: &ProgramNames) -> Result<&str, NamedError> {
        let mut naming = Naming::new(names);
        let end = self.write(tokens, Some(&mut naming), None);
        self.whole(tokens, end)?;
        naming.finish()?;
        Ok(&self.out)
    }

    /// The source of a complete program that goes on from a [`Prompt`](crate::Prompt) with these names. What comes
    /// behind takes names of the renderer's pools that the prompt does not use; the renderer's table does not count.
    ///
    /// # Errors
    ///
    /// [`NamedError`] if the tokens are no complete program, the names are those of another one, or the program reads a
    /// variable that has no name because the branches of an `if` of the prompt give it two.
    pub fn render_continued(&mut self, tokens: &[u32], names: &ProgramNames) -> Result<&str, NamedError> {
        let pools = self.names.clone();
        let mut naming = Naming::continued(names, &pools);
        let end = self.write(tokens, Some(&mut naming), None);
        self.whole(tokens, end)?;
        naming.finish()?;
        Ok(&self.out)
    }

    /// Checks that the tokens were a complete program, of which `end` tokens have been written.
    fn whole(&self, tokens: &[u32], end: Option<usize>) -> Result<(), DecodeError> {
        match end {
            Some(end) if self.vocab.trailing(tokens, end).is_none() => Ok(()),
            // Writing is lenient; reading the tree finds out what is wrong, and where.
            _ => self.vocab.tokens_to_ast(tokens).map(drop),
        }
    }

    /// The source of an unfinished program with its holes: `<block> <stmt> <expr> <cond> <var> <params> <call>`.
    ///
    /// A token that does not fill its hole ends the program there; so do tokens behind the end.
    pub fn partial(&mut self, tokens: &[u32]) -> &str {
        self.write(tokens, None, None);
        &self.out
    }

    /// [`partial`](Self::partial) under the names of the whole program.
    ///
    /// # Errors
    ///
    /// [`NamedError`] if what there is already needs other names.
    pub fn partial_named(&mut self, tokens: &[u32], names: &ProgramNames) -> Result<&str, NamedError> {
        let mut naming = Naming::new(names);
        self.write(tokens, Some(&mut naming), None);
        naming.so_far()?;
        Ok(&self.out)
    }

    /// Writes what there is; `Some` is the number of tokens of a complete program.
    fn write(
        &mut self,
        tokens: &[u32],
        naming: Option<&mut Naming<'_>>,
        written: Option<&mut Written>,
    ) -> Option<usize> {
        self.out.clear();
        self.state.clear();
        let Self { vocab, comparison_values, names, out, state } = self;
        let int = *comparison_values == ComparisonValues::Int;
        let complete = true;
        let mut writer = Writer {
            vocab,
            int,
            names,
            naming,
            written,
            out,
            state,
            tokens,
            position: 0,
            complete,
            scope: 0,
            depth: 0,
        };
        writer.block(0);
        writer.complete.then_some(writer.position)
    }
}

struct Writer<'w, 'n> {
    vocab: &'w Vocab,
    int: bool,
    names: &'w Names,
    /// Names of this one program, instead of those above.
    naming: Option<&'w mut Naming<'n>>,
    /// Where names are noted, if anybody asks.
    written: Option<&'w mut Written>,
    out: &'w mut String,
    state: &'w mut State,
    tokens: &'w [u32],
    position: usize,
    complete: bool,
    /// 0 is the module, j is function j.
    scope: u8,
    depth: u32,
}

impl Writer<'_, '_> {
    fn peek(&self) -> Option<Symbol> {
        self.tokens.get(self.position).and_then(|&token| self.vocab.symbol(token))
    }

    /// The next symbol if it fits; else the hole is written, and all that follow are holes too.
    fn next<T>(&mut self, hole: &str, fits: impl FnOnce(Symbol) -> Option<T>) -> Option<T> {
        let found = self.peek().and_then(fits);
        match found {
            Some(_) => self.position += 1,
            None => {
                self.hole(hole);
            }
        }
        found
    }

    fn hole(&mut self, hole: &str) {
        self.out.push_str(hole);
        self.complete = false;
        self.tokens = &self.tokens[..self.position];
    }

    fn line(&mut self, indent: usize) {
        const SPACES: &str = "                                                                ";
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        let mut width = 4 * indent;
        while width > 0 {
            let part = width.min(SPACES.len());
            self.out.push_str(&SPACES[..part]);
            width -= part;
        }
    }

    fn block(&mut self, indent: usize) {
        let count = match self.peek() {
            Some(Symbol::Block(count)) if self.depth < MAX_DEPTH => count,
            _ => {
                self.line(indent);
                self.hole("<block>");
                return;
            }
        };
        self.position += 1;
        self.depth += 1;
        for _ in 0..count {
            self.line(indent);
            self.stmt(indent);
        }
        self.depth -= 1;
    }

    fn stmt(&mut self, indent: usize) {
        let fits = |symbol| match symbol {
            Symbol::Assign | Symbol::Print | Symbol::Return | Symbol::If | Symbol::For | Symbol::For2 => Some(symbol),
            Symbol::Func(_) => Some(symbol),
            _ => None,
        };
        match self.next("<stmt>", fits) {
            Some(Symbol::Assign) => {
                let target = self.target();
                self.out.push_str(" = ");
                self.expr(Place::Bare);
                self.bind(target);
            }
            Some(Symbol::Print) => {
                self.out.push_str("print(");
                self.expr(Place::Bare);
                self.out.push(')');
            }
            Some(Symbol::Return) => {
                self.out.push_str("return ");
                self.expr(Place::Bare);
            }
            Some(Symbol::If) => {
                self.out.push_str("if ");
                self.condition();
                self.out.push(':');
                let before = self.naming.as_mut().map(|naming| naming.save());
                self.block(indent + 1);
                self.line(indent);
                let then = self.naming.as_mut().zip(before).map(|(naming, before)| naming.swap(before));
                self.out.push_str("else:");
                self.block(indent + 1);
                if let Some((naming, then)) = self.naming.as_mut().zip(then) {
                    naming.merge(then);
                }
            }
            Some(Symbol::Func(func)) => self.def(func, indent),
            Some(symbol) => {
                self.out.push_str("for ");
                let target = self.target();
                self.out.push_str(" in range(");
                self.expr(Place::Bare);
                if symbol == Symbol::For2 {
                    self.out.push_str(", ");
                    self.expr(Place::Bare);
                }
                self.out.push_str("):");
                let before = self.naming.as_mut().map(|naming| naming.save());
                self.bind(target);
                self.block(indent + 1);
                if let Some((naming, before)) = self.naming.as_mut().zip(before) {
                    naming.restore(before);
                }
            }
            None => {}
        }
    }

    fn def(&mut self, func: u8, indent: usize) {
        self.out.push_str("def ");
        let start = self.out.len();
        self.func(func);
        if let Some(written) = &mut self.written {
            written.function(func, start..self.out.len());
        }
        self.out.push('(');
        let outside = self.scope;
        let arity = self.next("<params>", |symbol| match symbol {
            Symbol::Arity(arity) => Some(arity),
            _ => None,
        });
        if let Some(arity) = arity {
            self.scope = func;
            self.state.clear_vars(1);
            if let Some(naming) = &mut self.naming {
                naming.enter(func);
            }
            for var in 1..=arity {
                if var > 1 {
                    self.out.push_str(", ");
                }
                let parameter = self.assigned(var);
                self.bind(parameter);
            }
        }
        self.out.push_str("):");
        if arity.is_some() {
            self.block(indent + 1);
        }
        self.state.arities[usize::from(func)] = arity;
        self.scope = outside;
        if let Some(naming) = self.naming.as_mut().filter(|_| arity.is_some()) {
            naming.leave();
        }
    }

    /// Writes what is assigned; it takes effect by [`bind`](Self::bind).
    fn target(&mut self) -> Option<u8> {
        let fits = |symbol| match symbol {
            Symbol::Var(var) => Some(var),
            _ => None,
        };
        let var = self.next("<var>", fits)?;
        self.assigned(var)
    }

    fn assigned(&mut self, var: u8) -> Option<u8> {
        let start = self.out.len();
        match &mut self.naming {
            Some(naming) => self.out.push_str(naming.target(var)),
            None => self.var(var),
        }
        if let Some(written) = &mut self.written {
            written.binding(self.scope, start..self.out.len());
        }
        Some(var)
    }

    fn bind(&mut self, var: Option<u8>) {
        if let Some((naming, var)) = self.naming.as_mut().zip(var) {
            naming.bind(var);
        }
    }

    fn condition(&mut self) {
        let fits = |symbol| match symbol {
            Symbol::Compare(op) => Some(op),
            _ => None,
        };
        if let Some(op) = self.next("<cond>", fits) {
            self.operands(compare_text(op));
        }
    }

    fn operands(&mut self, operator: &str) {
        self.expr(Place::Operand);
        self.out.push_str(operator);
        self.expr(Place::Operand);
    }

    fn expr(&mut self, place: Place) {
        let deep = self.depth >= MAX_DEPTH;
        let fits = |symbol| match symbol {
            Symbol::Var(_) | Symbol::Const(_) | Symbol::BinOp(_) | Symbol::Compare(_) | Symbol::Call => Some(symbol),
            _ => None,
        };
        let Some(symbol) = self.next("<expr>", |symbol| fits(symbol).filter(|_| !deep)) else { return };
        self.depth += 1;
        match symbol {
            Symbol::Var(var) => self.var(var),
            Symbol::BinOp(op) => {
                let operator = match op {
                    BinOp::Add => " + ",
                    BinOp::Sub => " - ",
                    BinOp::Mul => " * ",
                };
                if place == Place::Bare {
                    self.operands(operator);
                } else {
                    self.out.push('(');
                    self.operands(operator);
                    self.out.push(')');
                }
            }
            Symbol::Compare(op) => {
                self.out.push_str(if self.int { "int(" } else { "(" });
                self.operands(compare_text(op));
                self.out.push(')');
            }
            Symbol::Call => self.call(),
            _ => {
                // The name of a constant is its decimal text behind "INT_".
                let name = self.vocab.name(self.tokens[self.position - 1]).unwrap_or_default();
                self.out.push_str(name.get(4..).unwrap_or_default());
            }
        }
        self.depth -= 1;
    }

    fn call(&mut self) {
        let fits = |symbol| match symbol {
            Symbol::Func(func) => Some(func),
            _ => None,
        };
        let known = |func: &u8| self.state.arities[usize::from(*func)].is_some();
        let called = self.peek().and_then(fits).filter(known);
        let Some(func) = self.next("<call>", |_| called) else { return };
        self.func(func);
        self.out.push('(');
        for nth in 0..self.state.arities[usize::from(func)].unwrap_or(0) {
            if nth > 0 {
                self.out.push_str(", ");
            }
            self.expr(Place::Bare);
        }
        self.out.push(')');
    }

    fn var(&mut self, var: u8) {
        if let Some(naming) = &mut self.naming {
            self.out.push_str(naming.read(var));
            return;
        }
        if let Some(name) = self.names.fixed_var(self.scope, var) {
            self.out.push_str(name);
            return;
        }
        let which = usize::from(self.scope != 0);
        let state = &mut *self.state;
        let code = &mut state.vars[which][usize::from(var)];
        if *code == 0 {
            // Legal programs have fewer names than this counts; others may repeat one.
            state.next_var = state.next_var.saturating_add(1);
            *code = state.next_var;
            state.seen_vars[which] = state.seen_vars[which].max(var);
        }
        match self.names.pool_var(*code - 1) {
            Some(name) => self.out.push_str(name),
            None => {
                self.out.push_str("var_");
                self.out.push_str(&var.to_string());
            }
        }
    }

    fn func(&mut self, func: u8) {
        let state = &mut *self.state;
        let code = &mut state.funcs[usize::from(func)];
        let fixed = match &mut self.naming {
            Some(naming) => Some(naming.func(func)),
            None => self.names.fixed_func(func),
        };
        if *code == 0 {
            // A fixed name takes none from the pool, but its function has been seen all the same.
            state.next_func = state.next_func.saturating_add(u16::from(fixed.is_none()));
            *code = state.next_func.max(1);
            state.seen_funcs = state.seen_funcs.max(func);
        }
        match fixed.or_else(|| self.names.pool_func(*code - 1)) {
            Some(name) => self.out.push_str(name),
            None => {
                self.out.push_str("func_");
                self.out.push_str(&func.to_string());
            }
        }
    }
}

fn compare_text(op: Compare) -> &'static str {
    match op {
        Compare::Lt => " < ",
        Compare::Eq => " == ",
    }
}
