//! How long texts are over how long trees are.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::axis::Axis;
use super::{begin, text};
use crate::group::Group;
use crate::spread::Spread;

/// Left, top, right and bottom of the plot.
const PLOT: [f64; 4] = [56.0, 34.0, 690.0, 372.0];
/// Lengths are put together until so many programs are side by side: quantiles of fewer say little.
const TOGETHER: usize = 20;

/// For each length of the tree, the median of the text's tokens, and the band that holds nine programs of ten; dashed, the
/// ratio of the sums. `tokenizer` names the text's vocabulary.
pub fn lengths_svg(tokenizer: &str, group: &Group) -> String {
    let title = format!("Tokens of {tokenizer} over tokens of ours");
    let mut svg = begin(420.0, &title);
    text(&mut svg, (PLOT[0], 16.0), "", "", &title);
    let points = points(group);
    let (Some(&(last, _)), Some(most)) =
        (points.last(), points.iter().map(|(_, spread)| spread.p95).max_by(f64::total_cmp))
    else {
        svg.push_str("</svg>\n");
        return svg;
    };
    let [left, top, right, bottom] = PLOT;
    let (across, up) = (Axis::new(0.0, last, left, right), Axis::new(0.0, most, bottom, top));
    for (mark, written) in up.marks() {
        let y = up.at(mark);
        let _ = writeln!(svg, "<path class=\"grid\" d=\"M{left} {y:.1}H{right}\"/>");
        text(&mut svg, (left - 8.0, y + 4.0), "", "end", &written);
    }
    for (mark, written) in across.marks() {
        text(&mut svg, (across.at(mark), bottom + 18.0), "", "middle", &written);
    }
    let line = |of: fn(&Spread) -> f64, backwards: bool| {
        let mut line: Vec<_> =
            points.iter().map(|(x, spread)| format!("{:.1} {:.1}", across.at(*x), up.at(of(spread)))).collect();
        if backwards {
            line.reverse();
        }
        line.join("L")
    };
    let _ = writeln!(
        svg,
        "<path class=\"band\" d=\"M{}L{}Z\"/>",
        line(|spread| spread.p5, false),
        line(|spread| spread.p95, true)
    );
    let _ = writeln!(svg, "<path class=\"mid\" d=\"M{}\"/>", line(|spread| spread.median, false));
    let sum =
        |of: fn(&crate::Measured) -> u32| group.programs.iter().map(|program| f64::from(of(program))).sum::<f64>();
    let ratio = sum(|of| of.text_tokens) / sum(|of| of.tokens).max(1.0);
    // Where the line leaves the plot, above or at the right.
    let end = last.min(most / ratio.max(f64::MIN_POSITIVE));
    let (x, y) = (across.at(end), up.at(end * ratio));
    let _ = writeln!(svg, "<path class=\"line\" d=\"M{left} {bottom}L{x:.1} {y:.1}\"/>");
    text(&mut svg, (x + 8.0, y + 4.0), "all", "", &format!("× {ratio:.2}"));
    text(&mut svg, (right, bottom + 36.0), "", "end", "tokens of ours");
    svg.push_str("</svg>\n");
    svg
}

/// Mean length of the tree and the spread of the text's, of programs of about one length; at least [`TOGETHER`] in each
/// but if there are fewer. The longest, of which there are few, are with those before them.
fn points(group: &Group) -> Vec<(f64, Spread)> {
    let mut by_length = BTreeMap::<u32, Vec<f64>>::new();
    for program in &group.programs {
        by_length.entry(program.tokens).or_default().push(f64::from(program.text_tokens));
    }
    let mut parts = Vec::<(f64, Vec<f64>)>::new();
    for (length, texts) in by_length {
        if parts.last().is_none_or(|(_, texts)| texts.len() >= TOGETHER) {
            parts.push((0.0, Vec::new()));
        }
        if let Some((lengths, all)) = parts.last_mut() {
            *lengths += f64::from(length) * texts.len() as f64;
            all.extend(texts);
        }
    }
    if let Some((lengths, texts)) = parts.pop_if(|(_, texts)| texts.len() < TOGETHER) {
        match parts.last_mut() {
            Some((all_lengths, all)) => {
                *all_lengths += lengths;
                all.extend(texts);
            }
            None => parts.push((lengths, texts)),
        }
    }
    let point = |(lengths, texts): (f64, Vec<f64>)| Some((lengths / texts.len() as f64, Spread::of(texts)?));
    parts.into_iter().filter_map(point).collect()
}
