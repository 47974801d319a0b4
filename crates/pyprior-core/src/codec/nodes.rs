//! Source as 0.0.2 writes what it runs: variables and functions by their numbers, and an empty line between the module's statements.

use std::fmt::Write as _;

use super::tree::{self, DecodeError, EncodeTreeError};
use crate::ast::{BinOp, Compare, Comparison, Expr, Module, Stmt};
use crate::config::ComparisonValues;
use crate::language::Language;

/// The source of a complete program under the names of its tokens, `VAR_1` and `func_1`: what 0.0.2 hands to Python.
///
/// Where comparisons are integers, they are written `int(a < b)`.
///
/// # Errors
///
/// [`DecodeError`] if the tokens are no complete program.
pub fn render_nodes(language: &Language, tokens: &[u32]) -> Result<String, DecodeError> {
    // What is read from tokens is not deep.
    let module = language.vocab().tokens_to_ast(tokens)?;
    Ok(written(&module, language.config().comparison_values))
}

/// The source of a tree, as [`render_nodes`] writes it, whatever its constants. Whether it is a program of some language is
/// for that language to say.
///
/// ```
/// use pyprior_core::ast::{Expr, Module, Stmt};
/// use pyprior_core::{ComparisonValues, render_tree};
///
/// let module = Module { body: vec![Stmt::Print(Expr::Const(1 << 40))] };
/// assert_eq!(render_tree(&module, ComparisonValues::Int)?, "print(1099511627776)");
/// # Ok::<(), pyprior_core::EncodeTreeError>(())
/// ```
///
/// # Errors
///
/// [`EncodeTreeError`] if a block has no statement or more than 255, a call does not fit its function, or the tree has too
/// many levels.
pub fn render_tree(module: &Module, comparison_values: ComparisonValues) -> Result<String, EncodeTreeError> {
    tree::check(module)?;
    Ok(written(module, comparison_values))
}

/// Of trees that are not deep.
fn written(module: &Module, comparison_values: ComparisonValues) -> String {
    let int = comparison_values == ComparisonValues::Int;
    let mut writer = Writer { out: String::new(), int };
    for (nth, stmt) in module.body.iter().enumerate() {
        if nth > 0 {
            writer.out.push('\n');
        }
        writer.stmt(stmt, 0);
    }
    writer.out.pop();
    writer.out
}

struct Writer {
    out: String,
    int: bool,
}

impl Writer {
    /// Writing to a string cannot fail.
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        _ = self.out.write_fmt(text);
    }

    fn block(&mut self, block: &[Stmt], indent: usize) {
        block.iter().for_each(|stmt| self.stmt(stmt, indent));
    }

    fn start(&mut self, indent: usize) {
        (0..indent).for_each(|_| self.out.push_str("    "));
    }

    fn stmt(&mut self, stmt: &Stmt, indent: usize) {
        self.start(indent);
        match stmt {
            Stmt::Assign { target, value } => {
                self.put(format_args!("VAR_{target} = "));
                self.expr(value);
                self.out.push('\n');
            }
            Stmt::Print(value) => {
                self.out.push_str("print(");
                self.expr(value);
                self.out.push_str(")\n");
            }
            Stmt::Return(value) => {
                self.out.push_str("return ");
                self.expr(value);
                self.out.push('\n');
            }
            Stmt::If { condition, then, otherwise } => {
                self.out.push_str("if ");
                self.comparison(condition);
                self.out.push_str(":\n");
                self.block(then, indent + 1);
                self.start(indent);
                self.out.push_str("else:\n");
                self.block(otherwise, indent + 1);
            }
            Stmt::For { target, start, stop, body } => {
                self.put(format_args!("for VAR_{target} in range("));
                if let Some(start) = start {
                    self.expr(start);
                    self.out.push_str(", ");
                }
                self.expr(stop);
                self.out.push_str("):\n");
                self.block(body, indent + 1);
            }
            Stmt::Def { func, arity, body } => {
                let parameters = (1..=*arity).map(|var| format!("VAR_{var}")).collect::<Vec<_>>();
                self.put(format_args!("def func_{func}({}):\n", parameters.join(", ")));
                self.block(body, indent + 1);
            }
        }
    }

    fn comparison(&mut self, comparison: &Comparison) {
        self.expr(&comparison.left);
        self.out.push_str(match comparison.op {
            Compare::Lt => " < ",
            Compare::Eq => " == ",
        });
        self.expr(&comparison.right);
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Var(var) => self.put(format_args!("VAR_{var}")),
            Expr::Const(value) => self.put(format_args!("{value}")),
            Expr::BinOp { op, left, right } => {
                self.out.push('(');
                self.expr(left);
                self.out.push_str(match op {
                    BinOp::Add => " + ",
                    BinOp::Sub => " - ",
                    BinOp::Mul => " * ",
                });
                self.expr(right);
                self.out.push(')');
            }
            Expr::Compare(comparison) => {
                self.out.push_str(if self.int { "int(" } else { "(" });
                self.comparison(comparison);
                self.out.push(')');
            }
            Expr::Call { func, args } => {
                self.put(format_args!("func_{func}("));
                for (nth, arg) in args.iter().enumerate() {
                    if nth > 0 {
                        self.out.push_str(", ");
                    }
                    self.expr(arg);
                }
                self.out.push(')');
            }
        }
    }
}
