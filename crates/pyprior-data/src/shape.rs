//! What the tokens of a program show in one pass.

use pyprior_core::{Symbol, Vocab};

/// What the tokens of a program show in one pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape {
    /// Variables, each once in its scope; parameters are variables of their function.
    pub variables: u32,
    /// Largest absolute value of a constant, if there is one.
    pub largest_constant: Option<u64>,
    /// Place of the first `if` among the tokens, counted from 0.
    pub first_if: Option<u32>,
    /// Place of the first `for`.
    pub first_for: Option<u32>,
}

/// Variables that have been seen in a scope, by number.
#[derive(Clone, Copy, Default)]
struct Seen([u64; 4]);

impl Seen {
    fn add(&mut self, variable: u8) {
        self.0[usize::from(variable >> 6)] |= 1 << (variable & 63);
    }

    fn count(self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}

impl Shape {
    /// Of a complete program; of anything else, nothing in particular.
    pub fn of(vocab: &Vocab, tokens: &[u32]) -> Self {
        let mut shape = Self::default();
        let (mut module, mut function) = (Seen::default(), Seen::default());
        let mut arities = [0_u8; 256];
        // Holes that are open; how many there were when the def began that the pass is in, and which def that is.
        let (mut open, mut def) = (1_u64, None::<(u64, u8)>);
        let mut callee = false;
        for (nth, &token) in tokens.iter().enumerate() {
            let Some(symbol) = vocab.symbol(token) else { continue };
            let opens: u64 = match symbol {
                Symbol::Func(func) if callee => arities[usize::from(func)].into(),
                Symbol::Func(func) => {
                    def = Some((open - 1, func));
                    2
                }
                Symbol::Arity(arity) => {
                    if let Some((_, func)) = def {
                        arities[usize::from(func)] = arity;
                    }
                    (1..=arity).for_each(|parameter| function.add(parameter));
                    0
                }
                Symbol::Var(variable) => {
                    if def.is_some() { &mut function } else { &mut module }.add(variable);
                    0
                }
                Symbol::Const(value) => {
                    shape.largest_constant = shape.largest_constant.max(Some(value.unsigned_abs()));
                    0
                }
                Symbol::BinOp(_) | Symbol::Compare(_) | Symbol::Assign => 2,
                Symbol::Block(statements) => statements.into(),
                Symbol::Return | Symbol::Print | Symbol::Call => 1,
                Symbol::If | Symbol::For | Symbol::For2 => {
                    let first = if symbol == Symbol::If { &mut shape.first_if } else { &mut shape.first_for };
                    first.get_or_insert(u32::try_from(nth).unwrap_or(u32::MAX));
                    if symbol == Symbol::For2 { 4 } else { 3 }
                }
                Symbol::Other(_) | Symbol::Pad => continue,
            };
            callee = symbol == Symbol::Call;
            open = (open + opens).saturating_sub(1);
            if def.is_some_and(|(before, _)| open == before) {
                shape.variables += std::mem::take(&mut function).count();
                def = None;
            }
        }
        shape.variables += module.count();
        shape
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use pyprior_core::{Language, LanguageConfig, ProgramSampler, Renderer};

    use super::*;

    /// In source text every scope gives its variables names of their own: words that are no keyword and no function.
    fn by_source(source: &str) -> (u32, Option<u64>) {
        let words = source.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        let (mut functions, mut names, mut largest) = (HashSet::new(), HashSet::new(), None);
        let mut before = "";
        for word in words {
            match (word.parse::<u64>(), word) {
                (Ok(number), _) => largest = largest.max(Some(number)),
                (_, "def" | "return" | "if" | "else" | "for" | "in" | "range" | "print" | "int" | "pass") => {}
                _ if before == "def" => drop(functions.insert(word)),
                _ => drop(names.insert(word)),
            }
            before = word;
        }
        (names.difference(&functions).count() as u32, largest)
    }

    #[test]
    fn source_text_shows_the_same() {
        for (max_len, base_vocab) in [(30, 0), (80, 1000)] {
            let config = LanguageConfig {
                max_len: Some(max_len),
                base_vocab,
                max_vars: 6,
                value_range: (-20, 30),
                max_block_stmts: 4,
                ..LanguageConfig::default()
            };
            let language = Language::new(config).unwrap();
            let programs = ProgramSampler::new(&language, 3).sample(0..3000).unwrap();
            let mut renderer = Renderer::new(&language);
            let mut seen = [0; 4];
            for tokens in programs.iter() {
                let source = renderer.render(tokens).unwrap();
                let shape = Shape::of(language.vocab(), tokens);
                assert_eq!((shape.variables, shape.largest_constant), by_source(source), "{source}");
                let first = |name: &str| tokens.iter().position(|&token| language.vocab().name(token) == Some(name));
                assert_eq!(shape.first_if, first("IF").map(|place| place as u32));
                let loops = [first("FOR"), first("FOR2")].into_iter().flatten().min();
                assert_eq!(shape.first_for, loops.map(|place| place as u32));
                seen[0] += u32::from(shape.variables > 3);
                seen[1] += u32::from(source.starts_with("def"));
                seen[2] += u32::from(shape.first_if.is_some());
                seen[3] += u32::from(shape.first_for.is_some());
            }
            assert!(seen.iter().all(|&count| count > 100), "{seen:?}");
        }
    }
}
