//! Plots, as SVG that stands in a page: its style decides on colours, so that a dark page has readable ones.

use std::fmt::Write as _;

use super::distribution::{Distribution, shares};
use super::histogram::{Bin, Histogram};

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 190.0;
/// Room for the numbers at the left, and for the names below.
const LEFT: f64 = 46.0;
const BELOW: f64 = 38.0;
const ABOVE: f64 = 10.0;
/// What a character of a label takes, at most.
const CHARACTER: f64 = 6.6;
/// Characters of the name of a bar that lies, for which there is room.
const LONGEST: usize = 38;
/// Bars of a plot, at most.
const BARS: i128 = 48;

/// A bar: what it is of, and its share.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) share: f64,
}

/// How often numbers of a unit occur, as bars: one for each number if there are few, else ranges of equal width, or of
/// doubling width if few are much larger than most.
pub(super) fn bars(histogram: &Histogram, unit: f64) -> Vec<Bar> {
    let (low, high) = (histogram.min, histogram.max);
    // Nothing of a bin lies beyond the ends.
    let within = |bin: Bin| Bin { low: bin.low.max(low), high: bin.high.min(high), ..bin };
    let bins = histogram.bins().into_iter().map(within).collect::<Vec<_>>();
    if bins.is_empty() {
        return Vec::new();
    }
    let middle = histogram.quantile(500).unwrap_or(0);
    let tailed = low >= 0 && high >= 64 && high / 8 > middle;
    let ranges = if tailed { doubling(low, high) } else { equal(low, high, unit) };
    let name = |from: i128, to: i128| match (unit, to - from) {
        (1.0, 1) => grouped(from),
        (1.0, _) => format!("{}–{}", grouped(from), grouped(to - 1)),
        _ => round(from as f64 * unit),
    };
    let count = histogram.count.max(1) as f64;
    let bar = |range: &[i128]| Bar { name: name(range[0], range[1]), share: inside(&bins, range[0], range[1]) / count };
    ranges.windows(2).map(bar).collect()
}

/// Values of bins from one number up to another. What is in a bin of several numbers counts as spread evenly.
fn inside(bins: &[Bin], from: i128, to: i128) -> f64 {
    let of_bin = |bin: &Bin| {
        // In whole numbers: a bin of one number that is large would have no width in others.
        let (low, high) = (bin.low, bin.high + 1);
        let shared = (high.min(to) - low.max(from)).max(0);
        bin.count as f64 * (shared as f64 / (high - low) as f64)
    };
    bins.iter().map(of_bin).sum()
}

/// 0, 1, 2, 3, 4, 6, 8, 12, 16 and so on, around a range.
fn doubling(low: i128, high: i128) -> Vec<i128> {
    let powers = (1..66).flat_map(|power| [1_i128 << power, 3 << (power - 1)]);
    let all = [0, 1].into_iter().chain(powers).collect::<Vec<_>>();
    let first = all.partition_point(|&edge| edge <= low).saturating_sub(1);
    let last = all.partition_point(|&edge| edge <= high).min(all.len() - 1);
    all[first..=last].to_vec()
}

/// Ranges of equal width around a range, each of which begins with a multiple of that.
fn equal(low: i128, high: i128, unit: f64) -> Vec<i128> {
    // A width is 1, 2 or 5 times a power of ten; of fractions, twice a power of two of units.
    let wanted = ((high - low) / BARS).max(1);
    let widths = |unit: f64| match unit {
        1.0 => (0..20).flat_map(|power| [1, 2, 5].map(|times| times * 10_i128.pow(power))).collect::<Vec<_>>(),
        _ => (0..66).map(|power| 1_i128 << power).collect(),
    };
    let enough = |&width: &i128| width >= wanted && (high - low) / width < BARS;
    let width = widths(unit).into_iter().find(enough).unwrap_or(1 << 66);
    let first = low.div_euclid(width);
    let count = high.div_euclid(width) - first + 1;
    (first..=first + count).map(|nth| nth * width).collect()
}

/// Bars that stand, with the share at the left; `about` says what it is of.
pub(super) fn standing(about: &str, bars: &[Bar]) -> String {
    let one = bars.iter().map(|bar| vec![bar.share]).collect::<Vec<_>>();
    let names = bars.iter().map(|bar| bar.name.as_str()).collect::<Vec<_>>();
    groups(about, &names, &one, &["own"])
}

/// What was asked for, what there would have been, and what there is, side by side.
pub(super) fn compared(about: &str, distribution: &Distribution) -> String {
    let rows = distribution.obtained.iter().copied().fold(0, u64::saturating_add);
    let (natural, obtained) = (shares(&distribution.natural, distribution.pilot), shares(&distribution.obtained, rows));
    let names = &distribution.bins;
    let of = |all: &[f64], nth: usize| all.get(nth).copied().unwrap_or(0.0);
    let all = (0..names.len())
        .map(|nth| vec![of(&natural, nth), of(&distribution.requested, nth), of(&obtained, nth)])
        .collect::<Vec<_>>();
    groups(about, &names.iter().map(String::as_str).collect::<Vec<_>>(), &all, &["natural", "wanted", "own"])
}

fn groups(about: &str, names: &[&str], groups: &[Vec<f64>], classes: &[&str]) -> String {
    let top = groups.iter().flatten().copied().fold(0.0, f64::max);
    let step = nice(top / 3.5);
    let most = (top / step).ceil().max(1.0) * step;
    let (plot_width, plot_height) = (WIDTH - LEFT - 8.0, HEIGHT - BELOW - ABOVE);
    let y = |share: f64| ABOVE + plot_height * (1.0 - share / most);
    let pitch = plot_width / groups.len().max(1) as f64;
    let mut out = open(about, HEIGHT);
    let ticks = (most / step).round() as u32;
    for tick in 0..=ticks {
        let share = f64::from(tick) * step;
        let (at, text) = (y(share), percent(share, step));
        let _ = write!(out, r#"<path class="grid" d="M{LEFT} {at:.1}H{:.1}"/>"#, WIDTH - 8.0);
        let _ = write!(out, r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{text}</text>"#, LEFT - 5.0, at + 4.0);
    }
    // Few bars are not wide ones.
    let gap = (pitch * 0.12).min(4.0).max((pitch - 44.0 * classes.len() as f64) / 2.0);
    let width = (pitch - 2.0 * gap) / classes.len() as f64;
    for (nth, group) in groups.iter().enumerate() {
        for (place, (&share, class)) in group.iter().zip(classes).enumerate() {
            if share > 0.0 {
                let x = LEFT + nth as f64 * pitch + gap + place as f64 * width;
                // What there is shows, however little.
                let height = (plot_height * share / most).max(0.6);
                let _ = write!(
                    out,
                    r#"<rect class="{class}" x="{x:.2}" y="{:.2}" width="{width:.2}" height="{height:.2}"><title>{}: {}</title></rect>"#,
                    ABOVE + plot_height - height,
                    escape(names.get(nth).unwrap_or(&"")),
                    percent(share, 0.001),
                );
            }
        }
    }
    // Names that have room, one in so many: of a range the beginning, where all do not fit.
    let widest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as f64 * CHARACTER + 8.0;
    let short = widest > pitch;
    let begins = |name: &str| if short { name.split('–').next().unwrap_or(name).to_owned() } else { name.to_owned() };
    let widest = names.iter().map(|name| begins(name).chars().count()).max().unwrap_or(0) as f64 * CHARACTER + 8.0;
    let every = (widest / pitch).ceil().max(1.0) as usize;
    for (nth, name) in names.iter().enumerate().step_by(every) {
        let x = LEFT + (nth as f64 + 0.5) * pitch;
        let at = HEIGHT - BELOW + 15.0;
        let _ = write!(out, r#"<text x="{x:.1}" y="{at}" text-anchor="middle">{}</text>"#, escape(&begins(name)));
    }
    let _ = write!(
        out,
        r#"<text class="axis" x="{:.1}" y="{:.1}" text-anchor="middle">{}</text></svg>"#,
        LEFT + plot_width / 2.0,
        HEIGHT - 5.0,
        escape(about)
    );
    out
}

/// Bars that lie, with what they are of at the left and a text at the right.
pub(super) fn lying(about: &str, bars: &[(String, f64, String)]) -> String {
    let pitch = 20.0;
    let height = pitch * bars.len() as f64 + 6.0;
    let room = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0) as f64 * CHARACTER + 8.0;
    let left = room(&mut bars.iter().map(|(name, _, _)| name.chars().count())).min(WIDTH / 2.0);
    let right = room(&mut bars.iter().map(|(_, _, text)| text.chars().count())).min(WIDTH / 3.0);
    let most = bars.iter().map(|(_, value, _)| *value).fold(f64::MIN_POSITIVE, f64::max);
    let mut out = open(about, height);
    for (nth, (name, value, text)) in bars.iter().enumerate() {
        // Text stands where it ends: of what has no room the end is left out, and told by a title.
        let (shown, whole) = match name.chars().count() > LONGEST {
            true => {
                let start = name.chars().take(LONGEST - 1).collect::<String>();
                (start + "…", format!("<title>{}</title>", escape(name)))
            }
            false => (name.clone(), String::new()),
        };
        let y = 3.0 + pitch * nth as f64;
        let width = ((WIDTH - left - right) * value / most).max(if *value > 0.0 { 0.8 } else { 0.0 });
        let (end, base) = (left + width + 6.0, y + 14.0);
        let _ =
            write!(out, r#"<text x="{:.1}" y="{base}" text-anchor="end">{}{whole}</text>"#, left - 6.0, escape(&shown));
        let _ = write!(out, r#"<rect class="own" x="{left:.1}" y="{}" width="{width:.1}" height="14"/>"#, y + 3.0);
        let _ = write!(out, r#"<text x="{end:.1}" y="{base}">{}</text>"#, escape(text));
    }
    out.push_str("</svg>");
    out
}

/// A small plot without words.
pub(super) fn spark(bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.share).fold(f64::MIN_POSITIVE, f64::max);
    let pitch = 96.0 / bars.len().max(1) as f64;
    let mut out = r#"<svg class="spark" viewBox="0 0 96 18" aria-hidden="true">"#.to_owned();
    for (nth, bar) in bars.iter().enumerate().filter(|(_, bar)| bar.share > 0.0) {
        let height = (17.0 * bar.share / most).max(0.7);
        let (x, width) = (nth as f64 * pitch, (pitch - 0.4).clamp(0.4, 12.0));
        let _ = write!(
            out,
            r#"<rect class="own" x="{x:.2}" y="{:.2}" width="{width:.2}" height="{height:.2}"/>"#,
            18.0 - height
        );
    }
    out.push_str("</svg>");
    out
}

fn open(about: &str, height: f64) -> String {
    format!(r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{}">"#, escape(about))
}

/// 1, 2 or 5 times a power of ten, at least so much.
fn nice(least: f64) -> f64 {
    let power = 10_f64.powf(least.max(1e-6).log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * power >= least * 0.999);
    times.unwrap_or(10.0) * power
}

/// A share in percent, as exact as steps of some size need.
fn percent(share: f64, step: f64) -> String {
    let digits = (-(step * 100.0).log10()).ceil().clamp(0.0, 4.0) as usize;
    format!("{:.digits$} %", 100.0 * share)
}

/// A number with as many digits as tell it from its like.
pub(super) fn round(number: f64) -> String {
    // As few digits as there are in the end: 99.96 has none behind its point.
    let digits = match (100.0 * number.abs()).round() / 100.0 {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    let text = format!("{number:.digits$}");
    match text.contains('.') {
        true => match text.trim_end_matches('0').trim_end_matches('.') {
            "-0" => "0".to_owned(),
            text => text.replace('-', "−"),
        },
        false => grouped(number.round() as i128),
    }
}

/// A whole number with a comma after each thousand.
pub(super) fn grouped(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = if number < 0 { "−".to_owned() } else { String::new() };
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Text as it stands in a page.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // What no document may have, such as other control characters.
            '\u{9}' | '\u{a}' | ' '.. => out.push(character),
            _ => out.push('\u{fffd}'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = i128>) -> Histogram {
        let mut histogram = Histogram::default();
        values.into_iter().for_each(|value| histogram.add(value));
        histogram
    }

    #[test]
    fn bars_hold_all_there_is() {
        for (histogram, unit) in [
            (of([5]), 1.0),
            (of([0]), 1.0),
            (of(0..30), 1.0),
            (of((0..3_000).map(|value| value % 700)), 1.0),
            (of((0..3_000).map(|value| if value < 2_900 { value % 9 } else { value * 77 })), 1.0),
            (of([0, i64::MAX.into()]), 1.0),
            (of([i64::MAX.into()]), 1.0),
            (of([-(1 << 64), 5, 1 << 64]), 1.0),
            (of([-(1 << 64), 5, 1 << 64]), 1.0 / 64.0),
            (of((0..3_000).map(|value| -value * 5)), 1.0 / 64.0),
        ] {
            let bars = bars(&histogram, unit);
            assert!(!bars.is_empty() && bars.len() <= 130, "{}", bars.len());
            let all = bars.iter().map(|bar| bar.share).sum::<f64>();
            assert!((all - 1.0).abs() < 1e-9, "{all}");
        }
        assert!(bars(&Histogram::default(), 1.0).is_empty());
        let names = bars(&of([3, 4, 4, 6]), 1.0).into_iter().map(|bar| (bar.name, bar.share)).collect::<Vec<_>>();
        let share = |name: &str, share: f64| (name.to_owned(), share);
        assert_eq!(names, [share("3", 0.25), share("4", 0.5), share("5", 0.0), share("6", 0.25)]);
    }

    /// What there would be without asking is of all programs, those beyond the range of a target too.
    #[test]
    fn natural_shares_are_of_the_whole_pilot() {
        let svg = compared(
            "length",
            &Distribution {
                column: "length".to_owned(),
                held: false,
                bins: vec!["5..9".to_owned(), "10..14".to_owned()],
                requested: vec![0.5, 0.5],
                pilot: 200,
                natural: vec![50, 20],
                obtained: vec![40, 60],
            },
        );
        for title in ["5..9: 25.0 %", "10..14: 10.0 %", "5..9: 50.0 %", "5..9: 40.0 %", "10..14: 60.0 %"] {
            assert!(svg.contains(&format!("<title>{title}</title>")), "{title}: {svg}");
        }
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!(
            [0, 999, 1_000, -1_234_567, u64::MAX.into()].map(grouped),
            ["0", "999", "1,000", "−1,234,567", "18,446,744,073,709,551,615"]
        );
        assert_eq!(
            [0.0, 2.5, 12.34, 1233.6, 1999.9, -0.126, -0.001, -1e6].map(round),
            ["0", "2.5", "12.3", "1,234", "2,000", "−0.13", "0", "−1,000,000"]
        );
        assert_eq!([0.07, 0.2, 0.21, 1.0, 3.1].map(nice), [0.1, 0.2, 0.5, 1.0, 5.0]);
        assert_eq!(percent(0.25, 0.05), "25 %");
        assert_eq!(percent(0.0125, 0.001), "1.2 %");
        assert_eq!(escape("<a b=\"c\">&"), "&lt;a b=&quot;c&quot;&gt;&amp;");
    }
}
