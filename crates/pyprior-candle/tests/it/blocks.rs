//! Blocks of programs are those of the loop, whoever asks for which in what order.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use candle_core::{Device, Tensor};
use pyprior_candle::{
    Batch, BlockConfig, Blocks, BlocksError, Budget, CausalModel, Error, GenerateConfig, GenerateError, Generator,
    KvCache, RandomModel,
};
use pyprior_core::{Language, LanguageConfig};

use crate::common;

static GO_ON: AtomicBool = AtomicBool::new(false);

/// The vocabulary of 83 tokens that the small model is for.
fn language(max_len: Option<u32>) -> Arc<Language> {
    let config = LanguageConfig { value_range: (-5, 8), max_len, ..LanguageConfig::default() };
    Language::new(config).unwrap()
}

fn generate(rows: usize) -> GenerateConfig {
    GenerateConfig { seed: 5, rows, ..GenerateConfig::default() }
}

fn blocks(size: u64, threads: usize, kept: usize) -> BlockConfig {
    BlockConfig { size: NonZeroU64::new(size).unwrap(), threads, kept }
}

/// Programs of the loop itself.
fn reference(model: &dyn CausalModel, first: u64, count: u64, rows: usize) -> BTreeMap<u64, (Vec<u32>, f64)> {
    let language = language(Some(24));
    let mut generator = Generator::new(model, &language, &[], generate(rows)).unwrap();
    let (mut found, budget) = (BTreeMap::new(), Budget { programs: Some(count), ..Budget::default() });
    let each = &mut |program: pyprior_candle::Generated<'_>| {
        found.insert(program.number, (program.tokens.to_vec(), program.log_probability));
        ControlFlow::Continue(())
    };
    generator.run(first, &budget, &AtomicBool::new(false), each).unwrap();
    found
}

#[test]
fn programs_do_not_depend_on_who_asks() {
    let model = common::model(&common::small());
    let wanted = reference(&model, 0, 200, 32);
    for (size, rows, threads, kept) in [(1, 1, 1, 1), (7, 5, 2, 1), (16, 40, 3, 2), (64, 8, 1, 5)] {
        let config = blocks(size, threads, kept);
        let made = Blocks::new(Box::new(model.clone()), &language(Some(24)), generate(rows), config).unwrap();
        let next = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    // In an order in which what is made ahead is wanted, is not, and is wanted later.
                    loop {
                        let nth = next.fetch_add(1, Ordering::Relaxed);
                        let last = 200 / size;
                        if nth >= 2 * last {
                            break;
                        }
                        let number = if nth < last { nth } else { nth * 5 % last };
                        let block = made.get(number, &GO_ON).unwrap();
                        assert_eq!(block.programs.len() as u64, size);
                        for (program, row) in (number * size..).zip(0..size as usize) {
                            let found = (block.programs.get(row).unwrap(), block.log_probabilities[row]);
                            let (tokens, log_probability) = &wanted[&program];
                            assert_eq!(found, (&tokens[..], *log_probability), "{program} of blocks of {size}");
                        }
                    }
                });
            }
        });
    }
}

/// A model that writes down what it is given, and fails or waits where it is told to.
#[derive(Clone)]
struct Watched {
    model: RandomModel,
    given: Arc<Mutex<Vec<Batch>>>,
    fails_at: usize,
    pause: Duration,
}

impl Watched {
    fn new() -> Self {
        let model = RandomModel::new(3, language(Some(24)).vocab().len(), Device::Cpu);
        Self { model, given: Arc::default(), fails_at: usize::MAX, pause: Duration::ZERO }
    }
}

impl CausalModel for Watched {
    fn vocab_size(&self) -> usize {
        self.model.vocab_size()
    }

    fn device(&self) -> &Device {
        self.model.device()
    }

    fn max_positions(&self) -> usize {
        self.model.max_positions()
    }

    fn bytes_per_slot(&self, capacity: usize) -> usize {
        self.model.bytes_per_slot(capacity)
    }

    fn new_cache(&self, slots: usize, capacity: usize) -> Result<KvCache, Error> {
        self.model.new_cache(slots, capacity)
    }

    fn forward(&self, cache: &mut KvCache, batch: &Batch) -> Result<Tensor, Error> {
        std::thread::sleep(self.pause);
        let mut given = self.given.lock().unwrap();
        given.push(batch.clone());
        match given.len() > self.fails_at {
            true => Err(Error::Other("out of order".into())),
            false => self.model.forward(cache, batch),
        }
    }
}

#[test]
fn a_block_is_made_by_the_same_calls_whatever_came_before() {
    let alone = Watched::new();
    reference(&alone, 3 * 20, 20, 8);
    let calls = alone.given.lock().unwrap().clone();
    assert!(calls.len() > 20);
    for order in [&[3][..], &[0, 1, 3], &[2, 3], &[7, 3, 2]] {
        let model = Watched::new();
        let made = Blocks::new(Box::new(model.clone()), &language(Some(24)), generate(8), blocks(20, 1, 3)).unwrap();
        order.iter().for_each(|&number| drop(made.get(number, &GO_ON).unwrap()));
        drop(made);
        let given = model.given.lock().unwrap();
        assert!(given.windows(calls.len()).any(|window| window == calls), "{order:?}");
    }
}

#[test]
fn blocks_are_made_ahead_and_kept() {
    let model = Watched::new();
    let made = Blocks::new(Box::new(model.clone()), &language(Some(24)), generate(8), blocks(20, 1, 2)).unwrap();
    let steps = || model.given.lock().unwrap().len();
    let alone = Watched::new();
    (0..2).for_each(|number| drop(reference(&alone, number * 20, 20, 8)));
    let both = alone.given.lock().unwrap().len();
    made.get(0, &GO_ON).unwrap();
    // Nobody asks for block 1, and it is made; nobody has asked for that, and block 2 is not.
    let begun = Instant::now();
    while steps() < both {
        assert!(begun.elapsed() < Duration::from_secs(20), "{} of {both} steps", steps());
        std::thread::sleep(Duration::from_millis(1));
    }
    // Both are kept.
    made.get(0, &GO_ON).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(steps(), both);
}

#[test]
fn everybody_is_told_of_a_model_that_fails() {
    let model = Watched { fails_at: 30, ..Watched::new() };
    let made = Blocks::new(Box::new(model), &language(Some(24)), generate(8), blocks(100, 1, 2)).unwrap();
    std::thread::scope(|scope| {
        let asking = (0..3).map(|number| {
            scope.spawn({
                let made = &made;
                move || made.get(number, &GO_ON)
            })
        });
        for asked in asking.collect::<Vec<_>>() {
            let error = asked.join().unwrap().unwrap_err();
            let BlocksError::Generate(error) = error else { panic!("{error}") };
            assert!(matches!(&*error, GenerateError::Model(Error::Other(_))), "{error}");
        }
    });
    assert!(matches!(made.get(9, &GO_ON), Err(BlocksError::Generate(_))));
}

#[test]
fn what_cannot_be_is_told_at_once() {
    let model = || Box::new(RandomModel::new(3, 83, Device::Cpu));
    let refused = |language, rows| Blocks::new(model(), &language, generate(rows), blocks(4, 1, 1)).unwrap_err();
    let BlocksError::Generate(error) = refused(language(None), 4) else { panic!() };
    assert!(matches!(*error, GenerateError::NoMaxLen { .. }));
    let BlocksError::Generate(error) = refused(language(Some(24)), 0) else { panic!() };
    assert!(matches!(*error, GenerateError::NoRows));
    let BlocksError::Generate(error) = refused(Language::new(LanguageConfig::default()).unwrap(), 1) else { panic!() };
    assert!(matches!(*error, GenerateError::Vocab { .. }));
}

#[test]
fn who_is_to_stop_does_not_wait_for_the_model() {
    let model = Watched { pause: Duration::from_millis(100), ..Watched::new() };
    let made = Blocks::new(Box::new(model), &language(Some(24)), generate(2), blocks(1000, 1, 1)).unwrap();
    let (stop, begun) = (AtomicBool::new(false), Instant::now());
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| made.get(0, &stop));
        std::thread::sleep(Duration::from_millis(50));
        stop.store(true, Ordering::Relaxed);
        assert!(matches!(asked.join().unwrap(), Err(BlocksError::Stopped)));
    });
    // The block would take minutes.
    drop(made);
    assert!(begun.elapsed() < Duration::from_secs(20));
}
