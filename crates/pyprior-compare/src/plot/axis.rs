//! Axes with marks at round numbers.
//!
//! The curve of a training has its own in pyprior-candle (`train/curve.rs`), which ends where its data do: neither crate may know
//! the other, and thirty lines more than once are less than a crate for them.

/// An axis from a round number at or below all that is shown to one at or above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    begin: f64,
    end: f64,
    mark: f64,
    /// Where it lies in the picture.
    from: f64,
    to: f64,
}

impl Axis {
    /// An axis for finite numbers from `least` to `most`, drawn from `from` to `to`.
    pub(super) fn new(least: f64, most: f64, from: f64, to: f64) -> Self {
        const MARKS: f64 = 7.0;
        let span = (most - least).max(most.abs() * 1e-3).max(1e-9);
        let power = 10.0_f64.powf((span / MARKS).log10().floor());
        let round = [1.0, 2.0, 5.0, 10.0].map(|round| round * power);
        let mark = round.into_iter().find(|&mark| mark * MARKS >= span).unwrap_or(10.0 * power);
        Self { begin: (least / mark + 1e-9).floor() * mark, end: (most / mark - 1e-9).ceil() * mark, mark, from, to }
    }

    /// Where a number lies in the picture.
    pub(super) fn at(&self, x: f64) -> f64 {
        let part = (x - self.begin) / (self.end - self.begin).max(f64::MIN_POSITIVE);
        self.from + (self.to - self.from) * part.clamp(0.0, 1.0)
    }

    /// The numbers at its marks, and how they are written.
    pub(super) fn marks(&self) -> Vec<(f64, String)> {
        let count = ((self.end - self.begin) / self.mark).round() as u32;
        let digits = (-self.mark.log10().floor()).max(0.0) as usize;
        let mark = |nth| self.begin + f64::from(nth) * self.mark;
        (0..=count).map(|nth| (mark(nth), format!("{:.digits$}", mark(nth)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_cover_all() {
        for (least, most, wanted) in [
            (0.0, 60.0, "0 10 20 30 40 50 60"),
            (1.31, 4.08, "1.0 1.5 2.0 2.5 3.0 3.5 4.0 4.5"),
            (2.0, 2.0, "2.0000"),
            (0.0, 139.0, "0 20 40 60 80 100 120 140"),
        ] {
            let axis = Axis::new(least, most, 100.0, 700.0);
            let marks = axis.marks();
            let text = marks.iter().map(|mark| mark.1.as_str()).collect::<Vec<_>>().join(" ");
            assert_eq!(text, wanted);
            assert!(marks[0].0 <= least + 1e-9 && marks[marks.len() - 1].0 >= most - 1e-9, "{text}");
            assert!((100.0..=700.0).contains(&axis.at(least)) && (100.0..=700.0).contains(&axis.at(most)));
        }
    }
}
