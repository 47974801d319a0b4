//! Reads the program of a sketch: Python's syntax of the language, and holes.

use pyprior_core::{BinOp, Compare};

use super::cursor::Cursor;
use super::lexer::Word;
use super::tree::{Block, Expr, ExprKind, HoleAt, Operator, Stmt, StmtKind, is_hole};
use crate::error::{Place, SketchError, syntax};

/// Words of Python that are no names of programs.
const RESERVED: [&str; 41] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield", "print", "range", "int", "prints",
    "where", "tokens",
];

/// The program in some lines, the first of which is line `first`.
pub(crate) fn read(lines: &[&str], first: u32) -> Result<Block, SketchError> {
    let mut cursor = Cursor::new(lines, first, false)?;
    let place = cursor.place();
    let mut stmts = Vec::new();
    while *cursor.peek() != Word::End {
        stmts.push(stmt(&mut cursor)?);
    }
    match stmts.is_empty() {
        true => Err(syntax(place, "the program of the sketch is empty; `...` stands for any block")),
        false => Ok(Block { place, stmts }),
    }
}

/// A name of a variable or function.
fn name(cursor: &mut Cursor, what: &str) -> Result<(String, Place), SketchError> {
    let (name, place) = cursor.expect_name(what)?;
    if RESERVED.contains(&name.as_str()) {
        return Err(syntax(place, format!("expected {what}, found `{name}`, which has a meaning of its own")));
    }
    if is_hole(&name) {
        return Err(syntax(
            place,
            format!("expected {what}, found the hole {name}: what is bound or called has a name"),
        ));
    }
    Ok((name, place))
}

fn block(cursor: &mut Cursor) -> Result<Block, SketchError> {
    cursor.expect_sign(":")?;
    if !cursor.take(&Word::Newline) {
        let place = cursor.place();
        return Ok(Block { place, stmts: vec![simple(cursor)?] });
    }
    let place = cursor.place();
    if !cursor.take(&Word::Indent) {
        return cursor.unexpected("an indented block");
    }
    let mut stmts = Vec::new();
    while !cursor.take(&Word::Dedent) {
        stmts.push(cursor.deeper(stmt)?);
    }
    Ok(Block { place, stmts })
}

fn stmt(cursor: &mut Cursor) -> Result<Stmt, SketchError> {
    let place = cursor.place();
    let kind = match cursor.peek() {
        Word::Name(word) if word == "if" => {
            cursor.next();
            branches(cursor)?
        }
        Word::Name(word) if word == "for" => {
            cursor.next();
            repeat(cursor)?
        }
        Word::Name(word) if word == "def" => {
            cursor.next();
            def(cursor)?
        }
        Word::Indent => return Err(syntax(place, "this line is indented, and nothing before it opens a block")),
        _ => return simple(cursor),
    };
    Ok(Stmt { place, kind })
}

/// A statement of one line.
fn simple(cursor: &mut Cursor) -> Result<Stmt, SketchError> {
    let place = cursor.place();
    let kind = if cursor.take_sign("...") {
        StmtKind::Any(HoleAt { name: None, place })
    } else if cursor.take_name("return") {
        StmtKind::Return(expr(cursor)?)
    } else if cursor.is_name("print") {
        cursor.next();
        cursor.expect_sign("(")?;
        let value = expr(cursor)?;
        cursor.expect_sign(")")?;
        StmtKind::Print(value)
    } else if matches!(cursor.peek(), Word::Name(word) if is_hole(word)) && *cursor.peek_second() == Word::Newline {
        StmtKind::Hole(hole(cursor)?)
    } else {
        let (target, _) = name(cursor, "a statement")?;
        cursor.expect_sign("=")?;
        StmtKind::Assign(target, expr(cursor)?)
    };
    cursor.expect_newline()?;
    Ok(Stmt { place, kind })
}

fn branches(cursor: &mut Cursor) -> Result<StmtKind, SketchError> {
    let condition = expr(cursor)?;
    let then = block(cursor)?;
    let place = cursor.place();
    if cursor.take_name("elif") {
        let kind = cursor.deeper(branches)?;
        return Ok(StmtKind::If(condition, then, Block { place, stmts: vec![Stmt { place, kind }] }));
    }
    if !cursor.take_name("else") {
        return Err(syntax(place, "an `if` of the language always has an `else`"));
    }
    Ok(StmtKind::If(condition, then, block(cursor)?))
}

fn repeat(cursor: &mut Cursor) -> Result<StmtKind, SketchError> {
    let (target, _) = name(cursor, "the variable of the loop")?;
    if !cursor.take_name("in") {
        return cursor.unexpected("`in`");
    }
    if !cursor.take_name("range") {
        return cursor.unexpected("`range`");
    }
    cursor.expect_sign("(")?;
    let first = expr(cursor)?;
    let second = if cursor.take_sign(",") { Some(expr(cursor)?) } else { None };
    cursor.expect_sign(")")?;
    let (start, stop) = match second {
        Some(stop) => (Some(first), stop),
        None => (None, first),
    };
    Ok(StmtKind::For(target, start, stop, block(cursor)?))
}

fn def(cursor: &mut Cursor) -> Result<StmtKind, SketchError> {
    let (func, _) = name(cursor, "the name of the function")?;
    cursor.expect_sign("(")?;
    let mut parameters: Vec<(String, Place)> = Vec::new();
    while !cursor.take_sign(")") {
        if !parameters.is_empty() {
            cursor.expect_sign(",")?;
        }
        let (parameter, place) = name(cursor, "a parameter")?;
        if parameters.iter().any(|(other, _)| *other == parameter) {
            return Err(syntax(place, format!("the parameter `{parameter}` is there twice")));
        }
        parameters.push((parameter, place));
    }
    Ok(StmtKind::Def(func, parameters, block(cursor)?))
}

fn hole(cursor: &mut Cursor) -> Result<HoleAt, SketchError> {
    let (name, place) = cursor.expect_name("a hole")?;
    Ok(HoleAt { name: (name != "_").then_some(name), place })
}

/// Binding power of operators, from the loosest.
fn operator(cursor: &Cursor) -> Option<(u32, Operator)> {
    Some(match cursor.peek() {
        Word::Sign("<") => (1, Operator::Compare(Compare::Lt)),
        Word::Sign("==") => (1, Operator::Compare(Compare::Eq)),
        Word::Sign("+") => (3, Operator::BinOp(BinOp::Add)),
        Word::Sign("-") => (3, Operator::BinOp(BinOp::Sub)),
        Word::Sign("*") => (4, Operator::BinOp(BinOp::Mul)),
        // A hole is looser than what is written, so that `a + b Op c` needs no rule of its own: the next loosest.
        Word::Name(word) if is_hole(word) => {
            let name = (word != "_").then(|| word.clone());
            (2, Operator::Hole(HoleAt { name, place: cursor.place() }))
        }
        _ => return None,
    })
}

fn expr(cursor: &mut Cursor) -> Result<Expr, SketchError> {
    cursor.deeper(|cursor| binary(cursor, 1))
}

fn binary(cursor: &mut Cursor, least: u32) -> Result<Expr, SketchError> {
    let mut left = atom(cursor)?;
    while let Some((power, op)) = operator(cursor).filter(|(power, _)| *power >= least) {
        let at = cursor.place();
        cursor.next();
        let right = cursor.deeper(|cursor| binary(cursor, power + 1))?;
        if power <= 2 && operator(cursor).is_some_and(|(next, _)| next == power) {
            return Err(syntax(cursor.place(), "comparisons and holes for operators do not chain: use parentheses"));
        }
        let place = if matches!(op, Operator::Hole(_)) { at } else { left.place };
        left = Expr { place, kind: ExprKind::Operation(op, Box::new(left), Box::new(right)) };
    }
    Ok(left)
}

fn atom(cursor: &mut Cursor) -> Result<Expr, SketchError> {
    let place = cursor.place();
    let kind = match cursor.peek() {
        Word::Int(_) => ExprKind::Const(cursor.expect_int()?),
        Word::Sign("-") if matches!(cursor.peek_second(), Word::Int(_)) => ExprKind::Const(cursor.expect_int()?),
        Word::Sign("(") => {
            cursor.next();
            let inner = expr(cursor)?;
            cursor.expect_sign(")")?;
            return Ok(inner);
        }
        Word::Name(word) if is_hole(word) => ExprKind::Hole(hole(cursor)?),
        Word::Name(word) if word == "int" => {
            cursor.next();
            cursor.expect_sign("(")?;
            let inner = expr(cursor)?;
            cursor.expect_sign(")")?;
            if !matches!(&inner.kind, ExprKind::Operation(Operator::Compare(_) | Operator::Hole(_), ..)) {
                return Err(syntax(inner.place, "`int` stands around a comparison alone"));
            }
            return Ok(inner);
        }
        Word::Name(_) => {
            let (word, _) = name(cursor, "an expression")?;
            match cursor.take_sign("(") {
                true => {
                    let mut args = Vec::new();
                    while !cursor.take_sign(")") {
                        if !args.is_empty() {
                            cursor.expect_sign(",")?;
                        }
                        args.push(expr(cursor)?);
                    }
                    ExprKind::Call(word, args)
                }
                false => ExprKind::Name(word),
            }
        }
        _ => return cursor.unexpected("an expression"),
    };
    Ok(Expr { place, kind })
}
