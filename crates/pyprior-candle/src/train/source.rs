//! Where programs to learn from come from.

use std::collections::VecDeque;
use std::sync::Arc;

use pyprior_core::{Language, ProgramFilter, ProgramSampler, Programs, philox4x32_10};
use rayon::prelude::*;

use super::error::TrainError;

/// Programs that are drawn, and looked through by several threads, at a time.
const BLOCK: u64 = 1 << 10;
/// Numbers from here on are of programs that are held out.
const HELD_OUT: u64 = 1 << 63;
/// Numbers that are drawn for one program, before it is taken that none passes.
const MOST_TRIES: u64 = 1 << 20;
/// Of the programs of a list, one in so many is held out.
const HELD_OUT_OF_LIST: usize = 20;

/// Where programs come from: a function of a position alone.
#[derive(Debug, Clone)]
pub enum Source {
    /// Drawn by a sampler: those that pass the filter, if there is one, in the order of their numbers. Programs are
    /// held out by number, from 2⁶³ on; short ones may occur on both sides.
    Sampler {
        /// What draws them.
        sampler: ProgramSampler,
        /// Whether only programs that pass [`ProgramFilter`] are taken.
        filtered: bool,
    },
    /// A list, in another order each time it is gone through. Every twentieth is held out.
    List {
        /// All programs.
        programs: Arc<Programs>,
        /// Seed of the orders.
        seed: u64,
    },
}

/// Programs of a [`Source`], one after the other from some position on.
#[derive(Debug)]
pub struct Stream {
    source: Source,
    /// Position behind the last program that was handed out.
    position: u64,
    /// Drawn programs that wait, each with the position behind it.
    waiting: VecDeque<(u64, Vec<u32>)>,
    /// Position behind what has been drawn.
    drawn: u64,
    /// Which time the list is gone through, and the order of this time.
    order: Option<(u64, Vec<u32>)>,
}

impl Source {
    /// Programs to learn from, from a position on: 0, or what [`Stream::position`] said.
    pub fn stream(&self, position: u64) -> Stream {
        Stream { source: self.clone(), position, waiting: VecDeque::new(), drawn: position, order: None }
    }

    /// Programs that [`stream`](Self::stream) never gives, at most `count`, and of a list at most what there are.
    ///
    /// # Errors
    ///
    /// [`TrainError`] if they cannot be drawn.
    pub fn held_out(&self, count: usize) -> Result<Programs, TrainError> {
        match self {
            Self::Sampler { .. } => {
                let mut stream = self.stream(HELD_OUT);
                let mut programs = Programs::default();
                for _ in 0..count {
                    programs.push(&stream.next_program()?);
                }
                Ok(programs)
            }
            Self::List { programs, .. } => {
                let mut held_out = Programs::default();
                let every = programs.iter().skip(HELD_OUT_OF_LIST - 1).step_by(HELD_OUT_OF_LIST);
                every.take(count).for_each(|program| held_out.push(program));
                Ok(held_out)
            }
        }
    }

    /// Of `count` programs as they are drawn, with numbers that are neither learnt from nor held out, how many pass the
    /// filter; none for a list.
    ///
    /// # Errors
    ///
    /// [`TrainError`] if they cannot be drawn.
    pub fn passing(&self, count: u64) -> Result<Option<u64>, TrainError> {
        let Self::Sampler { sampler, .. } = self else { return Ok(None) };
        // Far from those that are learnt and from those that are held out.
        let first = HELD_OUT + (HELD_OUT >> 1);
        let programs = sampler.sample(first..first + count)?;
        Ok(Some(passes(sampler.language(), &programs).into_iter().filter(|&passes| passes).count() as u64))
    }
}

/// Which programs pass the filter.
fn passes(language: &Arc<Language>, programs: &Programs) -> Vec<bool> {
    let filter = || ProgramFilter::new(language);
    let all: Vec<_> = programs.iter().collect();
    let check = |filter: &mut ProgramFilter, program: &&[u32]| filter.check(program).is_ok();
    all.par_iter().with_min_len(32).map_init(filter, check).collect()
}

impl Stream {
    /// The position from which another stream of the source would go on.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next program; it is handed out then.
    ///
    /// # Errors
    ///
    /// [`TrainError::NonePasses`], [`TrainError::Empty`], or that a program is too long.
    pub fn next_program(&mut self) -> Result<Vec<u32>, TrainError> {
        self.peek()?;
        let (behind, program) = self.waiting.pop_front().ok_or(TrainError::Empty)?;
        self.position = behind;
        Ok(program)
    }

    /// The next program; it stays the next.
    ///
    /// # Errors
    ///
    /// As for [`next_program`](Self::next_program).
    pub fn peek(&mut self) -> Result<&[u32], TrainError> {
        let end = self.drawn.saturating_add(MOST_TRIES);
        while self.waiting.is_empty() {
            if self.drawn >= end {
                return Err(TrainError::NonePasses { tries: MOST_TRIES });
            }
            match self.source.clone() {
                Source::Sampler { sampler, filtered } => self.draw(&sampler, filtered)?,
                Source::List { programs, seed } => {
                    let program = self.listed(&programs, seed).ok_or(TrainError::Empty)?;
                    self.drawn += 1;
                    self.waiting.push_back((self.drawn, program));
                }
            }
        }
        self.waiting.front().map(|(_, program)| &program[..]).ok_or(TrainError::Empty)
    }

    /// Draws the next block of numbers.
    fn draw(&mut self, sampler: &ProgramSampler, filtered: bool) -> Result<(), TrainError> {
        let numbers = self.drawn..self.drawn.saturating_add(BLOCK);
        let mut programs = Programs::default();
        sampler.sample_into(numbers.clone(), &mut programs)?;
        let passes = if filtered { passes(sampler.language(), &programs) } else { vec![true; programs.len()] };
        let found = numbers.clone().zip(programs.iter()).zip(passes).filter(|&((_, program), passes)| {
            // There is nothing to learn from a program without tokens.
            passes && !program.is_empty()
        });
        self.waiting.extend(found.map(|((number, program), _)| (number + 1, program.to_vec())));
        self.drawn = numbers.end;
        Ok(())
    }

    /// The program of a list behind what has been drawn.
    fn listed(&mut self, programs: &Programs, seed: u64) -> Option<Vec<u32>> {
        let learnt = learnt(programs.len());
        let (time, place) = (self.drawn.checked_div(learnt as u64)?, self.drawn.checked_rem(learnt as u64)?);
        if self.order.as_ref().is_none_or(|(of, _)| *of != time) {
            self.order = Some((time, shuffled(learnt, seed, time)));
        }
        let nth = *self.order.as_ref()?.1.get(place as usize)? as usize;
        // The places of those that are held out are passed over.
        programs.get(nth + nth / (HELD_OUT_OF_LIST - 1)).map(<[u32]>::to_vec)
    }
}

/// How many programs of a list are not held out.
fn learnt(count: usize) -> usize {
    count - count / HELD_OUT_OF_LIST
}

/// The numbers below `count` in a random order (Fisher and Yates).
fn shuffled(count: usize, seed: u64, time: u64) -> Vec<u32> {
    let key = [seed as u32, (seed >> 32) as u32];
    let mut order: Vec<u32> = (0..count as u32).collect();
    for last in (1..count).rev() {
        let [low, high, ..] = philox4x32_10([last as u32, time as u32, (time >> 32) as u32, 3], key);
        let random = u64::from(low) | u64::from(high) << 32;
        // The upper half of a product spreads evenly, to within count / 2⁶⁴.
        let other = ((u128::from(random) * (last as u128 + 1)) >> 64) as usize;
        order.swap(last, other);
    }
    order
}

#[cfg(test)]
mod tests {
    use pyprior_core::LanguageConfig;

    use super::*;

    fn list(count: u32) -> Source {
        let mut programs = Programs::default();
        (0..count).for_each(|token| programs.push(&[token]));
        Source::List { programs: Arc::new(programs), seed: 3 }
    }

    fn take(stream: &mut Stream, count: usize) -> Vec<Vec<u32>> {
        (0..count).map(|_| stream.next_program().unwrap()).collect()
    }

    #[test]
    fn a_list_is_gone_through_in_other_orders() {
        let source = list(45);
        let held_out = source.held_out(100).unwrap();
        assert_eq!(held_out.tokens(), [19, 39]);
        assert_eq!(source.held_out(1).unwrap().tokens(), [19]);
        let mut stream = source.stream(0);
        let times: Vec<Vec<u32>> = (0..3).map(|_| take(&mut stream, 43).concat()).collect();
        for time in &times {
            let mut sorted = time.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..45).filter(|token| ![19, 39].contains(token)).collect::<Vec<_>>());
        }
        assert!(times[0] != times[1] && times[1] != times[2]);
        assert_eq!(take(&mut source.stream(50), 30).concat(), [&times[1][7..], &times[2]].concat()[..30]);
        assert!(matches!(list(0).stream(0).next_program(), Err(TrainError::Empty)));
    }

    #[test]
    fn a_sampler_goes_on_where_it_was() {
        let language = Language::new(LanguageConfig { max_len: Some(20), ..LanguageConfig::default() }).unwrap();
        let sampler = ProgramSampler::new(&language, 1);
        let mut filter = ProgramFilter::new(&language);
        for filtered in [false, true] {
            let source = Source::Sampler { sampler: sampler.clone(), filtered };
            let all = take(&mut source.stream(0), 60);
            assert!(!filtered || all.iter().all(|program| filter.check(program).is_ok()));
            let mut stream = source.stream(0);
            for (nth, program) in all.iter().enumerate() {
                let position = stream.position();
                assert_eq!(take(&mut source.stream(position), 1)[0], *program, "{nth}");
                assert_eq!(stream.next_program().unwrap(), *program);
            }
        }
        let programs = sampler.sample(HELD_OUT + (HELD_OUT >> 1)..HELD_OUT + (HELD_OUT >> 1) + 500).unwrap();
        let passing = programs.iter().filter(|program| filter.check(program).is_ok()).count() as u64;
        let source = Source::Sampler { sampler, filtered: true };
        assert_eq!(source.passing(500).unwrap(), Some(passing));
        assert!(passing > 0);
        assert_eq!(source.held_out(20).unwrap().len(), 20);
    }

    #[test]
    fn a_filter_that_nothing_passes_ends() {
        let config = LanguageConfig {
            max_len: Some(12),
            exclude: vec!["PRINT".into(), "CALL".into()],
            ..LanguageConfig::default()
        };
        let sampler = ProgramSampler::new(&Language::new(config).unwrap(), 1);
        let mut stream = Source::Sampler { sampler, filtered: true }.stream(0);
        assert!(matches!(stream.next_program(), Err(TrainError::NonePasses { .. })));
    }
}
