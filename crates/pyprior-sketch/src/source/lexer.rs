//! Characters to words with places, indentation included.

use crate::error::{Place, SketchError, syntax};

/// Columns of indentation deeper than any program has.
const MAX_INDENT: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// A name, a keyword, or a hole.
    Name(String),
    /// The magnitude of an integer: 2^63 at most, which is one only behind a minus sign.
    Int(u64),
    Text(String),
    /// An operator or bracket.
    Sign(&'static str),
    Newline,
    Indent,
    Dedent,
    End,
}

/// Words of one line, at most: trees are no deeper than a line is long, so no walk over one uses up the stack.
const MAX_WORDS: usize = 1_000;

/// Longer signs before their beginnings.
const SIGNS: [&str; 28] = [
    "...", "..", "==", "!=", "<=", ">=", "//", "<", ">", "=", "+", "-", "*", "%", "(", ")", "{", "}", "[", "]", ",",
    ":", ".", "~", "&", "|", "^", ";",
];

/// The words of some lines, which begin at line `first`; `flat` lines may be indented as they like.
///
/// # Errors
///
/// At the first character that begins no word, and at indentation that fits no block.
pub(super) fn words(lines: &[&str], first: u32, flat: bool) -> Result<Vec<(Word, Place)>, SketchError> {
    let mut words = Vec::new();
    let mut indents = vec![0_usize];
    let mut brackets = Vec::new();
    let mut line_number = first;
    let mut begun = 0;
    for line in lines {
        let place = |column: usize| Place { line: line_number, column: column as u32 + 1 };
        let letters = line.chars().collect::<Vec<_>>();
        let indent = letters.iter().take_while(|letter| **letter == ' ').count();
        let rest = letters.get(indent..).unwrap_or_default();
        let blank = rest.first().is_none_or(|letter| *letter == '#') || ends(rest);
        if !blank && brackets.is_empty() && !flat {
            if letters[indent] == '\t' {
                return Err(syntax(place(indent), "indentation is of spaces"));
            }
            indentation(&mut words, &mut indents, indent, place(indent))?;
        }
        let mut at = indent;
        while !blank && at < letters.len() {
            let here = place(at);
            if words.len() - begun > MAX_WORDS {
                return Err(syntax(here, format!("a line of more than {MAX_WORDS} words")));
            }
            let letter = letters[at];
            let run = |keep: fn(char) -> bool| letters[at..].iter().take_while(|letter| keep(**letter)).count();
            match letter {
                ' ' | '\t' => at += 1,
                '\r' if ends(&letters[at..]) => break,
                '#' => break,
                '0'..='9' => {
                    let len = run(|letter| letter.is_ascii_alphanumeric() || letter == '_');
                    let text = letters[at..at + len].iter().filter(|letter| **letter != '_').collect::<String>();
                    let value = text.parse().ok().filter(|value| *value <= 1 << 63);
                    let value = value.ok_or_else(|| syntax(here, format!("`{text}` is no integer of 64 bits")))?;
                    words.push((Word::Int(value), here));
                    at += len;
                }
                'a'..='z' | 'A'..='Z' | '_' => {
                    let len = run(|letter| letter.is_ascii_alphanumeric() || letter == '_');
                    words.push((Word::Name(letters[at..at + len].iter().collect()), here));
                    at += len;
                }
                '"' | '\'' => {
                    let (text, len) = text(&letters[at..], here)?;
                    words.push((Word::Text(text), here));
                    at += len;
                }
                _ => {
                    let fits = |sign: &&&str| sign.chars().eq(letters[at..].iter().copied().take(sign.len()));
                    let Some(sign) = SIGNS.iter().find(fits) else {
                        return Err(syntax(here, format!("unexpected character {letter:?}")));
                    };
                    match *sign {
                        "(" | "{" | "[" => brackets.push(here),
                        ")" | "}" | "]" => drop(brackets.pop()),
                        _ => {}
                    }
                    words.push((Word::Sign(sign), here));
                    at += sign.len();
                }
            }
        }
        if !blank && brackets.is_empty() {
            words.push((Word::Newline, place(letters.len())));
            begun = words.len();
        }
        line_number += 1;
    }
    let end = Place { line: line_number, column: 1 };
    if let Some(&open) = brackets.last() {
        return Err(syntax(open, "a bracket is not closed"));
    }
    words.extend(indents.iter().skip(1).map(|_| (Word::Dedent, end)));
    words.push((Word::End, end));
    Ok(words)
}

/// Whether nothing is left of a line but its end.
fn ends(rest: &[char]) -> bool {
    rest.iter().all(|letter| matches!(letter, ' ' | '\r'))
}

fn indentation(
    words: &mut Vec<(Word, Place)>,
    indents: &mut Vec<usize>,
    indent: usize,
    place: Place,
) -> Result<(), SketchError> {
    let current = indents.last().copied().unwrap_or(0);
    if indent > current {
        if indents.len() == MAX_INDENT {
            return Err(syntax(place, format!("blocks nest more than {MAX_INDENT} deep")));
        }
        indents.push(indent);
        words.push((Word::Indent, place));
        return Ok(());
    }
    while indents.last().is_some_and(|&open| open > indent) {
        indents.pop();
        words.push((Word::Dedent, place));
    }
    match indents.last() == Some(&indent) {
        true => Ok(()),
        false => Err(syntax(place, "this indentation fits no block")),
    }
}

/// A text in quotes and how many letters it takes.
fn text(letters: &[char], place: Place) -> Result<(String, usize), SketchError> {
    let quote = letters[0];
    let (mut out, mut at) = (String::new(), 1);
    loop {
        match (letters.get(at), letters.get(at + 1)) {
            (Some(&letter), _) if letter == quote => return Ok((out, at + 1)),
            (Some('\\'), Some(&next)) => {
                out.push(match next {
                    'n' => '\n',
                    't' => '\t',
                    '\\' | '"' | '\'' => next,
                    other => return Err(syntax(place, format!("unknown escape \\{other}"))),
                });
                at += 2;
            }
            (Some(&letter), _) => {
                out.push(letter);
                at += 1;
            }
            (None, _) => return Err(syntax(place, "a text is not closed")),
        }
    }
}
