//! Nodes to the engine's tree.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyString;
use pyprior_core::ast::{BinOp, Compare, Comparison, Expr, Module, Stmt};

use super::{Kind, MAX_DEPTH, MAX_NODES, Nodes};
use crate::errors;
use crate::turns::in_turns;

/// Reads nodes. Functions are numbered as they are defined, whatever their names say, as 0.0.2 does.
pub(super) struct Reader<'py, T> {
    pub(super) nodes: Nodes<'py>,
    /// Names of the defs so far: the first is function 1.
    funcs: Vec<String>,
    /// Nodes that may still come.
    left: u32,
    /// One for each node: others run now and then.
    turns: T,
}

/// The name of an object's class, for messages.
pub(super) fn class_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string())
}

/// Text of a field.
pub(super) fn text(object: &Bound<'_, PyAny>, what: &str) -> PyResult<String> {
    let found = object
        .cast::<PyString>()
        .map_err(|_| PyTypeError::new_err(format!("{what} is text, not {}", class_name(object))))?;
    // The other half of a character may be anywhere, but not in a name.
    found.to_str().map(str::to_owned).map_err(|_| errors::node(object.py(), format!("{what} holds a lone surrogate")))
}

/// The number in a name such as `VAR_1`, written as tokens write it.
fn number(name: &Bound<'_, PyAny>, stem: &str) -> PyResult<u8> {
    let text = text(name, "a name")?;
    let digits = text.strip_prefix(stem).filter(|digits| digits.starts_with(|first: char| matches!(first, '1'..='9')));
    let found = digits.and_then(|digits| digits.parse().ok());
    found.ok_or_else(|| errors::node(name.py(), format!("{text:?} is no name of the form {stem}1 to {stem}255")))
}

pub(super) fn constant(value: &Bound<'_, PyAny>) -> PyResult<i64> {
    value.extract().map_err(|error: PyErr| match error.is_instance_of::<PyOverflowError>(value.py()) {
        true => errors::node(value.py(), "a constant is beyond 64 bits"),
        false if !error.is_instance_of::<PyTypeError>(value.py()) => error,
        false => PyTypeError::new_err(format!("a constant is an int, not {}", class_name(value))),
    })
}

/// A reader of a tree, which lets other threads of Python run now and then.
pub(super) fn reader<'py>(py: Python<'py>) -> PyResult<Reader<'py, impl Iterator<Item = ()>>> {
    let turns = in_turns(py, std::iter::repeat(()));
    Ok(Reader { nodes: Nodes::new(py)?, funcs: Vec::new(), left: MAX_NODES, turns })
}

impl<'py, T: Iterator<Item = ()>> Reader<'py, T> {
    pub(super) fn refuse(&self, message: impl ToString) -> PyErr {
        errors::node(self.nodes.py, message)
    }

    /// What a node is, and counts it. Raises TypeError for what is none.
    pub(super) fn open(&mut self, node: &Bound<'py, PyAny>, depth: u32) -> PyResult<Kind> {
        if depth > MAX_DEPTH {
            return Err(self.refuse(format!("the tree is more than {MAX_DEPTH} levels deep")));
        }
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| self.refuse(format!("the tree has more than {MAX_NODES} nodes")))?;
        self.turns.next();
        let none = || PyTypeError::new_err(format!("a node of pyprior_rs.nodes is needed, not {}", class_name(node)));
        self.nodes.kind(node)?.ok_or_else(none)
    }

    pub(super) fn part(&self, node: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        node.getattr_opt(name)?.ok_or_else(|| self.refuse(format!("a {} has no {name}", class_name(node))))
    }

    fn block(&mut self, body: &Bound<'py, PyAny>, depth: u32) -> PyResult<Vec<Stmt>> {
        body.try_iter()?.map(|stmt| self.stmt(&stmt?, depth)).collect()
    }

    fn stmt(&mut self, node: &Bound<'py, PyAny>, depth: u32) -> PyResult<Stmt> {
        let kind = self.open(node, depth)?;
        self.open_stmt(kind, node, depth)
    }

    fn open_stmt(&mut self, kind: Kind, node: &Bound<'py, PyAny>, depth: u32) -> PyResult<Stmt> {
        let depth = depth + 1;
        Ok(match kind {
            Kind::Assign => Stmt::Assign {
                target: number(&self.part(node, "name")?, "VAR_")?,
                value: self.expr(&self.part(node, "value")?, depth)?,
            },
            Kind::Print => Stmt::Print(self.expr(&self.part(node, "value")?, depth)?),
            Kind::Return => Stmt::Return(self.expr(&self.part(node, "value")?, depth)?),
            Kind::If => Stmt::If {
                condition: self.condition(&self.part(node, "test")?, depth)?,
                then: self.block(&self.part(node, "body")?, depth)?,
                otherwise: self.block(&self.part(node, "orelse")?, depth)?,
            },
            Kind::For => {
                let start = self.part(node, "start")?;
                let start = if start.is_none() { None } else { Some(self.expr(&start, depth)?) };
                Stmt::For {
                    target: number(&self.part(node, "var")?, "VAR_")?,
                    start,
                    stop: self.expr(&self.part(node, "count")?, depth)?,
                    body: self.block(&self.part(node, "body")?, depth)?,
                }
            }
            Kind::Func => self.def(node, depth)?,
            other => return Err(self.refuse(format!("a {} is no statement", other.name()))),
        })
    }

    fn def(&mut self, node: &Bound<'py, PyAny>, depth: u32) -> PyResult<Stmt> {
        let mut arity = 0_u8;
        for name in self.part(node, "params")?.try_iter()? {
            arity = arity.checked_add(1).ok_or_else(|| self.refuse("more than 255 parameters"))?;
            if number(&name?, "VAR_")? != arity {
                return Err(self.refuse("the parameters of a function are VAR_1, VAR_2, …"));
            }
        }
        let body = self.block(&self.part(node, "body")?, depth)?;
        // Behind its body, which cannot call it.
        self.funcs.push(text(&self.part(node, "name")?, "a function's name")?);
        let func = u8::try_from(self.funcs.len()).map_err(|_| self.refuse("more than 255 functions"))?;
        Ok(Stmt::Def { func, arity, body })
    }

    fn condition(&mut self, node: &Bound<'py, PyAny>, depth: u32) -> PyResult<Comparison> {
        match self.open(node, depth)? {
            Kind::Compare => self.comparison(node, depth),
            other => Err(self.refuse(format!("a {} is no comparison", other.name()))),
        }
    }

    fn comparison(&mut self, node: &Bound<'py, PyAny>, depth: u32) -> PyResult<Comparison> {
        let op = match text(&self.part(node, "op")?, "a comparison's op")?.as_str() {
            "<" => Compare::Lt,
            "==" => Compare::Eq,
            other => return Err(self.refuse(format!("{other:?} is no comparison: < and == are"))),
        };
        let left = self.expr(&self.part(node, "left")?, depth + 1)?;
        Ok(Comparison { op, left, right: self.expr(&self.part(node, "right")?, depth + 1)? })
    }

    fn expr(&mut self, node: &Bound<'py, PyAny>, depth: u32) -> PyResult<Expr> {
        Ok(match self.open(node, depth)? {
            Kind::Var => Expr::Var(number(&self.part(node, "name")?, "VAR_")?),
            Kind::IntLit => Expr::Const(constant(&self.part(node, "value")?)?),
            Kind::BinOp => {
                let op = match text(&self.part(node, "op")?, "an operation's op")?.as_str() {
                    "+" => BinOp::Add,
                    "-" => BinOp::Sub,
                    "*" => BinOp::Mul,
                    other => return Err(self.refuse(format!("{other:?} is no operator: + - * are"))),
                };
                let left = Box::new(self.expr(&self.part(node, "left")?, depth + 1)?);
                Expr::BinOp { op, left, right: Box::new(self.expr(&self.part(node, "right")?, depth + 1)?) }
            }
            Kind::Compare => Expr::Compare(Box::new(self.comparison(node, depth)?)),
            Kind::Call => {
                let name = text(&self.part(node, "func")?, "a function's name")?;
                // The last one of the name, as Python has it.
                let func = self.funcs.iter().rposition(|known| *known == name);
                let func = func.ok_or_else(|| self.refuse(format!("{name:?} is called before it is defined")))?;
                let args = self.part(node, "args")?;
                let args = args.try_iter()?.map(|arg| self.expr(&arg?, depth + 1)).collect::<PyResult<_>>()?;
                Expr::Call { func: func as u8 + 1, args }
            }
            other => return Err(self.refuse(format!("a {} is no expression", other.name()))),
        })
    }
}

pub(super) fn no_program(py: Python<'_>, kind: Kind) -> PyErr {
    errors::node(py, format!("a {} is no program: a Module is, or a Func", kind.name()))
}

/// Whether an object is a `Func` of `pyprior_rs.nodes`, whatever other classes are called.
pub(crate) fn is_func(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(Nodes::new(object.py())?.kind(object)? == Some(Kind::Func))
}

/// The tree of a `Module`, or of a `Func` as a module of one statement.
///
/// Raises TreeError for nodes that are none, and TypeError for what is no node, here or within. Other threads of Python run
/// meanwhile, so no lock may be held.
pub(crate) fn module(node: &Bound<'_, PyAny>) -> PyResult<Module> {
    let py = node.py();
    let mut reader = reader(py)?;
    match reader.open(node, 0)? {
        Kind::Module => Ok(Module { body: reader.block(&reader.part(node, "body")?, 0)? }),
        Kind::Func => Ok(Module { body: vec![reader.open_stmt(Kind::Func, node, 0)?] }),
        other => Err(no_program(py, other)),
    }
}
