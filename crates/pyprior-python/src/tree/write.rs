//! Nodes as source, under the names that they have.

use std::collections::HashSet;
use std::fmt::Write as _;

use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyString};
use pyprior_core::{ComparisonValues, EncodeTreeError, render_tree};

use super::Kind;
use super::read::{Reader, constant, module, no_program, reader, text};
use crate::errors;

/// Statements of a block, at most: as in trees.
const MAX_BLOCK: usize = 255;

struct Writer<'py, T> {
    reader: Reader<'py, T>,
    out: String,
    /// What stands before a comparison as a value.
    comparison: &'static str,
    /// Names that have been looked at.
    known: HashSet<String>,
}

/// Operators, and what messages say of others.
type Operators = (&'static [&'static str], &'static str);

const ARITHMETIC: Operators = (&["+", "-", "*"], "operator: + - * are");
const COMPARISONS: Operators = (&["<", "=="], "comparison: < and == are");

impl<'py, T: Iterator<Item = ()>> Writer<'py, T> {
    /// Writing to a string cannot fail.
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        _ = self.out.write_fmt(text);
    }

    fn start(&mut self, indent: usize) {
        (0..indent).for_each(|_| self.out.push_str("    "));
    }

    /// A name, which must be one in Python.
    fn name(&mut self, given: &Bound<'py, PyAny>, what: &str) -> PyResult<String> {
        let name = text(given, what)?;
        if !self.known.contains(&name) {
            let is_keyword = given.py().import("keyword")?.call_method1("iskeyword", (&name,))?.is_truthy()?;
            if is_keyword || !PyString::new(given.py(), &name).call_method0("isidentifier")?.is_truthy()? {
                return Err(self.reader.refuse(format!("{name:?} is no name")));
            }
            self.known.insert(name.clone());
        }
        Ok(name)
    }

    /// The name of a function, in lower case as 0.0.2 writes it.
    fn func(&mut self, node: &Bound<'py, PyAny>, part: &str) -> PyResult<String> {
        let given = self.reader.part(node, part)?;
        Ok(self.name(&given, "a function's name")?.to_lowercase())
    }

    /// The parts of a part of a node, which may have been looked at before and will be again.
    fn parts(&self, node: &Bound<'py, PyAny>, part: &str) -> PyResult<Bound<'py, PyIterator>> {
        let parts = self.reader.part(node, part)?;
        let each = parts.try_iter()?;
        match each.is(&parts) {
            true => Err(self.reader.refuse(format!("{part} is an iterator; a tuple is needed"))),
            false => Ok(each),
        }
    }

    fn block(
        &mut self,
        node: &Bound<'py, PyAny>,
        part: &str,
        depth: u32,
        indent: usize,
        between: &str,
    ) -> PyResult<()> {
        let mut len = 0;
        for stmt in self.parts(node, part)? {
            if len > 0 {
                self.out.push_str(between);
            }
            len += 1;
            self.stmt(&stmt?, depth, indent)?;
        }
        match (1..=MAX_BLOCK).contains(&len) {
            true => Ok(()),
            false => Err(errors::tree(node.py(), &EncodeTreeError::BlockLen { len })),
        }
    }

    fn stmt(&mut self, node: &Bound<'py, PyAny>, depth: u32, indent: usize) -> PyResult<()> {
        let kind = self.reader.open(node, depth)?;
        self.start(indent);
        self.open_stmt(kind, node, depth + 1, indent)
    }

    fn open_stmt(&mut self, kind: Kind, node: &Bound<'py, PyAny>, depth: u32, indent: usize) -> PyResult<()> {
        let part = |writer: &Self, name: &str| writer.reader.part(node, name);
        match kind {
            Kind::Assign => {
                let name = self.name(&part(self, "name")?, "a name")?;
                self.put(format_args!("{name} = "));
                self.expr(&part(self, "value")?, depth)?;
            }
            Kind::Print => {
                self.out.push_str("print(");
                self.expr(&part(self, "value")?, depth)?;
                self.out.push(')');
            }
            Kind::Return => {
                self.out.push_str("return ");
                self.expr(&part(self, "value")?, depth)?;
            }
            Kind::If => {
                self.out.push_str("if ");
                self.condition(&part(self, "test")?, depth)?;
                self.out.push_str(":\n");
                self.block(node, "body", depth, indent + 1, "")?;
                self.start(indent);
                self.out.push_str("else:\n");
                return self.block(node, "orelse", depth, indent + 1, "");
            }
            Kind::For => {
                let name = self.name(&part(self, "var")?, "a name")?;
                self.put(format_args!("for {name} in range("));
                let start = part(self, "start")?;
                if !start.is_none() {
                    self.expr(&start, depth)?;
                    self.out.push_str(", ");
                }
                self.expr(&part(self, "count")?, depth)?;
                self.out.push_str("):\n");
                return self.block(node, "body", depth, indent + 1, "");
            }
            Kind::Func => {
                let name = self.func(node, "name")?;
                self.put(format_args!("def {name}("));
                for (nth, param) in self.parts(node, "params")?.enumerate() {
                    let param = self.name(&param?, "a name")?;
                    self.put(format_args!("{}{param}", if nth > 0 { ", " } else { "" }));
                }
                self.out.push_str("):\n");
                return self.block(node, "body", depth, indent + 1, "");
            }
            other => return Err(self.reader.refuse(format!("a {} is no statement", other.name()))),
        }
        self.out.push('\n');
        Ok(())
    }

    fn condition(&mut self, node: &Bound<'py, PyAny>, depth: u32) -> PyResult<()> {
        match self.reader.open(node, depth)? {
            Kind::Compare => self.operands(node, COMPARISONS, depth),
            other => Err(self.reader.refuse(format!("a {} is no comparison", other.name()))),
        }
    }

    fn operands(&mut self, node: &Bound<'py, PyAny>, (known, what): Operators, depth: u32) -> PyResult<()> {
        let given = text(&self.reader.part(node, "op")?, "an operator")?;
        let found = known.iter().find(|operator| **operator == given);
        let found = found.ok_or_else(|| self.reader.refuse(format!("{given:?} is no {what}")))?;
        self.expr(&self.reader.part(node, "left")?, depth + 1)?;
        self.put(format_args!(" {found} "));
        self.expr(&self.reader.part(node, "right")?, depth + 1)
    }

    fn expr(&mut self, node: &Bound<'py, PyAny>, depth: u32) -> PyResult<()> {
        match self.reader.open(node, depth)? {
            Kind::Var => {
                let name = self.name(&self.reader.part(node, "name")?, "a name")?;
                self.out.push_str(&name);
            }
            Kind::IntLit => {
                let value = constant(&self.reader.part(node, "value")?)?;
                self.put(format_args!("{value}"));
            }
            Kind::BinOp => {
                self.out.push('(');
                self.operands(node, ARITHMETIC, depth)?;
                self.out.push(')');
            }
            Kind::Compare => {
                self.out.push_str(self.comparison);
                self.operands(node, COMPARISONS, depth)?;
                self.out.push(')');
            }
            Kind::Call => {
                let name = self.func(node, "func")?;
                self.put(format_args!("{name}("));
                for (nth, arg) in self.parts(node, "args")?.enumerate() {
                    if nth > 0 {
                        self.out.push_str(", ");
                    }
                    self.expr(&arg?, depth + 1)?;
                }
                self.out.push(')');
            }
            other => return Err(self.reader.refuse(format!("a {} is no expression", other.name()))),
        }
        Ok(())
    }
}

/// Source of a `Module` or `Func` under the names of its nodes, which need not be those of tokens; an empty line between a
/// module's statements. Whether it is a program is for whoever reads it to say.
///
/// Raises TreeError for nodes that are none and names that Python would not take, and TypeError for what is no node. Other
/// threads of Python run meanwhile, so no lock may be held.
pub(crate) fn source(node: &Bound<'_, PyAny>, comparisons: ComparisonValues) -> PyResult<String> {
    let py = node.py();
    let comparison = if comparisons == ComparisonValues::Int { "int(" } else { "(" };
    let mut writer = Writer { reader: reader(py)?, out: String::new(), comparison, known: HashSet::new() };
    match writer.reader.open(node, 0)? {
        Kind::Module => writer.block(node, "body", 0, 0, "\n")?,
        Kind::Func => writer.open_stmt(Kind::Func, node, 1, 0)?,
        other => return Err(no_program(py, other)),
    }
    writer.out.pop();
    Ok(writer.out)
}

/// Source of a `Module` or `Func`. Comparisons as values are `int` or `bool`.
#[pyfunction]
pub fn render(node: &Bound<'_, PyAny>, comparisons: &str) -> PyResult<String> {
    let py = node.py();
    let comparison_values = match comparisons {
        "int" => ComparisonValues::Int,
        "bool" => ComparisonValues::Bool,
        other => return Err(errors::unknown_value(py, "comparison_values", other, "\"bool\" or \"int\"")),
    };
    let written = source(node, comparison_values)?;
    // Under names of tokens it can be told whether calls fit.
    if let Ok(module) = module(node) {
        py.detach(|| render_tree(&module, comparison_values)).map_err(|error| errors::tree(py, &error))?;
    }
    Ok(written)
}
