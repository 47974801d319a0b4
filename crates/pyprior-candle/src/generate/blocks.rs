//! A model's programs by number, in blocks, for several threads that ask.
//!
//! One thread has the model and goes through the [loop](super) block by block: block n has the programs from n times the
//! size on. Whoever wants a program asks for its block and waits; the last blocks that were asked for are kept, since
//! several threads take parts of one. While nobody waits, the block behind the last one that was asked for is made, so that
//! the model works while others look at what it has made; that work is dropped as soon as another block is asked for.
//!
//! **Why blocks.** Each begins with an empty batch and takes its programs in order, so that the model is given the same
//! tensors in the same order whoever asked for what before. On a CPU that is no matter: a row has the same bits in any
//! batch. Elsewhere products of matrices are chosen by the shape of the batch, and blocks are what makes a program a
//! function of its number there, given the same device, libraries, rows and size. Their price is that the batch runs
//! empty at the end of each.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use pyprior_core::{Language, Programs};
use thiserror::Error;

use super::{Budget, GenerateConfig, GenerateError, Generator};
use crate::model::CausalModel;

/// How often one who waits looks whether to go on.
const PAUSE: Duration = Duration::from_millis(20);

/// Programs of a model, asked for by the block. Dropped, it waits for the step that is being taken.
#[derive(Debug)]
pub struct Blocks {
    size: NonZeroU64,
    asking: Option<Sender<Ask>>,
    ended: Arc<AtomicBool>,
    failed: Arc<OnceLock<Arc<GenerateError>>>,
    thread: Option<JoinHandle<()>>,
}

/// How blocks are made. Nothing of it shows in programs whose model computes on a CPU.
#[derive(Debug, Clone, Copy)]
pub struct BlockConfig {
    /// Programs of a block.
    pub size: NonZeroU64,
    /// Threads of a model on a CPU; 0 for as many as the machine has.
    pub threads: usize,
    /// Blocks that are kept: as many as are asked for in turns, and one that is made ahead.
    pub kept: usize,
}

/// Neighbouring programs.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The programs in order.
    pub programs: Programs,
    /// Of each, the natural logarithm of the probability with which its tokens were drawn, those that were the only legal
    /// ones not counted.
    pub log_probabilities: Vec<f64>,
}

/// Why there is no block.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum BlocksError {
    /// Programs cannot be generated.
    #[error(transparent)]
    Generate(Arc<GenerateError>),
    /// The model's threads cannot be started.
    #[error("cannot start the model's threads")]
    Threads(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The model's thread is gone, and has not said why.
    #[error("the model's thread has ended")]
    Ended,
    /// It was asked to stop.
    #[error("stopped")]
    Stopped,
}

/// Somebody who wants a block.
struct Ask {
    number: u64,
    reply: Sender<Arc<Block>>,
}

impl Blocks {
    /// Starts the model's thread. All of the cache's memory is taken here.
    ///
    /// # Errors
    ///
    /// [`BlocksError`], most of them those of [`Generator::new`].
    pub fn new(
        model: Box<dyn CausalModel>,
        language: &Arc<Language>,
        generate: GenerateConfig,
        blocks: BlockConfig,
    ) -> Result<Self, BlocksError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(blocks.threads).build();
        let pool = pool.map_err(|error| BlocksError::Threads(Arc::new(error)))?;
        let (asking, asked) = mpsc::channel();
        let (ready, begun) = mpsc::channel();
        let (ended, failed) = (Arc::new(AtomicBool::new(false)), Arc::new(OnceLock::new()));
        let mut maker = Maker {
            size: blocks.size.get(),
            most: blocks.kept.max(1),
            asked,
            ended: Arc::clone(&ended),
            waiting: Vec::new(),
            kept: VecDeque::new(),
            ahead: None,
        };
        let (language, failure) = (Arc::clone(language), Arc::clone(&failed));
        // Whoever waits within a pool's thread may be given other work of that pool, which may wait for the same: so the
        // model has a pool of its own, in which nobody waits for programs.
        let serve = move || {
            let served = pool.install(|| {
                let mut generator = Generator::new(&*model, &language, &[], generate)?;
                // Who started the thread waits for this.
                let _ = ready.send(());
                maker.serve(&mut generator)
            });
            if let Err(error) = served {
                let _ = failure.set(Arc::new(error));
            }
            // Those who wait are let go of when it is known why.
            drop((ready, maker));
        };
        let thread = std::thread::Builder::new().name("model".to_owned()).spawn(serve);
        let thread = thread.map_err(|error| BlocksError::Threads(Arc::new(error)))?;
        let blocks = Self { size: blocks.size, asking: Some(asking), ended, failed, thread: Some(thread) };
        match begun.recv() {
            Ok(()) => Ok(blocks),
            Err(_) => Err(blocks.gone()),
        }
    }

    /// Programs of a block.
    pub fn size(&self) -> NonZeroU64 {
        self.size
    }

    /// Block `number`, when it is there. Returns early if `stop` is set meanwhile.
    ///
    /// # Errors
    ///
    /// [`BlocksError::Generate`] if programs cannot be generated; from then on there are none. [`BlocksError::Stopped`].
    pub fn get(&self, number: u64, stop: &AtomicBool) -> Result<Arc<Block>, BlocksError> {
        let (reply, answer) = mpsc::channel();
        let asked = self.asking.as_ref().is_some_and(|asking| asking.send(Ask { number, reply }).is_ok());
        while asked && !stop.load(Ordering::Relaxed) {
            match answer.recv_timeout(PAUSE) {
                Ok(block) => return Ok(block),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.gone()),
            }
        }
        Err(if asked { BlocksError::Stopped } else { self.gone() })
    }

    /// Why the thread is gone.
    fn gone(&self) -> BlocksError {
        self.failed.get().map_or(BlocksError::Ended, |error| BlocksError::Generate(Arc::clone(error)))
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        self.asking = None;
        if let Some(thread) = self.thread.take() {
            // Of a panic, those who waited have been told.
            let _ = thread.join();
        }
    }
}

/// The model's thread.
struct Maker {
    size: u64,
    /// Blocks that are kept.
    most: usize,
    asked: Receiver<Ask>,
    ended: Arc<AtomicBool>,
    waiting: Vec<Ask>,
    /// Blocks by number, the last that was asked for at the end.
    kept: VecDeque<(u64, Arc<Block>)>,
    /// The block behind the last that was asked for.
    ahead: Option<u64>,
}

impl Maker {
    /// Makes blocks until nobody can ask any more.
    fn serve(&mut self, generator: &mut Generator<'_>) -> Result<(), GenerateError> {
        while !self.ended.load(Ordering::Relaxed) {
            self.waiting.extend(self.asked.try_iter());
            self.answer();
            let ahead = self.ahead.filter(|&number| self.kept.iter().all(|kept| kept.0 != number));
            let wanted = self.waiting.first().map(|ask| ask.number);
            let Some(number) = wanted.or(ahead) else {
                match self.asked.recv() {
                    Ok(ask) => self.waiting.push(ask),
                    Err(_) => break,
                }
                continue;
            };
            if let Some(block) = self.make(generator, number, wanted.is_some())? {
                if self.kept.len() >= self.most {
                    self.kept.pop_front();
                }
                self.kept.push_back((number, Arc::new(block)));
            }
        }
        Ok(())
    }

    /// Hands out what is there.
    fn answer(&mut self) {
        let Self { waiting, kept, ahead, .. } = self;
        waiting.retain(|ask| {
            let Some(place) = kept.iter().position(|kept| kept.0 == ask.number) else { return true };
            if let Some(found) = kept.remove(place) {
                *ahead = ask.number.checked_add(1);
                // Who has gone meanwhile needs none.
                let _ = ask.reply.send(Arc::clone(&found.1));
                kept.push_back(found);
            }
            false
        });
    }

    /// A block; none if it was given up.
    fn make(
        &mut self,
        generator: &mut Generator<'_>,
        number: u64,
        wanted: bool,
    ) -> Result<Option<Block>, GenerateError> {
        let first = number.saturating_mul(self.size);
        let mut found = Vec::new();
        let budget = Budget { programs: Some(self.size), ..Budget::default() };
        let Self { asked, waiting, ended, .. } = self;
        generator.run(first, &budget, ended, &mut |program| {
            found.push((program.number, program.tokens.to_vec(), program.log_probability));
            if !wanted {
                waiting.extend(asked.try_iter());
            }
            match !wanted && waiting.iter().any(|ask| ask.number != number) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })?;
        if found.len() as u64 != self.size {
            return Ok(None);
        }
        found.sort_unstable_by_key(|program| program.0);
        let mut block = Block { programs: Programs::default(), log_probabilities: Vec::with_capacity(found.len()) };
        for (_, tokens, log_probability) in &found {
            block.programs.push(tokens);
            block.log_probabilities.push(*log_probability);
        }
        Ok(Some(block))
    }
}
