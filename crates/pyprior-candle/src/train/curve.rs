//! The course of a training as a picture: SVG that needs nothing besides, for light and dark pages.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::evaluation::{Baselines, Evaluation};
use super::trainer::StepReport;

/// An evaluation, and when.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evaluated {
    /// Steps taken.
    pub step: u64,
    /// Tokens learnt from.
    pub tokens: u64,
    /// What was found.
    pub held_out: Evaluation,
}

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 420.0;
/// Left, top, right and bottom of the plot.
const PLOT: [f64; 4] = [56.0, 24.0, 640.0, 372.0];
/// Points that a line has at most: as many as can be told apart.
const POINTS: usize = 300;

const STYLE: &str = "\
<style>
  text { font: 12px system-ui, sans-serif; fill: #57606a }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round }
  .dash { stroke-dasharray: 5 4; stroke-width: 1.5 }
  .train { stroke: #8c959f } .held { stroke: #0969da } .masked { stroke: #1a7f37 } .base { stroke: #bc4c00 }
  text.train { fill: #6e7781; stroke: none } text.held { fill: #0969da; stroke: none }
  text.masked { fill: #1a7f37; stroke: none } text.base { fill: #bc4c00; stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 } .grid { stroke: #3d444d }
    .train { stroke: #848d97 } .held { stroke: #4493f8 } .masked { stroke: #3fb950 } .base { stroke: #db6d28 }
    text.train { fill: #9198a1 } text.held { fill: #4493f8 } text.masked { fill: #3fb950 } text.base { fill: #db6d28 }
  }
</style>
";

/// Losses over tokens: of the steps, smoothed; of the programs that are held out, without and under the mask; and those
/// of the baselines.
pub fn curve_svg(steps: &[StepReport], evaluated: &[Evaluated], baselines: Option<Baselines>) -> String {
    let train = smoothed(steps);
    let held: Vec<_> = evaluated.iter().map(|at| (at.tokens as f64, at.held_out.loss)).collect();
    let masked: Vec<_> = evaluated.iter().map(|at| (at.tokens as f64, at.held_out.masked_loss)).collect();
    let flat: Vec<_> = baselines.iter().flat_map(|of| [(of.uniform, "uniform"), (of.prior, "prior")]).collect();
    let lines = [(&train, "train", "training"), (&held, "held", "held out"), (&masked, "masked", "held out, masked")];
    let points = || lines.iter().flat_map(|(points, ..)| points.iter().copied());
    let last = points().map(|(x, _)| x).fold(1.0, f64::max);
    // The start of a training, some nats above all that comes, would press the rest together.
    let all = || points().map(|(_, y)| y);
    let beyond = flat.iter().map(|of| of.0).fold(f64::NEG_INFINITY, f64::max);
    let above = all().fold(0.1, f64::max);
    let top = if beyond > 0.0 { above.min(beyond * 1.1) } else { above };
    let below = flat.iter().map(|of| of.0).chain(all()).fold(top, f64::min);
    let below = if below < top { below } else { 0.0 };
    let axes = Axes { x: Scale::new(0.0, last), y: Scale::new(below, top) };

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Loss over tokens\">\n{STYLE}"
    );
    axes.draw(&mut svg);
    let [left, _, right, bottom] = PLOT;
    let mut names = Names::default();
    for (loss, name) in flat {
        let y = axes.y(loss);
        let _ = writeln!(svg, "<path class=\"base dash\" d=\"M{left} {y:.1}H{right}\"/>");
        names.add(y, "base", format!("{name} {loss:.2}"));
    }
    for (points, class, name) in lines {
        let Some(&(_, loss)) = points.last() else { continue };
        let path: Vec<String> = points.iter().map(|&(x, y)| format!("{:.1} {:.1}", axes.x(x), axes.y(y))).collect();
        let _ = writeln!(svg, "<path class=\"{class} line\" d=\"M{}\"/>", path.join("L"));
        names.add(axes.y(loss), class, format!("{name} {loss:.2}"));
    }
    names.draw(&mut svg, right + 8.0);
    let _ = writeln!(svg, "<text x=\"{right}\" y=\"{}\" text-anchor=\"end\">tokens</text>", bottom + 36.0);
    let _ = writeln!(svg, "<text x=\"{left}\" y=\"14\">nats a token</text>\n</svg>");
    svg
}

/// Means of as many steps as make few enough points.
fn smoothed(steps: &[StepReport]) -> Vec<(f64, f64)> {
    let means = steps.chunks(steps.len().div_ceil(POINTS).max(1)).map(|steps| {
        let count = steps.len() as f64;
        let mean = |of: fn(&StepReport) -> f64| steps.iter().map(of).sum::<f64>() / count;
        (mean(|step| step.tokens as f64), mean(|step| step.loss))
    });
    means.collect()
}

/// An axis from a round number at or below one to another, with marks at round ones.
struct Scale {
    begin: f64,
    end: f64,
    mark: f64,
}

impl Scale {
    fn new(least: f64, most: f64) -> Self {
        const MARKS: f64 = 6.0;
        let rough = (most - least).max(most * 1e-3) / MARKS;
        let power = 10.0_f64.powf(rough.log10().floor());
        let mark = [1.0, 2.0, 2.5, 5.0].map(|round| round * power).into_iter().find(|&mark| mark >= rough);
        let mark = mark.unwrap_or(10.0 * power);
        Self { begin: (least / mark).floor() * mark, end: most, mark }
    }

    fn marks(&self) -> impl Iterator<Item = f64> {
        let count = ((self.end - self.begin) / self.mark + 1e-9) as u32;
        (0..=count).map(|nth| self.begin + f64::from(nth) * self.mark)
    }

    /// Where a number lies, 0 at the beginning and 1 at the end; what is outside is moved there.
    fn part(&self, x: f64) -> f64 {
        ((x - self.begin) / (self.end - self.begin)).clamp(0.0, 1.0)
    }
}

struct Axes {
    x: Scale,
    y: Scale,
}

impl Axes {
    fn x(&self, x: f64) -> f64 {
        PLOT[0] + (PLOT[2] - PLOT[0]) * self.x.part(x)
    }

    fn y(&self, y: f64) -> f64 {
        PLOT[3] - (PLOT[3] - PLOT[1]) * self.y.part(y)
    }

    fn draw(&self, svg: &mut String) {
        let [left, _, right, bottom] = PLOT;
        for mark in self.y.marks() {
            let y = self.y(mark);
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{left} {y:.1}H{right}\"/>");
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                left - 8.0,
                y + 4.0,
                short(mark)
            );
        }
        for mark in self.x.marks() {
            let (x, y) = (self.x(mark), bottom + 18.0);
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{}</text>", short(mark));
        }
    }
}

/// A number with as few digits as it needs.
fn short(number: f64) -> String {
    let (number, unit) = match number {
        1e9.. => (number / 1e9, " G"),
        1e6.. => (number / 1e6, " M"),
        1e3.. => (number / 1e3, " k"),
        _ => (number, ""),
    };
    format!("{}{unit}", (number * 100.0).round() / 100.0)
}

/// Names beside the ends of lines, none over another.
#[derive(Default)]
struct Names(Vec<(f64, &'static str, String)>);

impl Names {
    fn add(&mut self, y: f64, class: &'static str, text: String) {
        self.0.push((y, class, text));
    }

    fn draw(mut self, svg: &mut String, x: f64) {
        const LINE: f64 = 15.0;
        self.0.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut above = f64::NEG_INFINITY;
        for (y, class, text) in self.0 {
            above = y.max(above + LINE);
            let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x}\" y=\"{:.1}\">{text}</text>", above + 4.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_have_round_marks() {
        for (least, most, wanted) in [
            (0.0, 300.0, vec![0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0]),
            (3.26, 4.5, vec![3.25, 3.5, 3.75, 4.0, 4.25, 4.5]),
            (0.0, 1.0, vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        ] {
            let marks: Vec<f64> = Scale::new(least, most).marks().collect();
            assert!(marks.len() == wanted.len(), "{marks:?}");
            assert!(marks.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-9), "{marks:?}");
        }
    }

    fn step(step: u64, loss: f64) -> StepReport {
        StepReport { step, tokens: step * 1000, loss, rate: 1e-3, norm: 1.0, seconds: step as f64 }
    }

    #[test]
    fn every_line_is_drawn_within_the_plot() {
        let steps: Vec<_> = (1..=1000).map(|nth| step(nth, 3.0 + 30.0 / nth as f64)).collect();
        let held_out =
            Evaluation { tokens: 9, choices: 5, loss: 3.2, choice_loss: 3.5, masked_loss: 3.1, legal_mass: 0.9 };
        let evaluated = [500, 1000].map(|step| Evaluated { step, tokens: step * 1000, held_out });
        let svg = curve_svg(&steps, &evaluated, Some(Baselines { uniform: 4.0, prior: 3.5 }));
        let names = ["training 3.0", "held out 3.20", "held out, masked 3.10", "uniform 4.00", "prior 3.50"];
        names.into_iter().for_each(|name| assert!(svg.contains(name), "{name}"));
        let paths: Vec<&str> = svg.split(" d=\"M").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(paths.iter().filter(|path| path.contains('L')).count(), 3);
        for point in paths.iter().filter(|path| path.contains('L')).flat_map(|path| path.split('L')) {
            let [x, y] = point.split(' ').map(|x| x.parse::<f64>().unwrap()).collect::<Vec<_>>()[..] else { panic!() };
            assert!((PLOT[0]..=PLOT[2]).contains(&x) && (PLOT[1]..=PLOT[3]).contains(&y), "{point}");
        }
        // Fewer points than can be told apart.
        assert!(paths.iter().all(|path| path.split('L').count() <= POINTS));
    }

    #[test]
    fn a_training_without_a_step_has_a_picture_too() {
        for (steps, baselines) in [(vec![], None), (vec![step(1, 5.0)], Some(Baselines { uniform: 0.0, prior: 0.0 }))] {
            let svg = curve_svg(&steps, &[], baselines);
            assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
