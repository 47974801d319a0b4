//! Trees as the nodes of `pyprior_rs.nodes`, and back.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple, PyType};
use pyprior_core::ast::{BinOp, Compare, Comparison, Expr, Module, Stmt};
use pyprior_core::{ComparisonValues, render_tree};

use crate::errors;
use crate::turns::in_turns;

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

/// Reads nodes. Functions are numbered as they are defined, whatever their names say, as 0.0.2 does.
struct Reader<'py, T> {
    nodes: Nodes<'py>,
    /// Names of the defs so far: the first is function 1.
    funcs: Vec<String>,
    /// Nodes that may still come.
    left: u32,
    /// One for each node: others run now and then.
    turns: T,
}

/// The name of an object's class, for messages.
fn class_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string())
}

/// Text of a field.
fn text(object: &Bound<'_, PyAny>, what: &str) -> PyResult<String> {
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

fn constant(value: &Bound<'_, PyAny>) -> PyResult<i64> {
    value.extract().map_err(|error: PyErr| match error.is_instance_of::<PyOverflowError>(value.py()) {
        true => errors::node(value.py(), "a constant is beyond 64 bits"),
        false => PyTypeError::new_err(format!("a constant is an int, not {}", class_name(value))),
    })
}

impl<'py, T: Iterator<Item = ()>> Reader<'py, T> {
    fn refuse(&self, message: impl ToString) -> PyErr {
        errors::node(self.nodes.py, message)
    }

    /// What a node is, and counts it. Raises TypeError for what is none.
    fn open(&mut self, node: &Bound<'py, PyAny>, depth: u32) -> PyResult<Kind> {
        if depth > MAX_DEPTH {
            return Err(self.refuse(format!("the tree is more than {MAX_DEPTH} levels deep")));
        }
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| self.refuse(format!("the tree has more than {MAX_NODES} nodes")))?;
        self.turns.next();
        let none = || PyTypeError::new_err(format!("a node of pyprior_rs.nodes is needed, not {}", class_name(node)));
        self.nodes.kind(node)?.ok_or_else(none)
    }

    fn part(&self, node: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyAny>> {
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
    let turns = in_turns(py, std::iter::repeat(()));
    let mut reader = Reader { nodes: Nodes::new(py)?, funcs: Vec::new(), left: MAX_NODES, turns };
    match reader.open(node, 0)? {
        Kind::Module => Ok(Module { body: reader.block(&reader.part(node, "body")?, 0)? }),
        Kind::Func => Ok(Module { body: vec![reader.open_stmt(Kind::Func, node, 0)?] }),
        other => Err(errors::node(py, format!("a {} is no program: a Module is, or a Func", other.name()))),
    }
}

/// Source of a `Module` or `Func` under the names of its tokens. Comparisons as values are `int` or `bool`.
#[pyfunction]
pub fn render(node: &Bound<'_, PyAny>, comparisons: &str) -> PyResult<String> {
    let py = node.py();
    let comparison_values = match comparisons {
        "int" => ComparisonValues::Int,
        "bool" => ComparisonValues::Bool,
        other => return Err(errors::unknown_value(py, "comparison_values", other, "\"bool\" or \"int\"")),
    };
    let module = module(node)?;
    py.detach(|| render_tree(&module, comparison_values)).map_err(|error| errors::tree(py, &error))
}
