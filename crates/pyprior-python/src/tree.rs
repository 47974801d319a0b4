//! Trees as the nodes of `pyprior_rs.nodes`, and back.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyType};
use pyprior_core::ast::{BinOp, Compare, Comparison, Expr, Module, Stmt};
use pyprior_core::{ComparisonValues, Language, LanguageConfig, render_nodes};

use crate::{errors, run};

/// The classes, looked up once.
struct Nodes<'py> {
    py: Python<'py>,
    classes: &'py [Py<PyType>; 11],
}

const NAMES: [&str; 11] =
    ["Module", "Func", "Assign", "Print", "Return", "If", "For", "Var", "IntLit", "BinOp", "Compare"];
const CALL: &str = "Call";

/// Deeper trees are refused: no language nests as deep, and each level takes stack.
const MAX_DEPTH: u32 = 200;

static CLASSES: PyOnceLock<[Py<PyType>; 11]> = PyOnceLock::new();
static CALL_CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();

fn class(py: Python<'_>, name: &str) -> PyResult<Py<PyType>> {
    Ok(py.import("pyprior_rs.nodes")?.getattr(name)?.cast_into::<PyType>()?.unbind())
}

impl<'py> Nodes<'py> {
    fn new(py: Python<'py>) -> PyResult<Self> {
        let classes = CLASSES.get_or_try_init(py, || {
            let found = NAMES.iter().map(|name| class(py, name)).collect::<PyResult<Vec<_>>>()?;
            found.try_into().map_err(|_| errors::node(py, "the package is incomplete"))
        })?;
        Ok(Self { py, classes })
    }

    fn make(&self, name: &str, fields: impl pyo3::call::PyCallArgs<'py>) -> PyResult<Bound<'py, PyAny>> {
        match NAMES.iter().position(|known| *known == name) {
            Some(nth) => self.classes[nth].bind(self.py).call1(fields),
            None => CALL_CLASS.get_or_try_init(self.py, || class(self.py, CALL))?.bind(self.py).call1(fields),
        }
    }

    fn block(&self, body: &[Stmt]) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(self.py, body.iter().map(|stmt| self.stmt(stmt)).collect::<PyResult<Vec<_>>>()?)
    }

    fn stmt(&self, stmt: &Stmt) -> PyResult<Bound<'py, PyAny>> {
        match stmt {
            Stmt::Assign { target, value } => self.make("Assign", (var(*target), self.expr(value)?)),
            Stmt::Print(value) => self.make("Print", (self.expr(value)?,)),
            Stmt::Return(value) => self.make("Return", (self.expr(value)?,)),
            Stmt::If { condition, then, otherwise } => {
                self.make("If", (self.comparison(condition)?, self.block(then)?, self.block(otherwise)?))
            }
            Stmt::For { target, start, stop, body } => {
                let start = start.as_ref().map(|start| self.expr(start)).transpose()?;
                self.make("For", (var(*target), self.expr(stop)?, self.block(body)?, start))
            }
            Stmt::Def { func, arity, body } => {
                let params = PyTuple::new(self.py, (1..=*arity).map(var))?;
                self.make("Func", (params, self.block(body)?, format!("FUNC_{func}")))
            }
        }
    }

    fn comparison(&self, comparison: &Comparison) -> PyResult<Bound<'py, PyAny>> {
        let op = match comparison.op {
            Compare::Lt => "<",
            Compare::Eq => "==",
        };
        self.make("Compare", (op, self.expr(&comparison.left)?, self.expr(&comparison.right)?))
    }

    fn expr(&self, expr: &Expr) -> PyResult<Bound<'py, PyAny>> {
        match expr {
            Expr::Var(number) => self.make("Var", (var(*number),)),
            Expr::Const(value) => self.make("IntLit", (*value,)),
            Expr::BinOp { op, left, right } => {
                let op = match op {
                    BinOp::Add => "+",
                    BinOp::Sub => "-",
                    BinOp::Mul => "*",
                };
                self.make("BinOp", (op, self.expr(left)?, self.expr(right)?))
            }
            Expr::Compare(comparison) => self.comparison(comparison),
            Expr::Call { func, args } => {
                let args = args.iter().map(|arg| self.expr(arg)).collect::<PyResult<Vec<_>>>()?;
                self.make(CALL, (format!("FUNC_{func}"), PyTuple::new(self.py, args)?))
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
    nodes.make("Module", (nodes.block(&module.body)?,))
}

/// Reads nodes. Functions are numbered as they are defined, whatever their names say, as 0.0.2 does.
struct Reader {
    /// Names of the defs so far: the first is function 1.
    funcs: Vec<String>,
}

fn kind(node: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(node.get_type().name()?.to_string())
}

fn number(name: &Bound<'_, PyAny>, stem: &str) -> PyResult<u8> {
    let text: String = name.extract()?;
    let found = text.strip_prefix(stem).and_then(|number| number.parse().ok()).filter(|number| *number > 0);
    found.ok_or_else(|| errors::node(name.py(), format!("{text:?} is no name of the form {stem}1 to {stem}255")))
}

impl Reader {
    fn block(&mut self, body: &Bound<'_, PyAny>, depth: u32) -> PyResult<Vec<Stmt>> {
        body.try_iter()?.map(|stmt| self.stmt(&stmt?, depth)).collect()
    }

    fn stmt(&mut self, node: &Bound<'_, PyAny>, depth: u32) -> PyResult<Stmt> {
        let py = node.py();
        if depth > MAX_DEPTH {
            return Err(errors::node(py, format!("the tree is more than {MAX_DEPTH} levels deep")));
        }
        let part = |name: &str| node.getattr(name);
        Ok(match kind(node)?.as_str() {
            "Assign" => {
                Stmt::Assign { target: number(&part("name")?, "VAR_")?, value: self.expr(&part("value")?, depth + 1)? }
            }
            "Print" => Stmt::Print(self.expr(&part("value")?, depth + 1)?),
            "Return" => Stmt::Return(self.expr(&part("value")?, depth + 1)?),
            "If" => Stmt::If {
                condition: self.comparison(&part("test")?, depth + 1)?,
                then: self.block(&part("body")?, depth + 1)?,
                otherwise: self.block(&part("orelse")?, depth + 1)?,
            },
            "For" => {
                let start = part("start")?;
                let start = if start.is_none() { None } else { Some(self.expr(&start, depth + 1)?) };
                Stmt::For {
                    target: number(&part("var")?, "VAR_")?,
                    start,
                    stop: self.expr(&part("count")?, depth + 1)?,
                    body: self.block(&part("body")?, depth + 1)?,
                }
            }
            "Func" => self.def(node, depth)?,
            other => return Err(errors::node(py, format!("a {other} is no statement"))),
        })
    }

    fn def(&mut self, node: &Bound<'_, PyAny>, depth: u32) -> PyResult<Stmt> {
        let py = node.py();
        let params = node.getattr("params")?;
        let mut arity = 0_u8;
        for name in params.try_iter()? {
            arity = arity.checked_add(1).ok_or_else(|| errors::node(py, "more than 255 parameters"))?;
            if number(&name?, "VAR_")? != arity {
                return Err(errors::node(py, "the parameters of a function are VAR_1, VAR_2, …"));
            }
        }
        let body = self.block(&node.getattr("body")?, depth + 1)?;
        // Behind its body, which cannot call it.
        self.funcs.push(node.getattr("name")?.extract()?);
        let func = u8::try_from(self.funcs.len()).map_err(|_| errors::node(py, "more than 255 functions"))?;
        Ok(Stmt::Def { func, arity, body })
    }

    fn comparison(&mut self, node: &Bound<'_, PyAny>, depth: u32) -> PyResult<Comparison> {
        let py = node.py();
        if kind(node)? != "Compare" {
            return Err(errors::node(py, format!("a {} is no comparison", kind(node)?)));
        }
        let op = match node.getattr("op")?.extract::<String>()?.as_str() {
            "<" => Compare::Lt,
            "==" => Compare::Eq,
            other => return Err(errors::node(py, format!("{other:?} is no comparison: < and == are"))),
        };
        let (left, right) =
            (self.expr(&node.getattr("left")?, depth + 1)?, self.expr(&node.getattr("right")?, depth + 1)?);
        Ok(Comparison { op, left, right })
    }

    fn expr(&mut self, node: &Bound<'_, PyAny>, depth: u32) -> PyResult<Expr> {
        let py = node.py();
        if depth > MAX_DEPTH {
            return Err(errors::node(py, format!("the tree is more than {MAX_DEPTH} levels deep")));
        }
        Ok(match kind(node)?.as_str() {
            "Var" => Expr::Var(number(&node.getattr("name")?, "VAR_")?),
            "IntLit" => Expr::Const(node.getattr("value")?.extract()?),
            "BinOp" => {
                let op = match node.getattr("op")?.extract::<String>()?.as_str() {
                    "+" => BinOp::Add,
                    "-" => BinOp::Sub,
                    "*" => BinOp::Mul,
                    other => return Err(errors::node(py, format!("{other:?} is no operator: + - * are"))),
                };
                let left = Box::new(self.expr(&node.getattr("left")?, depth + 1)?);
                Expr::BinOp { op, left, right: Box::new(self.expr(&node.getattr("right")?, depth + 1)?) }
            }
            "Compare" => Expr::Compare(Box::new(self.comparison(node, depth)?)),
            "Call" => {
                let name: String = node.getattr("func")?.extract()?;
                // The last one of the name, as Python has it.
                let func = self.funcs.iter().rposition(|known| *known == name);
                let func = func.ok_or_else(|| errors::node(py, format!("{name:?} is called before it is defined")))?;
                let args = node.getattr("args")?.try_iter()?.map(|arg| self.expr(&arg?, depth + 1));
                Expr::Call { func: func as u8 + 1, args: args.collect::<PyResult<_>>()? }
            }
            other => return Err(errors::node(py, format!("a {other} is no expression"))),
        })
    }
}

/// The tree of a `Module`, or of a `Func` as a module of one statement.
pub(crate) fn module(node: &Bound<'_, PyAny>) -> PyResult<Module> {
    let mut reader = Reader { funcs: Vec::new() };
    match kind(node)?.as_str() {
        "Module" => Ok(Module { body: reader.block(&node.getattr("body")?, 0)? }),
        "Func" => Ok(Module { body: vec![reader.stmt(node, 0)?] }),
        other => Err(errors::node(node.py(), format!("a {other} is no program: a Module is, or a Func"))),
    }
}

/// Source of a `Module` or `Func` under the names of its tokens. Comparisons as values are `int` or `bool`.
#[pyfunction]
pub fn render(node: &Bound<'_, PyAny>, comparisons: &str) -> PyResult<String> {
    let (py, module) = (node.py(), module(node)?);
    let (low, high) = constants(&module.body);
    let largest = low.saturating_abs().max(high.saturating_abs());
    let bool_values = comparisons == "bool";
    let known = run::CONSTANTS.iter().position(|&most| largest <= most);
    let language = match known.and_then(|nth| run::wide(nth == 1, bool_values)) {
        Some(language) => Arc::clone(language),
        // As many constants as it takes to have these.
        None => {
            let comparison_values = if bool_values { ComparisonValues::Bool } else { ComparisonValues::Int };
            let config = LanguageConfig { value_range: (low, high), comparison_values, ..run::widest() };
            Language::new(config).map_err(|error| errors::config(py, &error))?
        }
    };
    let tokens = language.vocab().ast_to_tokens(&module).map_err(|error| errors::tree(py, &error))?;
    render_nodes(&language, &tokens).map_err(|error| errors::decode(py, &error))
}

/// The least and the largest constant, 0 among them where there is none: of trees that have been read, which are not deep.
fn constants(body: &[Stmt]) -> (i64, i64) {
    let mut found = None;
    body.iter().for_each(|stmt| of_stmt(stmt, &mut found));
    found.unwrap_or((0, 0))
}

fn of_stmt(stmt: &Stmt, found: &mut Option<(i64, i64)>) {
    match stmt {
        Stmt::Assign { value, .. } | Stmt::Print(value) | Stmt::Return(value) => of_expr(value, found),
        Stmt::If { condition, then, otherwise } => {
            of_expr(&condition.left, found);
            of_expr(&condition.right, found);
            then.iter().chain(otherwise).for_each(|stmt| of_stmt(stmt, found));
        }
        Stmt::For { start, stop, body, .. } => {
            start.iter().chain([stop]).for_each(|expr| of_expr(expr, found));
            body.iter().for_each(|stmt| of_stmt(stmt, found));
        }
        Stmt::Def { body, .. } => body.iter().for_each(|stmt| of_stmt(stmt, found)),
    }
}

fn of_expr(expr: &Expr, found: &mut Option<(i64, i64)>) {
    match expr {
        Expr::Var(_) => {}
        Expr::Const(value) => {
            let (low, high) = found.unwrap_or((*value, *value));
            *found = Some((low.min(*value), high.max(*value)));
        }
        Expr::BinOp { left, right, .. } => {
            of_expr(left, found);
            of_expr(right, found);
        }
        Expr::Compare(comparison) => {
            of_expr(&comparison.left, found);
            of_expr(&comparison.right, found);
        }
        Expr::Call { args, .. } => args.iter().for_each(|arg| of_expr(arg, found)),
    }
}
