//! Ratios of groups beside each other.

use std::fmt::Write as _;

use super::axis::Axis;
use super::{WIDTH, begin, text};
use crate::summary::Summary;

const ROW: f64 = 34.0;
const TOP: f64 = 40.0;
const LEFT: f64 = 170.0;
const RIGHT: f64 = 730.0;
/// Half the height of a box.
const HALF: f64 = 9.0;

/// A box for each group: from quartile to quartile, a line at the median, reaching from 5% to 95% of its programs; a dot
/// at the ratio of the sums, which is written beside it. `tokenizer` names the text's vocabulary.
pub fn ratios_svg(tokenizer: &str, groups: &[Summary]) -> String {
    let bottom = TOP + ROW * groups.len() as f64;
    let title = format!("Tokens of {tokenizer} for one of ours");
    let mut svg = begin(bottom + 40.0, &title);
    text(&mut svg, (LEFT, 18.0), "", "", &title);
    let numbers = |of: fn(&Summary) -> [f64; 2]| groups.iter().flat_map(of);
    let least = numbers(|group| [group.ratios.p5, group.ratio]).fold(f64::INFINITY, f64::min);
    let most = numbers(|group| [group.ratios.p95, group.ratio]).fold(f64::NEG_INFINITY, f64::max);
    if groups.is_empty() || !least.is_finite() || !most.is_finite() {
        svg.push_str("</svg>\n");
        return svg;
    }
    let axis = Axis::new(least, most, LEFT, RIGHT);
    for (mark, written) in axis.marks() {
        let x = axis.at(mark);
        let _ = writeln!(svg, "<path class=\"grid\" d=\"M{x:.1} {:.1}V{bottom:.1}\"/>", TOP - 8.0);
        text(&mut svg, (x, bottom + 18.0), "", "middle", &written);
    }
    for (nth, group) in groups.iter().enumerate() {
        let y = TOP + ROW * (nth as f64 + 0.5);
        let (low, high) = (y - HALF, y + HALF);
        let of = &group.ratios;
        let [p5, p25, median, p75, p95] = [of.p5, of.p25, of.median, of.p75, of.p95].map(|ratio| axis.at(ratio));
        text(&mut svg, (LEFT - 12.0, y + 4.0), "name", "end", &group.name);
        let _ = writeln!(svg, "<path class=\"reach\" d=\"M{p5:.1} {y:.1}H{p25:.1}M{p75:.1} {y:.1}H{p95:.1}\"/>");
        let width = p75 - p25;
        let _ = writeln!(
            svg,
            "<rect class=\"box\" x=\"{p25:.1}\" y=\"{low:.1}\" width=\"{width:.1}\" height=\"{:.1}\"/>",
            2.0 * HALF
        );
        let _ = writeln!(svg, "<path class=\"mid\" d=\"M{median:.1} {low:.1}V{high:.1}\"/>");
        let _ = writeln!(svg, "<circle class=\"all\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4\"/>", axis.at(group.ratio));
        text(&mut svg, (WIDTH - 58.0, y + 4.0), "all", "", &format!("{:.2}", group.ratio));
    }
    svg.push_str("</svg>\n");
    svg
}
