//! Pictures: SVG that needs nothing besides, for light and dark pages.
//!
//! ```text
//! axis.rs      round marks
//! ratios.rs    ratios of each group as boxes
//! lengths.rs   tokens of the text over tokens of the tree
//! ```

mod axis;
mod lengths;
mod ratios;

use std::fmt::Write as _;

pub use lengths::lengths_svg;
pub use ratios::ratios_svg;

const WIDTH: f64 = 800.0;

const STYLE: &str = "\
<style>
  text { font: 12px system-ui, sans-serif; fill: #57606a }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .box { fill: #0969da; fill-opacity: .25; stroke: #0969da; stroke-width: 1.5 }
  .reach { fill: none; stroke: #0969da; stroke-width: 1.5 }
  .mid { fill: none; stroke: #0969da; stroke-width: 2.5; stroke-linejoin: round }
  .band { fill: #0969da; fill-opacity: .18 }
  .all { fill: #bc4c00 } .line { fill: none; stroke: #bc4c00; stroke-width: 1.5; stroke-dasharray: 5 4 }
  text.name { fill: #1f2328 } text.all { fill: #bc4c00 }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 } .grid { stroke: #3d444d } text.name { fill: #f0f6fc }
    .box { fill: #4493f8; stroke: #4493f8 } .reach, .mid { stroke: #4493f8 } .band { fill: #4493f8 }
    .all, text.all { fill: #db6d28 } .line { stroke: #db6d28 }
  }
</style>
";

/// The beginning of a picture; `title` is read aloud where it cannot be seen.
fn begin(height: f64, title: &str) -> String {
    let title = escaped(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\">\n{STYLE}"
    )
}

/// Text as it stands in XML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no place for them.
            '\0'..='\x1f' => out.push(' '),
            _ => out.push(character),
        }
    }
    out
}

/// A line of text; `class` and `anchor` may be empty.
fn text(svg: &mut String, (x, y): (f64, f64), class: &str, anchor: &str, text: &str) {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let anchor = if anchor.is_empty() { String::new() } else { format!(" text-anchor=\"{anchor}\"") };
    // Writing into a string cannot fail.
    let _ = writeln!(svg, "<text{class} x=\"{x:.1}\" y=\"{y:.1}\"{anchor}>{}</text>", escaped(text));
}
