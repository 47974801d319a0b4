//! The legal tokens by form, long runs of them as their ends.

use pyprior_core::{Form, Vocab};

/// Tokens of a form up to which all are listed.
const LISTED: usize = 24;

/// The legal tokens of one form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Group<'a> {
    pub(crate) form: Form,
    /// How many there are.
    pub(crate) count: usize,
    pub(crate) words: Vec<Word<'a>>,
}

/// A token's name, or `..` for those between.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) token: Option<u32>,
}

/// Groups in the order of the vocabulary; `token` is never among those left out.
pub(crate) fn groups<'a>(vocab: &'a Vocab, legal: &[u32], token: Option<u32>) -> Vec<Group<'a>> {
    let form = |token: &u32| vocab.form(*token);
    let chunks = legal.chunk_by(|a, b| form(a) == form(b));
    let groups = chunks.filter_map(|tokens| Some((form(tokens.first()?)?, tokens)));
    groups.map(|(form, tokens)| Group { form, count: tokens.len(), words: words(vocab, tokens, token) }).collect()
}

fn words<'a>(vocab: &'a Vocab, tokens: &[u32], token: Option<u32>) -> Vec<Word<'a>> {
    let word = |token: u32| Word { text: vocab.name(token).unwrap_or_default(), token: Some(token) };
    if tokens.len() <= LISTED {
        return tokens.iter().map(|&token| word(token)).collect();
    }
    let last = tokens.len() - 1;
    let shown = |nth: &usize| [0, 1, last - 1, last].contains(nth) || token == Some(tokens[*nth]);
    let mut words = Vec::new();
    let mut next = 0;
    for nth in (0..=last).filter(shown) {
        if nth > next {
            words.push(Word { text: "..", token: None });
        }
        words.push(word(tokens[nth]));
        next = nth + 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use pyprior_core::{Language, LanguageConfig};

    use super::groups;

    #[test]
    fn the_token_taken_is_never_left_out() -> Result<(), Box<dyn std::error::Error>> {
        let language = Language::new(LanguageConfig::default())?;
        let vocab = language.vocab();
        let id = |name: &str| vocab.id_of(name).ok_or("no such token");
        let legal = [vec![id("ADD")?], (id("INT_-99")?..=id("INT_99")?).collect()].concat();
        let texts = |token| -> Vec<String> {
            let line =
                |group: &super::Group<'_>| group.words.iter().map(|word| word.text).collect::<Vec<_>>().join(" ");
            groups(vocab, &legal, token).iter().map(line).collect()
        };
        assert_eq!(texts(Some(id("INT_7")?)), ["ADD", "INT_-99 INT_-98 .. INT_7 .. INT_98 INT_99"]);
        assert_eq!(texts(Some(id("INT_-97")?)), ["ADD", "INT_-99 INT_-98 INT_-97 .. INT_98 INT_99"]);
        assert_eq!(texts(None), ["ADD", "INT_-99 INT_-98 .. INT_98 INT_99"]);
        assert_eq!(groups(vocab, &legal, None).iter().map(|group| group.count).collect::<Vec<_>>(), [1, 199]);
        Ok(())
    }
}
