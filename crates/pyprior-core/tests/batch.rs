//! Many rows at once give what each would give alone, and a seed and a row number give a program: for any number of
//! threads, size of batch, arrangement of slots and mixture of languages.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;

use common::{Random, choose, read, stepwise};
use pyprior_core::{
    BatchError, BatchMatcher, Language, LanguageConfig, Matcher, Profile, ProgramSampler, TokenBitmask, UniformSampler,
};
use rayon::prelude::*;

fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

fn language(config: LanguageConfig) -> Arc<Language> {
    Language::new(config).unwrap()
}

/// Languages with 79 tokens each that differ in everything else: rules, depths, bounds, where their ids begin.
fn of_one_size() -> Vec<Arc<Language>> {
    let base = LanguageConfig { value_range: (0, 9), max_len: Some(30), ..LanguageConfig::default() };
    let recorded = LanguageConfig { max_len: Some(64), ..LanguageConfig::with_profile(Profile::PyPrior002) };
    let all = vec![
        language(base.clone()),
        language(LanguageConfig { value_range: (-4, 5), ..recorded }),
        language(LanguageConfig { value_range: (0, 4), base_vocab: 5, max_len: Some(9), ..base.clone() }),
        language(LanguageConfig { max_expr_depth: 0, max_control_depth: 1, max_len: Some(100), ..base.clone() }),
        language(LanguageConfig { exclude: vec!["print".to_owned(), "VAR_3".to_owned()], ..base.clone() }),
        language(LanguageConfig { max_control_depth: 0, max_expr_depth: 1, max_len: None, ..base }),
    ];
    assert!(all.iter().all(|language| language.vocab().len() == 79));
    all
}

/// Programs of rows by lockstep: fill, choose, accept, until all rows are complete. What is chosen is in the bitmask.
fn lockstep(batch: &mut BatchMatcher, seed: u64, rows: &[u64]) -> Vec<Vec<u32>> {
    let sampler = UniformSampler::new(seed);
    let vocab = batch.language(0).unwrap().vocab().len();
    let mut bitmask = TokenBitmask::new(batch.len(), vocab);
    let mut tokens = vec![u32::MAX; batch.len()];
    while !batch.all_terminated() {
        batch.fill_next_token_bitmask(&mut bitmask).unwrap();
        batch.choose_uniform(&sampler, rows, &mut tokens).unwrap();
        for (slot, &token) in tokens.iter().enumerate() {
            assert!(bitmask.is_allowed(slot, token), "slot {slot} token {token}");
            assert_eq!(batch.legal_count(slot).unwrap(), bitmask.count(slot));
        }
        batch.accept_tokens(&tokens).unwrap();
    }
    // Finished rows take PAD and stay.
    let before = (0..batch.len()).map(|slot| batch.tokens(slot).unwrap().to_vec()).collect::<Vec<_>>();
    batch.choose_uniform(&sampler, rows, &mut tokens).unwrap();
    batch.accept_tokens(&tokens).unwrap();
    assert!((0..batch.len()).all(|slot| batch.tokens(slot).unwrap() == before[slot]));
    before
}

#[test]
fn every_size_and_number_of_threads() {
    let all = of_one_size();
    for (nth, size) in [1usize, 2, 3, 15, 16, 17, 64, 255, 1000, 4096, 8191, 8192, 8193, 10_001].into_iter().enumerate()
    {
        let language = &all[nth % 4];
        let (seed, first) = (nth as u64, 1_000_000_007 * nth as u64);
        let rows = (first..first + size as u64).collect::<Vec<_>>();
        let start = Matcher::new(language);
        let sampler = UniformSampler::new(seed);
        let expected = rows.par_iter().map(|&row| stepwise(&start, &sampler, row)).collect::<Vec<_>>();
        for threads in [1, 2] {
            let (stepped, sampled) = on_threads(threads, || {
                let mut batch = BatchMatcher::new(language, size);
                let sampled = ProgramSampler::new(language, seed).sample(first..first + size as u64).unwrap();
                (lockstep(&mut batch, seed, &rows), sampled)
            });
            assert!(stepped == expected, "lockstep, {size} rows, {threads} threads");
            assert!(sampled.iter().eq(&expected), "sampler, {size} rows, {threads} threads");
        }
    }
}

#[test]
fn a_range_of_programs_is_cut_anywhere() {
    let language = &of_one_size()[0];
    let sampler = ProgramSampler::new(language, 5);
    let whole = sampler.sample(0..9000).unwrap();
    for range in [0..0, 0..1, 8999..9000, 4095..4097, 17..34, 100..5000, 4096..8192] {
        let part = on_threads(2, || sampler.sample(range.clone())).unwrap();
        assert_eq!(part.len() as u64, range.end - range.start);
        assert!(part.iter().eq(range.map(|row| whole.get(row as usize).unwrap())));
    }
}

#[test]
fn row_numbers_go_up_to_the_largest() {
    let language = &of_one_size()[0];
    let (start, sampler) = (Matcher::new(language), UniformSampler::new(u64::MAX));
    for count in [1, 2, 15, 16, 17, 18, 31, 33, 100] {
        let first = u64::MAX - count;
        let programs = ProgramSampler::new(language, u64::MAX).sample(first..u64::MAX).unwrap();
        assert!(programs.iter().eq((first..u64::MAX).map(|row| stepwise(&start, &sampler, row))), "{count} programs");
    }
}

#[test]
fn prefixes_are_kept() {
    for language in &of_one_size()[..2] {
        let prefix = read(language, "BLK_2 FUNC_1 ARITY_2 BLK_1 RETURN");
        let start = Matcher::with_prefix(language, &prefix).unwrap();
        let expected = (0..300).map(|row| stepwise(&start, &UniformSampler::new(8), row)).collect::<Vec<_>>();
        let sampled = ProgramSampler::new(language, 8).with_prefix(&prefix).unwrap().sample(0..300).unwrap();
        assert!(sampled.iter().eq(&expected));
        let mut batch = BatchMatcher::empty(language, 300);
        (0..300).for_each(|slot| batch.set(slot, language, &prefix).unwrap());
        assert_eq!(lockstep(&mut batch, 8, &(0..300).collect::<Vec<_>>()), expected);
    }
}

#[test]
fn shuffled_slots_of_several_languages() {
    let all = of_one_size();
    let mut random = Random(3);
    for size in [6, 250, 4096, 8300] {
        let of_row = (0..size).map(|_| random.index(all.len())).collect::<Vec<_>>();
        let mut rows = (0..size as u64).collect::<Vec<_>>();
        random.shuffle(&mut rows);
        let mut batch = BatchMatcher::empty(&all[0], size);
        for (slot, &row) in rows.iter().enumerate() {
            batch.set(slot, &all[of_row[row as usize]], &[]).unwrap();
        }
        for threads in [1, 2] {
            let programs = on_threads(threads, || lockstep(&mut batch.clone(), 77, &rows));
            programs.par_iter().zip(&rows).for_each(|(program, &row)| {
                let start = Matcher::new(&all[of_row[row as usize]]);
                assert_eq!(program, &stepwise(&start, &UniformSampler::new(77), row), "row {row} of {size}");
            });
        }
    }
}

#[test]
fn continuous_refilling() {
    let all = of_one_size();
    for slots in [1usize, 7, 64] {
        let total = 40 * slots as u64;
        let of_row = |row: u64| &all[row as usize % 4];
        let sampler = UniformSampler::new(12);
        let mut batch = BatchMatcher::empty(&all[0], slots);
        let mut rows = vec![u64::MAX; slots];
        let mut tokens = vec![0; slots];
        let (mut next, mut done) = (0, vec![Vec::new(); total as usize]);
        while done.iter().any(Vec::is_empty) {
            for slot in 0..slots {
                if batch.is_occupied(slot) && batch.is_terminated(slot).unwrap() {
                    done[rows[slot] as usize] = batch.tokens(slot).unwrap().to_vec();
                    batch.free(slot).unwrap();
                }
                if !batch.is_occupied(slot) && next < total {
                    batch.set(slot, of_row(next), &[]).unwrap();
                    (rows[slot], next) = (next, next + 1);
                }
            }
            batch.choose_uniform(&sampler, &rows, &mut tokens).unwrap();
            batch.accept_tokens(&tokens).unwrap();
        }
        for (row, program) in (0..).zip(&done) {
            assert_eq!(program, &stepwise(&Matcher::new(of_row(row)), &sampler, row), "row {row}, {slots} slots");
        }
    }
}

/// Everything a batch says is what its rows, kept apart, would say.
fn same(batch: &BatchMatcher, model: &[Option<(u64, Matcher)>]) {
    assert_eq!(batch.len(), model.len());
    let words = batch.bitmask_words();
    let mut bitmask = TokenBitmask::new(batch.len(), 79);
    bitmask.data_mut().fill(0x5A5A_5A5A);
    batch.fill_next_token_bitmask(&mut bitmask).unwrap();
    let mut raw = vec![7; words * batch.len()];
    batch.fill_next_token_bitmask_into(&mut raw).unwrap();
    assert_eq!(bitmask.data(), raw);
    let mut expected = TokenBitmask::new(batch.len(), 79);
    for (slot, row) in model.iter().enumerate() {
        assert_eq!(batch.is_occupied(slot), row.is_some());
        let Some((_, matcher)) = row else {
            let all = (0..79).fold(vec![0; words], |mut row: Vec<u32>, id| {
                row[id / 32] |= 1 << (id % 32);
                row
            });
            expected.data_mut()[slot * words..][..words].copy_from_slice(&all);
            assert_eq!(batch.tokens(slot), Err(BatchError::EmptySlot { slot }));
            assert!(batch.matcher(slot).is_err() && batch.legal_count(slot).is_err());
            continue;
        };
        matcher.fill_next_token_bitmask(&mut expected, slot).unwrap();
        assert_eq!(batch.tokens(slot).unwrap(), matcher.tokens());
        assert_eq!(batch.is_terminated(slot), Ok(matcher.is_terminated()));
        assert_eq!(batch.legal_count(slot), Ok(matcher.legal_count()));
        assert_eq!(batch.frontier(slot), Ok(matcher.frontier()));
        assert_eq!(batch.remaining_budget(slot), Ok(matcher.remaining_budget()));
        assert!(Arc::ptr_eq(batch.language(slot).unwrap(), matcher.language()));
        assert_eq!(batch.matcher(slot).unwrap().min_tokens_to_finish(), matcher.min_tokens_to_finish());
    }
    assert!(bitmask == expected, "bitmask");
    let done = |row: &Option<(u64, Matcher)>| row.as_ref().is_none_or(|(_, matcher)| matcher.is_terminated());
    assert_eq!(batch.all_terminated(), model.iter().all(done));
}

#[test]
fn slots_come_and_go_while_rows_run() {
    let all = of_one_size();
    for seed in 0..12 {
        let mut random = Random(seed);
        let sampler = UniformSampler::new(seed);
        let mut batch = BatchMatcher::empty(&all[random.index(all.len())], 3);
        let mut model: Vec<Option<(u64, Matcher)>> = vec![None; 3];
        for row in 0..700 {
            let (a, b) = (random.index(model.len()), random.index(model.len()));
            match random.below(14) {
                0 | 1 => {
                    let language = &all[random.index(all.len())];
                    let mut matcher = Matcher::new(language);
                    for _ in 0..random.below(5) {
                        matcher.accept_token(choose(&matcher, &sampler, row)).unwrap();
                    }
                    batch.set(a, language, matcher.tokens()).unwrap();
                    model[a] = Some((row, matcher));
                }
                2 => {
                    batch.free(a).unwrap();
                    model[a] = None;
                }
                3 => match &model[a] {
                    Some(_) => {
                        batch.move_row(a, b).unwrap();
                        let row = model[a].take();
                        model[b] = row;
                    }
                    None => assert_eq!(batch.move_row(a, b), Err(BatchError::EmptySlot { slot: a })),
                },
                4 => {
                    batch.swap(a, b).unwrap();
                    model.swap(a, b);
                }
                5 if model.len() < 20 => {
                    let slots = model.len() + random.index(3);
                    batch.grow(slots);
                    batch.grow(1);
                    model.resize(slots, None);
                }
                6 => match &model[a] {
                    Some(found) => {
                        model[b] = Some(found.clone());
                        batch.fork(a, b).unwrap();
                    }
                    None => assert_eq!(batch.fork(a, b), Err(BatchError::EmptySlot { slot: a })),
                },
                7 => {
                    if let Some((_, matcher)) = &mut model[a] {
                        let n = random.index(matcher.tokens().len() + 1);
                        matcher.rollback(n).unwrap();
                        batch.rollback(a, n).unwrap();
                    }
                }
                8 => {
                    if let Some((_, matcher)) = &mut model[a] {
                        matcher.reset();
                        batch.reset(a).unwrap();
                    }
                }
                _ => {
                    // A token of no vocabulary for the empty slots: it is ignored.
                    let mut tokens = vec![u32::MAX; model.len()];
                    let rows = model.iter().map(|row| row.as_ref().map_or(0, |row| row.0)).collect::<Vec<_>>();
                    batch.choose_uniform(&sampler, &rows, &mut tokens).unwrap();
                    for (row, &token) in model.iter_mut().zip(&tokens) {
                        match row {
                            Some((number, matcher)) => {
                                assert_eq!(token, choose(matcher, &sampler, *number));
                                matcher.accept_token(token).unwrap();
                            }
                            None => assert_eq!(token, u32::MAX),
                        }
                    }
                    batch.accept_tokens(&tokens).unwrap();
                }
            }
            same(&batch, &model);
        }
    }
}

#[test]
fn one_bad_token_and_nothing_happens() {
    let all = of_one_size();
    for (size, threads) in [(1, 1), (5, 1), (300, 2), (9000, 1), (9000, 2)] {
        on_threads(threads, || {
            let mut random = Random(size as u64);
            let sampler = UniformSampler::new(4);
            let rows = (0..size as u64).collect::<Vec<_>>();
            let mut batch = BatchMatcher::empty(&all[0], size);
            (0..size).for_each(|slot| batch.set(slot, &all[slot % all.len()], &[]).unwrap());
            for step in 0..12 {
                let mut before = TokenBitmask::new(size, 79);
                batch.fill_next_token_bitmask(&mut before).unwrap();
                let frontiers = (0..size).map(|slot| batch.frontier(slot)).collect::<Vec<_>>();
                let histories = (0..size).map(|slot| batch.tokens(slot).unwrap().to_vec()).collect::<Vec<_>>();
                let mut tokens = vec![0; size];
                batch.choose_uniform(&sampler, &rows, &mut tokens).unwrap();

                let mut bad = tokens.clone();
                let (one, other) = (random.index(size), random.index(size));
                for slot in [one, other] {
                    let illegal = (0..80).chain([u32::MAX]).filter(|&id| !before.is_allowed(slot, id));
                    bad[slot] = random.pick(&illegal.collect::<Vec<_>>());
                }
                let slot = one.min(other);
                let source = batch.matcher(slot).unwrap().accept_token(bad[slot]).unwrap_err();
                assert_eq!(batch.accept_tokens(&bad), Err(BatchError::Token { slot, source }), "step {step}");
                assert!(batch.accept_tokens(&tokens[1..]).is_err());

                let mut after = TokenBitmask::new(size, 79);
                batch.fill_next_token_bitmask(&mut after).unwrap();
                assert!(before == after);
                assert!((0..size).all(|slot| batch.frontier(slot) == frontiers[slot]));
                assert!((0..size).all(|slot| batch.tokens(slot).unwrap() == histories[slot]));
                batch.accept_tokens(&tokens).unwrap();
            }
        });
    }
}

#[test]
fn one_row_among_many_steps_as_it_would_alone() {
    let all = of_one_size();
    let mut random = Random(5);
    let mut batch = BatchMatcher::empty(&all[0], 40);
    let mut alone = Vec::new();
    for slot in 0..40 {
        let language = &all[slot % all.len()];
        if slot % 9 == 4 {
            alone.push(None);
            continue;
        }
        batch.set(slot, language, &[]).unwrap();
        alone.push(Some(Matcher::new(language)));
    }
    let (mut whole, mut words) = (TokenBitmask::new(40, 79), vec![0; 3]);
    for _ in 0..6000 {
        let slot = random.index(40);
        batch.fill_next_token_bitmask(&mut whole).unwrap();
        batch.fill_row_bitmask(slot, &mut words).unwrap();
        assert_eq!(Some(&words[..]), whole.row(slot));
        let Some(matcher) = &mut alone[slot] else {
            assert_eq!(batch.accept_token(slot, 0), Err(BatchError::EmptySlot { slot }));
            continue;
        };
        let token = random.index(81) as u32;
        let expected = matcher.accept_token(token).map_err(|source| BatchError::Token { slot, source });
        assert_eq!(batch.accept_token(slot, token), expected);
        // Mostly illegal; so that rows get on, a legal one as well.
        let legal = matcher.legal_tokens().collect::<Vec<_>>();
        let token = random.pick(&legal);
        matcher.accept_token(token).unwrap();
        batch.accept_token(slot, token).unwrap();
        assert_eq!(batch.tokens(slot).unwrap(), matcher.tokens());
        if matcher.tokens().len() > 90 {
            matcher.reset();
            batch.reset(slot).unwrap();
        }
    }
    // What one row has grown to is known to steps over all.
    let longest = (0..40).map(|slot| batch.tokens(slot).map_or(0, <[u32]>::len)).max().unwrap();
    assert!(longest > 40);
    let mut tokens = vec![0; 40];
    batch.choose_uniform(&UniformSampler::new(1), &[0; 40], &mut tokens).unwrap();
    batch.accept_tokens(&tokens).unwrap();
    assert_eq!(batch.fill_row_bitmask(40, &mut words), Err(BatchError::NoSuchSlot { slot: 40, slots: 40 }));
    let wrong = BatchError::WrongLength { what: "bitmask", got: 2, expected: 3 };
    assert_eq!(batch.fill_row_bitmask(0, &mut words[..2]), Err(wrong));
}
