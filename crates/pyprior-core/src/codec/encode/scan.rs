//! A look at the source before it is parsed, without recursion.
//!
//! Parsers recurse, and so does dropping what they make. This pass bounds how deep: brackets, blocks, operators and
//! calls may nest only so far. It also refuses every token that no program holds, at its own position. What is not
//! Python at all is for the parser to say.

use super::Refusal;
use super::error::EncodeErrorKind as Kind;
use super::lacking;

/// Nested brackets, as many as CPython takes. Redundant parentheses are no nesting to the language.
pub(super) const MAX_BRACKETS: usize = 200;
/// Nested blocks, as many as CPython takes; no language has more than 21.
pub(super) const MAX_INDENTS: usize = 100;
/// Nested operators and calls: the largest limit of any language, and the comparison of a condition around them.
const MAX_DEPTH: u32 = 61;

/// What the parser may read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scanned {
    /// All of it.
    Whole,
    /// The part before this offset, whose end is a syntax error.
    Until(usize),
}

/// What stands before a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing: the token starts a logical line.
    Line,
    /// Something that a value follows.
    Operator,
    /// The `-` of a negative constant.
    Negation,
    /// A name or number.
    Operand,
    /// `print`, `range` or `int`, whose calls are no nesting to the language.
    Builtin,
    /// `)`
    Close,
}

/// The depth of the expression so far within one pair of brackets.
#[derive(Clone, Copy, Default)]
struct Frame {
    /// Whether the bracket opens the arguments of a call, and whether that call is nesting to the language.
    arguments_of: bool,
    call: bool,
    /// Of the left side of a pending comparison, of `+` or `-`, of `*`.
    compared: Option<u32>,
    sum: Option<u32>,
    product: Option<u32>,
    operand: u32,
    /// Of the arguments before this one.
    arguments: u32,
    /// Calls of what stands before them, such as `(f)(x)`.
    calls: u32,
}

impl Frame {
    fn term(&self) -> u32 {
        self.product.map_or(self.operand, |left| 1 + left.max(self.operand))
    }

    fn total(&self) -> u32 {
        self.sum.map_or(self.term(), |left| 1 + left.max(self.term()))
    }

    fn whole(&self) -> u32 {
        self.compared.map_or(self.total(), |left| 1 + left.max(self.total())).max(self.arguments)
    }

    fn multiply(&mut self) -> u32 {
        let left = self.term();
        *self = Self { product: Some(left), operand: 0, calls: 0, ..*self };
        left
    }

    fn add(&mut self) -> u32 {
        let left = self.total();
        *self = Self { sum: Some(left), product: None, operand: 0, calls: 0, ..*self };
        left
    }

    fn compare(&mut self) -> u32 {
        let left = self.total().max(self.compared.unwrap_or(0));
        *self = Self { compared: Some(left), sum: None, product: None, operand: 0, calls: 0, ..*self };
        left
    }

    fn comma(&mut self) {
        let Self { arguments_of, call, .. } = *self;
        *self = Self { arguments_of, call, arguments: self.whole(), ..Self::default() };
    }
}

/// Scans a source without zero bytes. `max_expr_depth` is the language's, for the message.
pub(super) fn scan(source: &str, max_expr_depth: u32) -> Result<Scanned, Refusal> {
    let mut scanner = Scanner {
        bytes: source.as_bytes(),
        at: 0,
        max_expr_depth,
        before: Before::Line,
        frame: Frame::default(),
        outer: Vec::new(),
        indents: Vec::new(),
        for_header: false,
        def_header: false,
    };
    scanner.indentation()?;
    while scanner.at < scanner.bytes.len() {
        if !scanner.token()? {
            // The parser sees the token that is wrong, and nothing behind it that would not have been looked at.
            let end = (scanner.at + 1..=source.len()).find(|&end| source.is_char_boundary(end));
            return Ok(Scanned::Until(end.unwrap_or(source.len())));
        }
    }
    Ok(Scanned::Whole)
}

struct Scanner<'s> {
    bytes: &'s [u8],
    at: usize,
    max_expr_depth: u32,
    before: Before,
    frame: Frame,
    /// The frames of the brackets around.
    outer: Vec<Frame>,
    /// Widths of the indentations around the line.
    indents: Vec<usize>,
    /// Within `for … in`, whose `in` is no test.
    for_header: bool,
    /// Within the header of a def.
    def_header: bool,
}

impl Scanner<'_> {
    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn refuse<T>(&self, kind: Kind) -> Result<T, Refusal> {
        Err(Refusal { at: self.at, kind })
    }

    /// Whether the next token stands where a value is expected.
    fn prefix(&self) -> bool {
        matches!(self.before, Before::Line | Before::Operator | Before::Negation)
    }

    /// Reads the white space at the start of a line, and counts the blocks around a line that holds something.
    fn indentation(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        while matches!(self.byte(0), b' ' | b'\t' | 0x0c) {
            self.at += 1;
        }
        if matches!(self.byte(0), b'\n' | b'\r' | b'#' | 0) {
            return Ok(());
        }
        // Tabs reach to the next multiple of eight, as in CPython; mixtures that this misjudges are syntax errors.
        let width = |width: usize, &byte: &u8| match byte {
            b'\t' => (width / 8 + 1) * 8,
            0x0c => 0,
            _ => width + 1,
        };
        let width = self.bytes[start..self.at].iter().fold(0, width);
        while self.indents.last().is_some_and(|&outer| outer >= width) {
            self.indents.pop();
        }
        if width > 0 {
            self.indents.push(width);
        }
        match self.indents.len() > MAX_INDENTS {
            true => self.refuse(Kind::Indentation { max: MAX_INDENTS }),
            false => Ok(()),
        }
    }

    fn line_end(&mut self) -> Result<(), Refusal> {
        self.at += if self.byte(0) == b'\r' && self.byte(1) == b'\n' { 2 } else { 1 };
        if self.outer.is_empty() {
            self.frame = Frame::default();
            self.before = Before::Line;
            self.for_header = false;
            self.def_header = false;
            self.indentation()?;
        }
        Ok(())
    }

    /// Reads a token; `false` if it can only be a syntax error.
    fn token(&mut self) -> Result<bool, Refusal> {
        match self.byte(0) {
            b' ' | b'\t' | 0x0c => self.at += 1,
            b'\n' | b'\r' => self.line_end()?,
            b'#' => {
                let rest = &self.bytes[self.at..];
                self.at += rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
            }
            b'\\' => match (self.byte(1), self.byte(2)) {
                (b'\r', b'\n') => self.at += 3,
                (b'\r' | b'\n', _) => self.at += 2,
                _ => return Ok(false),
            },
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => return self.word(),
            b'0'..=b'9' => self.number()?,
            b'"' | b'\'' => return self.refuse(lacking::STRINGS),
            b'.' => {
                return self.refuse(match (self.byte(1), self.byte(2)) {
                    (b'0'..=b'9', _) => lacking::FLOATS,
                    (b'.', b'.') => lacking::ELLIPSIS,
                    _ => lacking::ATTRIBUTES,
                });
            }
            b'(' => self.open()?,
            b')' => self.close()?,
            b'[' | b']' => {
                return self.refuse(if self.def_header { lacking::TYPE_PARAMETERS } else { lacking::LISTS });
            }
            b'{' | b'}' => return self.refuse(lacking::BRACES),
            _ => return self.operator(),
        }
        Ok(true)
    }

    fn word(&mut self) -> Result<bool, Refusal> {
        let rest = &self.bytes[self.at..];
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
        let len = rest.iter().position(|byte| !part(byte)).unwrap_or(rest.len());
        let word = &rest[..len];
        if matches!(self.byte(len), b'"' | b'\'') {
            return self.refuse(lacking::STRINGS);
        }
        let starts = self.before == Before::Line;
        let after = match word {
            b"def" | b"if" | b"elif" | b"else" | b"for" if starts => {
                self.def_header = word == b"def";
                self.for_header = word == b"for";
                Before::Operator
            }
            b"if" if !self.prefix() => return self.refuse(lacking::CONDITIONALS),
            b"for" if !self.outer.is_empty() => return self.refuse(lacking::COMPREHENSIONS),
            b"def" | b"if" | b"elif" | b"else" | b"for" => return Ok(false),
            b"in" if self.for_header && self.outer.is_empty() => {
                self.for_header = false;
                self.frame = Frame::default();
                Before::Operator
            }
            b"in" => return self.refuse(lacking::MEMBERSHIP),
            b"not" if !self.prefix() => return self.refuse(lacking::MEMBERSHIP),
            b"return" => Before::Operator,
            b"print" | b"range" | b"int" => Before::Builtin,
            _ => match lacking::keyword(word) {
                Some(kind) => return self.refuse(kind),
                None => Before::Operand,
            },
        };
        self.at += len;
        self.before = after;
        Ok(true)
    }

    fn number(&mut self) -> Result<(), Refusal> {
        let rest = &self.bytes[self.at..];
        let digits = |from: usize, digit: fn(&u8) -> bool| {
            let rest = rest.get(from..).unwrap_or_default();
            from + rest.iter().position(|byte| !digit(byte) && *byte != b'_').unwrap_or(rest.len())
        };
        let end = match (self.byte(0), self.byte(1)) {
            (b'0', b'x' | b'X') => digits(2, u8::is_ascii_hexdigit),
            (b'0', b'o' | b'O' | b'b' | b'B') => digits(2, u8::is_ascii_digit),
            _ => {
                let end = digits(0, u8::is_ascii_digit);
                let exponent = match self.byte(end + 1) {
                    b'+' | b'-' => self.byte(end + 2).is_ascii_digit(),
                    next => next.is_ascii_digit(),
                };
                match self.byte(end) {
                    b'.' | b'j' | b'J' => return self.refuse(lacking::FLOATS),
                    b'e' | b'E' if exponent => return self.refuse(lacking::FLOATS),
                    _ => end,
                }
            }
        };
        self.at += end;
        self.before = Before::Operand;
        Ok(())
    }

    fn open(&mut self) -> Result<(), Refusal> {
        if self.outer.len() == MAX_BRACKETS {
            return self.refuse(Kind::Brackets { max: MAX_BRACKETS });
        }
        if self.before == Before::Close {
            self.frame.calls += 1;
            if self.frame.calls > 1 {
                return self.refuse(lacking::CHAINED_CALLS);
            }
        }
        self.outer.push(self.frame);
        let call = self.before == Before::Operand;
        let arguments_of = call || matches!(self.before, Before::Builtin | Before::Close);
        self.frame = Frame { arguments_of, call, ..Frame::default() };
        self.before = Before::Operator;
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) -> Result<(), Refusal> {
        // A bracket too many is for the parser to find.
        if let Some(outer) = self.outer.pop() {
            let depth = self.frame.whole() + u32::from(self.frame.call);
            self.deep(depth)?;
            self.frame = Frame { operand: depth.max(outer.operand), ..outer };
        }
        self.before = Before::Close;
        self.at += 1;
        Ok(())
    }

    fn deep(&self, depth: u32) -> Result<(), Refusal> {
        match depth > MAX_DEPTH {
            true => self.refuse(Kind::ExprDepth { max: self.max_expr_depth }),
            false => Ok(()),
        }
    }

    fn operator(&mut self) -> Result<bool, Refusal> {
        let (first, second) = (self.byte(0), self.byte(1));
        let inside = !self.outer.is_empty();
        let augmented = |operator| if second == b'=' { lacking::AUGMENTED } else { operator };
        let longer = |kind| if self.byte(2) == b'=' { lacking::AUGMENTED } else { kind };
        let depth = match (first, second) {
            (b'+' | b'-' | b'*', b'=') => return self.refuse(lacking::AUGMENTED),
            (b'-', b'>') => return self.refuse(lacking::ANNOTATIONS),
            (b'*', b'*') if self.prefix() => return self.refuse(lacking::STARRED),
            (b'*', b'*') => return self.refuse(longer(lacking::POWER)),
            (b'*', _) if self.prefix() => return self.refuse(lacking::STARRED),
            (b'+', _) if self.prefix() => return self.refuse(lacking::UNARY_PLUS),
            (b'-', _) if self.before == Before::Negation => return self.refuse(lacking::NEGATION),
            (b'-', _) if self.prefix() => {
                self.at += 1;
                self.before = Before::Negation;
                return Ok(true);
            }
            // These stand between two values.
            (b'/' | b'%' | b'<' | b'>' | b'&' | b'|' | b'^' | b'!', _) | (b'=', b'=')
                if self.prefix() && !self.def_header =>
            {
                return Ok(false);
            }
            (b'*', _) => self.frame.multiply(),
            (b'+' | b'-', _) => self.frame.add(),
            (b'/', b'/') => return self.refuse(longer(lacking::DIVISION)),
            (b'/', _) if self.def_header => return self.refuse(lacking::STARRED),
            (b'/', _) => return self.refuse(augmented(lacking::DIVISION)),
            (b'%', _) => return self.refuse(augmented(lacking::MODULO)),
            (b'@', _) if self.before == Before::Line => return self.refuse(lacking::DECORATORS),
            (b'@', _) => return self.refuse(augmented(lacking::MATRIX)),
            (b'<', b'<') | (b'>', b'>') => return self.refuse(longer(lacking::BITWISE)),
            (b'&' | b'|' | b'^', _) => return self.refuse(augmented(lacking::BITWISE)),
            (b'~', _) => return self.refuse(lacking::INVERSION),
            (b'<', b'=') => return self.refuse(lacking::LESS_EQUAL),
            (b'>', b'=') => return self.refuse(lacking::GREATER_EQUAL),
            (b'>', _) => return self.refuse(lacking::GREATER),
            (b'!', b'=') => return self.refuse(lacking::NOT_EQUAL),
            (b':', b'=') => return self.refuse(lacking::WALRUS),
            (b'<', _) | (b'=', b'=') => {
                if self.frame.compared.is_some() {
                    return self.refuse(lacking::CHAINED);
                }
                self.frame.compare()
            }
            (b'=', _) if inside && self.def_header => return self.refuse(lacking::DEFAULTS),
            (b'=', _) if self.frame.arguments_of => return self.refuse(lacking::KEYWORDS),
            (b'=', _) if inside => return Ok(false),
            (b':', _) if inside && self.def_header && !self.prefix() => return self.refuse(lacking::ANNOTATIONS),
            (b':', _) if inside => return Ok(false),
            (b',', _) if inside => {
                self.frame.comma();
                0
            }
            (b',', _) => return self.refuse(lacking::TUPLES),
            (b'=' | b':' | b';', _) => {
                self.frame = Frame::default();
                self.def_header = false;
                0
            }
            _ => return Ok(false),
        };
        self.deep(depth + 1)?;
        self.at += if first == b'=' && second == b'=' { 2 } else { 1 };
        self.before = Before::Operator;
        Ok(true)
    }
}
