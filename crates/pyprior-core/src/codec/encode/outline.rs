//! What the statements of an input call, read and bind, before anything is known of the names.

use ruff_python_ast as py;
use ruff_python_ast::ModModule;
use ruff_python_parser::Parsed;

use super::error::EncodeError;
use super::places::{Place, block, places};
use super::{Encoder, Refusal};

/// An input of a session that has been parsed.
pub(crate) struct Input<'s> {
    pub(super) source: &'s str,
    pub(super) parsed: Parsed<ModModule>,
}

/// The statements of an input.
#[derive(Debug)]
pub(crate) struct Outline<'i> {
    pub(crate) parts: Vec<Part<'i>>,
    /// Where statements start, those within others included, in preorder.
    pub(crate) places: Vec<Place>,
}

/// A statement of the module. Names may come more than once.
#[derive(Debug, Default)]
pub(crate) struct Part<'i> {
    /// This statement and those within it.
    pub(crate) statements: u32,
    /// What is called, in a def too.
    pub(crate) calls: Vec<&'i str>,
    /// Variables of the module that are read before statements of the module's own block have assigned them.
    pub(crate) reads: Vec<&'i str>,
    /// Variables of the module that are assigned, or loop over.
    pub(crate) binds: Vec<&'i str>,
    /// Whether it is an assignment, so that what it binds stays.
    pub(crate) assigns: bool,
    /// What is read within a def.
    pub(crate) inner: Vec<&'i str>,
    pub(crate) def: Option<Signature<'i>>,
}

/// What callers have to know of a def.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signature<'i> {
    pub(crate) name: &'i str,
    pub(crate) arity: usize,
    /// Whether it returns on every path.
    pub(crate) returns: bool,
}

impl Encoder {
    /// Parses an input; whether the language has what it holds is not known yet.
    pub(crate) fn parse_input<'s>(&self, source: &'s str) -> Result<Input<'s>, EncodeError> {
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        let parsed = self.parse(source).map_err(|refusal: Refusal| refusal.in_source(source))?;
        Ok(Input { source, parsed })
    }
}

impl Input<'_> {
    /// The expression, if the input is nothing else. A call of `print` is a statement.
    pub(crate) fn expression(&self) -> Option<&py::Expr> {
        let [py::Stmt::Expr(only)] = self.parsed.suite().as_ref() else { return None };
        let called = only.value.as_call_expr().and_then(|call| call.func.as_name_expr());
        called.is_none_or(|name| name.id != "print").then_some(&*only.value)
    }

    pub(crate) fn outline(&self) -> Outline<'_> {
        let body = self.parsed.suite();
        let mut starts = Vec::new();
        let mut assigned = Vec::new();
        let mut parts = Vec::with_capacity(body.len());
        for stmt in body {
            let before = starts.len();
            block(std::slice::from_ref(stmt), &mut starts);
            let (statements, assigns) = ((starts.len() - before) as u32, stmt.is_assign_stmt());
            let mut part = Part { statements, assigns, ..Part::default() };
            part.read_statement(stmt, false);
            part.reads.retain(|name| !assigned.contains(name));
            if assigns {
                assigned.extend(&part.binds);
            }
            parts.push(part);
        }
        Outline { parts, places: places(self.source, &starts) }
    }
}

/// Whether a block returns on every path, as the language has it: loops are not looked into.
fn returns(body: &[py::Stmt]) -> bool {
    body.iter().any(|stmt| match stmt {
        py::Stmt::Return(_) => true,
        py::Stmt::If(found) => {
            let clauses = &found.elif_else_clauses;
            let exhaustive = clauses.last().is_some_and(|last| last.test.is_none());
            exhaustive && returns(&found.body) && clauses.iter().all(|clause| returns(&clause.body))
        }
        _ => false,
    })
}

// The parser's tree is of bounded depth. What is left out here is refused when it is read.
impl<'i> Part<'i> {
    fn read_statement(&mut self, stmt: &'i py::Stmt, inside: bool) {
        match stmt {
            py::Stmt::Assign(assign) => {
                self.read(&assign.value, inside);
                assign.targets.iter().for_each(|target| self.bind(target, inside));
            }
            py::Stmt::Expr(found) => self.read(&found.value, inside),
            py::Stmt::Return(found) => found.value.iter().for_each(|value| self.read(value, inside)),
            py::Stmt::If(found) => {
                self.read(&found.test, inside);
                self.read_block(&found.body, inside);
                for clause in &found.elif_else_clauses {
                    clause.test.iter().for_each(|test| self.read(test, inside));
                    self.read_block(&clause.body, inside);
                }
            }
            py::Stmt::For(found) => {
                self.read(&found.iter, inside);
                self.bind(&found.target, inside);
                self.read_block(&found.body, inside);
            }
            py::Stmt::FunctionDef(def) => {
                let (name, arity) = (def.name.as_str(), def.parameters.args.len());
                self.def = Some(Signature { name, arity, returns: returns(&def.body) });
                self.read_block(&def.body, true);
            }
            _ => {}
        }
    }

    fn read_block(&mut self, body: &'i [py::Stmt], inside: bool) {
        body.iter().for_each(|stmt| self.read_statement(stmt, inside));
    }

    fn bind(&mut self, target: &'i py::Expr, inside: bool) {
        if let py::Expr::Name(name) = target
            && !inside
        {
            self.binds.push(&name.id);
        }
    }

    fn read(&mut self, expr: &'i py::Expr, inside: bool) {
        match expr {
            py::Expr::Name(name) if inside => self.inner.push(&name.id),
            py::Expr::Name(name) => self.reads.push(&name.id),
            py::Expr::UnaryOp(unary) => self.read(&unary.operand, inside),
            py::Expr::BinOp(binary) => {
                self.read(&binary.left, inside);
                self.read(&binary.right, inside);
            }
            py::Expr::Compare(compare) => {
                self.read(&compare.left, inside);
                compare.comparators.iter().for_each(|right| self.read(right, inside));
            }
            py::Expr::Call(call) => {
                match &*call.func {
                    py::Expr::Name(name) => self.calls.push(&name.id),
                    other => self.read(other, inside),
                }
                call.arguments.args.iter().for_each(|arg| self.read(arg, inside));
            }
            _ => {}
        }
    }
}
