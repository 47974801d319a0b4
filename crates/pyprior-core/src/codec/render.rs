//! Source text from tokens, of whole programs and of unfinished ones.

use super::names::Names;
use super::tree::DecodeError;
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

/// What of the names has been given out.
#[derive(Debug, Clone)]
struct State {
    /// Code of each variable's name in the module and in the current function; 0 is none yet.
    vars: [[u16; 256]; 2],
    funcs: [u16; 256],
    /// Number of parameters of functions whose definition is complete.
    arities: [Option<u8>; 256],
    next_var: u16,
    next_func: u16,
    /// Functions up to this one have entries above.
    seen_funcs: u8,
    seen_vars: [u8; 2],
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
        let state = State {
            vars: [[0; 256]; 2],
            funcs: [0; 256],
            arities: [None; 256],
            next_var: 0,
            next_func: 0,
            seen_funcs: 0,
            seen_vars: [0; 2],
        };
        let comparison_values = language.config().comparison_values;
        Self { vocab: language.vocab(), comparison_values, names, out: String::new(), state }
    }

    /// The source of a complete program, without a newline at its end. `PAD` may follow the program.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the tokens are no complete program.
    pub fn render(&mut self, tokens: &[u32]) -> Result<&str, DecodeError> {
        if let Some(end) = self.write(tokens) {
            let rest = &tokens[end..];
            if rest.iter().all(|&token| token == self.vocab.pad()) {
                return Ok(&self.out);
            }
        }
        // Writing is lenient; reading the tree finds out what is wrong, and where.
        self.vocab.tokens_to_ast(tokens)?;
        Ok(&self.out)
    }

    /// The source of an unfinished program with its holes: `<block> <stmt> <expr> <cond> <var> <params> <call>`.
    ///
    /// A token that does not fill its hole ends the program there; so do tokens behind the end.
    pub fn partial(&mut self, tokens: &[u32]) -> &str {
        self.write(tokens);
        &self.out
    }

    /// Writes what there is; `Some` is the number of tokens of a complete program.
    fn write(&mut self, tokens: &[u32]) -> Option<usize> {
        self.out.clear();
        self.state.clear();
        let Self { vocab, comparison_values, names, out, state } = self;
        let int = *comparison_values == ComparisonValues::Int;
        let mut writer =
            Writer { vocab, int, names, out, state, tokens, position: 0, complete: true, scope: 0, depth: 0 };
        writer.block(0);
        writer.complete.then_some(writer.position)
    }
}

impl State {
    fn clear(&mut self) {
        self.next_var = 0;
        self.next_func = 0;
        self.clear_vars(0);
        self.clear_vars(1);
        self.funcs[..=usize::from(self.seen_funcs)].fill(0);
        self.arities[..=usize::from(self.seen_funcs)].fill(None);
        self.seen_funcs = 0;
    }

    fn clear_vars(&mut self, which: usize) {
        self.vars[which][..=usize::from(self.seen_vars[which])].fill(0);
        self.seen_vars[which] = 0;
    }
}

struct Writer<'w> {
    vocab: &'w Vocab,
    int: bool,
    names: &'w Names,
    out: &'w mut String,
    state: &'w mut State,
    tokens: &'w [u32],
    position: usize,
    complete: bool,
    /// 0 is the module, j is function j.
    scope: u8,
    depth: u32,
}

impl Writer<'_> {
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
                self.target();
                self.out.push_str(" = ");
                self.expr(Place::Bare);
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
                self.block(indent + 1);
                self.line(indent);
                self.out.push_str("else:");
                self.block(indent + 1);
            }
            Some(Symbol::Func(func)) => self.def(func, indent),
            Some(symbol) => {
                self.out.push_str("for ");
                self.target();
                self.out.push_str(" in range(");
                self.expr(Place::Bare);
                if symbol == Symbol::For2 {
                    self.out.push_str(", ");
                    self.expr(Place::Bare);
                }
                self.out.push_str("):");
                self.block(indent + 1);
            }
            None => {}
        }
    }

    fn def(&mut self, func: u8, indent: usize) {
        self.out.push_str("def ");
        self.func(func);
        self.out.push('(');
        let outside = self.scope;
        let arity = self.next("<params>", |symbol| match symbol {
            Symbol::Arity(arity) => Some(arity),
            _ => None,
        });
        if let Some(arity) = arity {
            self.scope = func;
            self.state.clear_vars(1);
            for var in 1..=arity {
                if var > 1 {
                    self.out.push_str(", ");
                }
                self.var(var);
            }
        }
        self.out.push_str("):");
        if arity.is_some() {
            self.block(indent + 1);
        }
        self.state.arities[usize::from(func)] = arity;
        self.scope = outside;
    }

    fn target(&mut self) {
        let fits = |symbol| match symbol {
            Symbol::Var(var) => Some(var),
            _ => None,
        };
        if let Some(var) = self.next("<var>", fits) {
            self.var(var);
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
        let fixed = self.names.fixed_func(func);
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
