//! Lines to inputs, as at Python's prompt: brackets go on until they are closed, blocks until an empty line.

/// Longest input that is waited for; the language takes none that is longer.
const MAX: usize = 1 << 20;

/// Some lines.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) text: String,
    /// Number of the first, from 1.
    pub(super) first: usize,
}

/// An input that may not be complete. Each line is looked at once.
#[derive(Debug, Default)]
pub(super) struct Pending {
    lines: Lines,
    /// Open brackets.
    depth: usize,
    /// Whether the line goes on behind a backslash.
    joined: bool,
    /// Whether it is a line with a keyword in front and a colon.
    header: bool,
    colon: bool,
    indented: bool,
    /// Whether the last line that is complete stands in a block, or opens one.
    block: bool,
    /// Whether something has been read that is refused whatever follows.
    refused: bool,
}

impl Pending {
    /// Adds lines without their end.
    pub(super) fn push(&mut self, lines: &str, number: usize) {
        if self.lines.text.is_empty() {
            self.lines.first = number;
        }
        for line in lines.split('\n') {
            self.lines.text.push_str(line);
            self.lines.text.push('\n');
            self.look_at(line);
        }
    }

    fn look_at(&mut self, line: &str) {
        let code = line.split('#').next().unwrap_or_default().trim_end();
        let within = self.depth > 0 || self.joined;
        if !within {
            if code.is_empty() {
                self.block &= !line.trim().is_empty();
                return;
            }
            self.indented = code.starts_with([' ', '\t']);
            self.header = !self.indented && opens(code);
            self.colon = false;
        }
        for letter in code.chars() {
            match letter {
                '(' | '[' | '{' => self.depth += 1,
                ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
                ':' if self.depth == 0 => self.colon = true,
                '"' | '\'' => self.refused = true,
                _ => {}
            }
        }
        self.joined = code.ends_with('\\');
        if self.depth == 0 && !self.joined {
            self.block = (self.indented && self.block) || (self.header && self.colon);
        }
    }

    /// Whether more belongs to it.
    pub(super) fn is_open(&self) -> bool {
        let open = self.depth > 0 || self.joined || self.block;
        open && !self.refused && self.lines.text.len() <= MAX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.text.is_empty()
    }

    /// Whether a block is open that does not go on with this line.
    pub(super) fn ends_before(&self, line: &str) -> bool {
        let goes_on = line.trim().is_empty() || line.starts_with([' ', '\t', '#']) || is_branch(line);
        self.block && self.depth == 0 && !self.joined && !goes_on
    }

    /// What has been read; then there is nothing.
    pub(super) fn take(&mut self) -> Lines {
        std::mem::take(self).lines
    }
}

fn word(code: &str) -> &str {
    let end = code.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(code.len());
    &code[..end]
}

/// Whether a line starts a statement with blocks; those that the language lacks are refused in one piece.
fn opens(code: &str) -> bool {
    matches!(word(code), "def" | "if" | "for" | "while" | "class" | "with" | "try" | "async" | "match")
        || is_branch(code)
}

fn is_branch(line: &str) -> bool {
    matches!(word(line), "else" | "elif")
}

#[cfg(test)]
mod tests {
    use super::Pending;

    /// The inputs that lines make at a terminal.
    fn inputs(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut pending = Pending::default();
        for line in text.split('\n') {
            pending.push(line, 1);
            if !pending.is_open() {
                found.push(pending.take().text);
            }
        }
        found.push(pending.take().text);
        found
    }

    #[test]
    fn inputs_end_where_they_do_in_python() {
        assert_eq!(inputs("x = 1\ny = 2"), ["x = 1\n", "y = 2\n", ""]);
        assert_eq!(inputs("def f(n):\n  return n\n\nx"), ["def f(n):\n  return n\n\n", "x\n", ""]);
        assert_eq!(
            inputs("if a < b: # (\n  x = 1\nelse:\n  x = 2\n\n"),
            ["if a < b: # (\n  x = 1\nelse:\n  x = 2\n\n", "\n", ""]
        );
        assert_eq!(inputs("for i in range(3): print(i)\n\n"), ["for i in range(3): print(i)\n\n", "\n", ""]);
        assert_eq!(inputs("x = (1 +\n\n2)\ny"), ["x = (1 +\n\n2)\n", "y\n", ""]);
        assert_eq!(
            inputs("def f(\n  a\n):\n  # remark\n  return a\n\ny"),
            ["def f(\n  a\n):\n  # remark\n  return a\n\n", "y\n", ""]
        );
        assert_eq!(inputs("x = 1 + \\\n2\ny"), ["x = 1 + \\\n2\n", "y\n", ""]);
        // What no line can mend is refused at once.
        assert_eq!(
            inputs("def f(n)\n  x = 1\n)\nprint('(')\ny"),
            ["def f(n)\n", "  x = 1\n", ")\n", "print('(')\n", "y\n", ""]
        );
        // Names that start like keywords; an input that ends within.
        assert_eq!(inputs("format = 1\niffy\ndef f():\n  x"), ["format = 1\n", "iffy\n", "def f():\n  x\n"]);
        // What is pasted in one piece.
        let mut pending = Pending::default();
        pending.push("def f(n):\n  x = n\n\n  return x\nprint(f(1))", 1);
        assert!(!pending.is_open());
    }
}
