//! Trees as the nodes of `pyprior_rs.nodes`.
//!
//! ```text
//! read.rs   nodes to the engine's tree
//! write.rs  nodes as source, under the names that they have
//! ```

mod read;
mod write;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyType};
use pyprior_core::ast::{BinOp, Compare, Comparison, Expr, Module, Stmt};

pub(crate) use self::read::{is_func, module};
pub(crate) use self::write::{render, source};

/// The classes of `pyprior_rs.nodes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Module,
    Func,
    Assign,
    Print,
    Return,
    If,
    For,
    Var,
    IntLit,
    BinOp,
    Compare,
    Call,
}

impl Kind {
    const ALL: [Self; 12] = [
        Self::Module,
        Self::Func,
        Self::Assign,
        Self::Print,
        Self::Return,
        Self::If,
        Self::For,
        Self::Var,
        Self::IntLit,
        Self::BinOp,
        Self::Compare,
        Self::Call,
    ];

    /// Its name in Python.
    fn name(self) -> &'static str {
        match self {
            Self::Module => "Module",
            Self::Func => "Func",
            Self::Assign => "Assign",
            Self::Print => "Print",
            Self::Return => "Return",
            Self::If => "If",
            Self::For => "For",
            Self::Var => "Var",
            Self::IntLit => "IntLit",
            Self::BinOp => "BinOp",
            Self::Compare => "Compare",
            Self::Call => "Call",
        }
    }
}

/// The classes in the order of `Kind::ALL`, looked up once.
#[derive(Clone, Copy)]
struct Nodes<'py> {
    py: Python<'py>,
    classes: &'py [Py<PyType>],
}

/// Deeper trees are refused: no language nests as deep, and each level takes stack.
const MAX_DEPTH: u32 = 200;
/// Larger trees are refused, as samplers refuse longer programs. One object may stand in a tree many times, so a few of them
/// can be a tree that no memory holds.
const MAX_NODES: u32 = 1 << 20;

static CLASSES: PyOnceLock<Vec<Py<PyType>>> = PyOnceLock::new();

impl<'py> Nodes<'py> {
    fn new(py: Python<'py>) -> PyResult<Self> {
        let classes = CLASSES.get_or_try_init(py, || {
            let module = py.import("pyprior_rs.nodes")?;
            let class = |kind: Kind| Ok(module.getattr(kind.name())?.cast_into::<PyType>()?.unbind());
            Kind::ALL.into_iter().map(class).collect::<PyResult<_>>()
        })?;
        Ok(Self { py, classes })
    }

    /// What an object is, by its class or a base of it; None if it is no node. Names of classes say nothing: `ast` and torch
    /// have a `Module` too.
    fn kind(&self, object: &Bound<'py, PyAny>) -> PyResult<Option<Kind>> {
        let class = object.get_type();
        let mut known = Kind::ALL.into_iter().zip(self.classes);
        if let Some((kind, _)) = known.clone().find(|(_, known)| class.is(*known)) {
            return Ok(Some(kind));
        }
        let base = known.try_fold((), |(), (kind, known)| match class.is_subclass(known.bind(self.py)) {
            Ok(false) => Ok(()),
            Ok(true) => Err(Ok(kind)),
            Err(error) => Err(Err(error)),
        });
        base.err().transpose()
    }

    fn make(&self, kind: Kind, fields: impl pyo3::call::PyCallArgs<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.classes[kind as usize].bind(self.py).call1(fields)
    }

    fn block(&self, body: &[Stmt]) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(self.py, body.iter().map(|stmt| self.stmt(stmt)).collect::<PyResult<Vec<_>>>()?)
    }

    fn stmt(&self, stmt: &Stmt) -> PyResult<Bound<'py, PyAny>> {
        match stmt {
            Stmt::Assign { target, value } => self.make(Kind::Assign, (var(*target), self.expr(value)?)),
            Stmt::Print(value) => self.make(Kind::Print, (self.expr(value)?,)),
            Stmt::Return(value) => self.make(Kind::Return, (self.expr(value)?,)),
            Stmt::If { condition, then, otherwise } => {
                self.make(Kind::If, (self.comparison(condition)?, self.block(then)?, self.block(otherwise)?))
            }
            Stmt::For { target, start, stop, body } => {
                let start = start.as_ref().map(|start| self.expr(start)).transpose()?;
                self.make(Kind::For, (var(*target), self.expr(stop)?, self.block(body)?, start))
            }
            Stmt::Def { func, arity, body } => {
                let params = PyTuple::new(self.py, (1..=*arity).map(var))?;
                self.make(Kind::Func, (params, self.block(body)?, format!("FUNC_{func}")))
            }
        }
    }

    fn comparison(&self, comparison: &Comparison) -> PyResult<Bound<'py, PyAny>> {
        let op = match comparison.op {
            Compare::Lt => "<",
            Compare::Eq => "==",
        };
        self.make(Kind::Compare, (op, self.expr(&comparison.left)?, self.expr(&comparison.right)?))
    }

    fn expr(&self, expr: &Expr) -> PyResult<Bound<'py, PyAny>> {
        match expr {
            Expr::Var(number) => self.make(Kind::Var, (var(*number),)),
            Expr::Const(value) => self.make(Kind::IntLit, (*value,)),
            Expr::BinOp { op, left, right } => {
                let op = match op {
                    BinOp::Add => "+",
                    BinOp::Sub => "-",
                    BinOp::Mul => "*",
                };
                self.make(Kind::BinOp, (op, self.expr(left)?, self.expr(right)?))
            }
            Expr::Compare(comparison) => self.comparison(comparison),
            Expr::Call { func, args } => {
                let args = args.iter().map(|arg| self.expr(arg)).collect::<PyResult<Vec<_>>>()?;
                self.make(Kind::Call, (format!("FUNC_{func}"), PyTuple::new(self.py, args)?))
            }
        }
    }
}

fn var(number: u8) -> String {
    format!("VAR_{number}")
}

/// A `Module`. Trees that are read from tokens are of bounded depth.
pub(crate) fn to_python<'py>(py: Python<'py>, module: &Module) -> PyResult<Bound<'py, PyAny>> {
    let nodes = Nodes::new(py)?;
    nodes.make(Kind::Module, (nodes.block(&module.body)?,))
}
