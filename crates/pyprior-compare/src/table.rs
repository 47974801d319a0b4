//! Summaries as tables in Markdown, for terminals and pages alike.

use std::fmt::Write as _;

use crate::summary::{Share, Summary};

/// A line for each group: programs, tokens a program in both vocabularies, the ratio of the sums with its standard error,
/// and the spread of the ratios of single programs. `tokenizer` names the text's vocabulary.
pub fn table(tokenizer: &str, groups: &[Summary]) -> String {
    let tokenizer = cell(tokenizer);
    let mut out = format!(
        "| programs | number | tokens | {tokenizer} | bytes | ratio | 5% | 25% | median | 75% | 95% |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    );
    for group in groups {
        let of = &group.ratios;
        // Writing into a string cannot fail.
        let _ = writeln!(
            out,
            "| {} | {} | {:.1} | {:.1} | {:.1} | {:.3} ± {:.3} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
            cell(&group.name),
            group.programs,
            group.tokens.mean,
            group.text_tokens.mean,
            group.bytes.mean,
            group.ratio,
            group.ratio_error,
            of.p5,
            of.p25,
            of.median,
            of.p75,
            of.p95,
        );
    }
    out
}

/// What the tokens of a group are spent on, most first: those of the tree by form, and those of the text by what they
/// spell.
pub fn shares(tokenizer: &str, group: &Summary) -> String {
    let tokenizer = cell(tokenizer);
    let mut out = format!(
        "| tokens by form | a program | part | {tokenizer} by what it spells | a program | part |\n\
         | --- | ---: | ---: | --- | ---: | ---: |\n"
    );
    let sorted = |shares: &[Share]| {
        let mut shares = shares.to_vec();
        shares.sort_by(|a, b| b.tokens.total_cmp(&a.tokens));
        shares
    };
    let (forms, parts) = (sorted(&group.forms), sorted(&group.parts));
    let side = |share: Option<&Share>| match share {
        Some(share) => format!("{} | {:.2} | {:.1}%", share.name, share.tokens, share.part * 100.0),
        None => " | | ".to_owned(),
    };
    for nth in 0..forms.len().max(parts.len()) {
        let _ = writeln!(out, "| {} | {} |", side(forms.get(nth)), side(parts.get(nth)));
    }
    out
}

/// Text as a cell: names of files may hold anything.
fn cell(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::Group;
    use crate::measured::Measured;

    #[test]
    fn tables() {
        let program = |tokens, text_tokens| {
            let (mut forms, mut parts) = ([0; 16], [0.0; 7]);
            (forms[1], forms[6], parts[2]) = (tokens - 1, 1, f64::from(text_tokens));
            Measured { tokens, text_tokens, bytes: 20, forms, parts }
        };
        let group = Group {
            name: "a|b\n".into(),
            from: String::new(),
            vocab: 9,
            programs: vec![program(4, 8), program(6, 18)],
        };
        let summary = Summary::of(&group).unwrap();
        // A ratio of 26 to 10; what is left is 2.4 and its negative: √(2 · 2.4² / 1 / 2) / 5.
        let wanted = "| a\\|b  | 2 | 5.0 | 13.0 | 20.0 | 2.600 ± 0.480 | 2.05 | 2.25 | 2.50 | 2.75 | 2.95 |";
        assert_eq!(table("gpt2", std::slice::from_ref(&summary)).lines().nth(2), Some(wanted));
        let shares = shares("gpt2", &summary);
        let lines: Vec<&str> = shares.lines().skip(2).collect();
        assert_eq!(lines, ["| var | 4.00 | 80.0% | name | 13.00 | 100.0% |", "| block | 1.00 | 20.0% |  | |  |"]);
    }
}
