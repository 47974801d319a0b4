//! A program that fills a sketch.

use std::ops::Range;

use crate::matcher::SketchMatcher;

/// A program that fills a sketch.
#[derive(Debug, Clone)]
pub struct Filling {
    row: SketchMatcher,
}

/// What a hole has been filled with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledHole<'a> {
    /// Its name, `_` if it has none.
    pub name: &'a str,
    /// What it stands for: `const var op expr cond stmt block`.
    pub kind: &'static str,
    /// Where its tokens are among those of the program. Of a hole that occurs several times, at its first place.
    pub at: Range<usize>,
}

impl Filling {
    pub(crate) fn new(row: SketchMatcher) -> Self {
        Self { row }
    }

    /// Its tokens.
    pub fn tokens(&self) -> &[u32] {
        self.row.tokens()
    }

    /// What the holes have been filled with, in the order of their first places.
    ///
    /// ```
    /// # use pyprior_sketch::{Sampler, Sketch, Uniform};
    /// let sketch = Sketch::parse("print(X + _)\n---\nX in 3..3")?;
    /// let filling = Sampler::new(&sketch, Uniform::new(1))?.sample()?;
    /// let holes = filling.holes();
    /// assert_eq!(holes.iter().map(|hole| (hole.name, hole.kind)).collect::<Vec<_>>(), [("X", "const"), ("_", "expr")]);
    /// assert_eq!(sketch.language().vocab().name(filling.tokens()[holes[0].at.start]), Some("INT_3"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn holes(&self) -> Vec<FilledHole<'_>> {
        let holes = self.row.sketch().program.holes.iter().zip(self.row.row().filled());
        let mut filled: Vec<FilledHole<'_>> = holes
            .filter_map(|(hole, at)| {
                let (start, end) = (*at)?;
                Some(FilledHole { name: &hole.name, kind: hole.role.word(), at: start as usize..end as usize })
            })
            .collect();
        filled.sort_by_key(|hole| hole.at.start);
        filled
    }

    /// Its source, under the names of the sketch; what holes bind gets names of the default pool. Where a hole reads a
    /// variable that the branches of an `if` name differently, all names are the default ones.
    pub fn source(&self) -> String {
        let language = &self.row.sketch().language;
        let mut renderer = pyprior_core::Renderer::new(language);
        if let Some(Ok(names)) = crate::names::names(&self.row)
            && let Ok(source) = renderer.render_named(self.tokens(), &names)
        {
            return source.to_owned();
        }
        renderer.render(self.tokens()).map(str::to_owned).unwrap_or_default()
    }
}
