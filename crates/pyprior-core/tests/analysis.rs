//! Findings against execution, on sampled programs and a machine that shares nothing with the crate.
//!
//! `PYPRIOR_ANALYSIS` (1) multiplies the number of programs, `PYPRIOR_SEED` (1) says which.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;
use std::sync::Mutex;

use common::env;
use common::machine::{Change, Index, Log, Machine, Outcome, Stop};
use pyprior_core::ast::{Expr, Module, Stmt};
use pyprior_core::{
    Analysis, ComparisonValues, Finding, FindingKind, Form, FunctionEnds, HoleKind, Language, LanguageConfig, Matcher,
    PriorConfig, Profile, ProgramSampler,
};
use rayon::prelude::*;

const PROGRAMS: u64 = 10_000;
const FUEL: u64 = 2_000;
/// What functions are tried with, argument after argument from each on.
const INPUTS: [i128; 7] = [0, 1, -2, 5, 3, 100, -7];

/// Eight languages, four of each profile, and whether programs are drawn by the prior.
fn configs() -> Vec<(LanguageConfig, bool)> {
    let mut configs = Vec::new();
    for (profile, far) in [(Profile::Sound, (-3, 9)), (Profile::PyPrior002, (i64::MAX - 4, i64::MAX))] {
        let base = LanguageConfig { max_len: Some(60), ..LanguageConfig::with_profile(profile) };
        configs.push((base.clone(), false));
        // Long, and in one profile at the end of 64 bits.
        configs.push((
            LanguageConfig {
                value_range: far,
                max_vars: 3,
                max_len: Some(150),
                max_block_stmts: 4,
                max_control_depth: 4,
                no_dead_code: false,
                ..base.clone()
            },
            false,
        ));
        // Call-heavy.
        configs.push((
            LanguageConfig {
                value_range: (0, 2),
                max_vars: 3,
                max_arity: Some(2),
                max_block_stmts: 6,
                max_len: Some(120),
                ..base.clone()
            },
            false,
        ));
        // Deep.
        configs.push((
            LanguageConfig {
                value_range: (-1, 3),
                max_block_stmts: 3,
                max_expr_depth: 20,
                max_control_depth: 8,
                max_vars: 5,
                max_len: Some(200),
                ..base
            },
            true,
        ));
    }
    configs
}

/// Counts by name, added up over threads.
#[derive(Default)]
struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    fn add(&mut self, name: &'static str, count: u64) {
        *self.0.entry(name).or_default() += count;
    }
}

/// One program and everything that has been tried with it.
struct Trial<'a> {
    module: &'a Module,
    index: &'a Index<'a>,
    bools: bool,
    analysis: &'a Analysis,
    /// The outcomes of the module and then of each call, unchanged.
    base: Vec<Outcome>,
    /// Of the module alone, and of all.
    module_log: Log,
    log: Log,
}

impl<'a> Trial<'a> {
    fn new(module: &'a Module, index: &'a Index<'a>, bools: bool, analysis: &'a Analysis) -> Self {
        let mut machine = Machine::new(index, bools);
        let mut base = vec![machine.module(module, FUEL)];
        let module_log = machine.log.clone();
        base.extend(calls(analysis).map(|(func, args)| machine.function(func, &args, FUEL)));
        Self { module, index, bools, analysis, base, module_log, log: machine.log }
    }

    /// The same with a change: outcomes beside those without.
    fn changed(&self, change: Change) -> Vec<(Outcome, &Outcome)> {
        let mut machine = Machine::new(self.index, self.bools);
        machine.change = change;
        let mut outcomes = vec![machine.module(self.module, FUEL)];
        outcomes.extend(calls(self.analysis).map(|(func, args)| machine.function(func, &args, FUEL)));
        outcomes.into_iter().zip(&self.base).collect()
    }

    fn unnoticed(&self, change: Change) {
        for (outcome, base) in self.changed(change) {
            assert_eq!(&outcome, base, "{change:?} is noticed: {:#?}", self.module);
        }
    }

    fn check(&self, finding: &Finding, counts: &mut Counts) {
        let nth = finding.statement;
        let seen = self.log.stmts[nth];
        let module = self.module;
        counts.add(finding.kind.name(), 1);
        match finding.kind {
            FindingKind::Unreachable { count, by, .. } => {
                let ran = self.log.stmts[nth..nth + count].iter().any(|seen| seen.runs > 0);
                assert!(!ran, "{finding:?} runs: {module:#?}");
                assert!(by < nth);
            }
            FindingKind::ConstantTest { holds } => {
                assert_eq!(seen.yes, if holds { seen.runs } else { 0 }, "{finding:?}: {module:#?}");
            }
            FindingKind::EmptyLoop => assert_eq!(seen.yes, 0, "{finding:?}: {module:#?}"),
            FindingKind::DeadStore { variable, .. } => {
                let Stmt::Assign { target, value } = self.index.stmts[nth] else { panic!("{finding:?}") };
                assert_eq!(*target, variable);
                assert!(!seen.read, "{finding:?} is read: {module:#?}");
                [77, -1].into_iter().for_each(|value| self.unnoticed(Change::Store(nth, value)));
                if !calls_something(value) {
                    self.removed(nth);
                    counts.add("dead stores removed", 1);
                }
            }
            FindingKind::UnusedLoopVariable { .. } => {
                assert!(matches!(self.index.stmts[nth], Stmt::For { .. }));
                assert!(!seen.read, "{finding:?} is read: {module:#?}");
                [77, -1].into_iter().for_each(|value| self.unnoticed(Change::Store(nth, value)));
            }
            FindingKind::UnusedParameter { function, variable, .. } => {
                assert!(!self.log.parameters.contains_key(&(function, variable)), "{finding:?}: {module:#?}");
                let change = |value| Change::Parameter(function, variable, value);
                [77, -1].into_iter().for_each(|value| self.unnoticed(change(value)));
            }
            FindingKind::UnusedFunction { function } => {
                assert_eq!(self.module_log.calls.get(&function), None, "{finding:?}: {module:#?}");
                let (outcome, base) = self.changed(Change::Body(function, 77)).swap_remove(0);
                assert_eq!(&outcome, base, "{finding:?}: {module:#?}");
            }
            FindingKind::UnusedCallValue { .. } => self.ignored(finding),
            // That both ends can be reached is not said; the functions are checked below.
            FindingKind::MixedReturns { .. } => {}
            _ => panic!("{finding:?} has no check"),
        }
    }

    /// Without its right side, a dead store changes nothing but that the right side cannot fail.
    fn removed(&self, nth: usize) {
        for (outcome, base) in self.changed(Change::Replace(nth, 5)) {
            match base.stop {
                Some(Stop::TypeError | Stop::Wide) => assert!(outcome.out.starts_with(&base.out), "{:#?}", self.module),
                _ => assert_eq!(&outcome, base, "{:#?}", self.module),
            }
        }
    }

    /// Another value in place of the call's changes nothing that the module shows.
    fn ignored(&self, finding: &Finding) {
        let position = |nth: &usize| {
            let text = self.index.call_stmts[*nth];
            text == finding.statement
        };
        // Calls of a statement come in the order of their tokens.
        let of_stmt = (0..self.index.call_stmts.len()).filter(position).collect::<Vec<_>>();
        let tokens = call_tokens(self.index.stmts[finding.statement]);
        let offset = finding.token - self.token_of(finding.statement);
        let nth = of_stmt[tokens.iter().position(|&token| token == offset).unwrap()];
        for value in [4, -9] {
            let (outcome, base) = self.changed(Change::Result(nth, value)).swap_remove(0);
            let fails = |outcome: &Outcome| matches!(outcome.stop, Some(Stop::TypeError | Stop::Wide));
            match fails(base) || fails(&outcome) {
                true => {
                    let (short, long) = match base.out.len() < outcome.out.len() {
                        true => (base, &outcome),
                        false => (&outcome, base),
                    };
                    assert!(long.out.starts_with(&short.out), "{finding:?}: {:#?}", self.module);
                }
                false => assert_eq!(&outcome, base, "{finding:?}: {:#?}", self.module),
            }
        }
    }

    /// Token of a statement, counted anew.
    fn token_of(&self, nth: usize) -> usize {
        let mut tokens = Vec::new();
        stmt_tokens(&self.module.body, &mut 0, &mut tokens);
        tokens[nth]
    }

    /// What is said of the module and the functions as such.
    fn facts(&self, counts: &mut Counts) {
        let bounds = std::iter::once(self.analysis.steps);
        let functions = &self.analysis.functions;
        let calls =
            calls(self.analysis).map(|(func, _)| functions.iter().find(|facts| facts.function == func).unwrap());
        let calls = calls.collect::<Vec<_>>();
        for (bound, outcome) in bounds.chain(calls.iter().map(|facts| facts.steps)).zip(&self.base) {
            counts.add("runs", 1);
            let Some(bound) = bound else { continue };
            assert!(outcome.steps <= bound, "{} steps, at most {bound} said: {:#?}", outcome.steps, self.module);
            counts.add("runs with a bound", 1);
            counts.add("runs that meet their bound", u64::from(outcome.steps == bound));
        }
        for (facts, outcome) in calls.iter().zip(&self.base[1..]).filter(|(_, outcome)| outcome.stop.is_none()) {
            match facts.ends {
                FunctionEnds::Returns => {
                    assert!(outcome.value.is_some(), "{facts:?} falls through: {:#?}", self.module)
                }
                FunctionEnds::FallsThrough => assert!(outcome.value.is_none(), "{facts:?} returns: {:#?}", self.module),
                FunctionEnds::Mixed => counts.add("calls of mixed functions", 1),
            }
            counts.add("calls that end", 1);
        }
    }

    /// How often a run suggests a finding that there is none of: information, since other inputs might tell.
    fn missed(&self, counts: &mut Counts) {
        let found = |nth: usize, name: &str| {
            self.analysis.findings.iter().any(|finding| finding.statement == nth && finding.kind.name() == name)
        };
        let unreachable = |nth: usize| {
            self.analysis.findings.iter().any(|finding| match finding.kind {
                FindingKind::Unreachable { count, .. } => (finding.statement..finding.statement + count).contains(&nth),
                _ => false,
            })
        };
        // What was cut short suggests nothing.
        if self.base.iter().any(|outcome| outcome.stop.is_some()) {
            return counts.add("programs with a run cut short", 1);
        }
        for (nth, seen) in self.log.stmts.iter().enumerate() {
            let missed = |name, found: bool, counts: &mut Counts| {
                counts.add(name, u64::from(!found));
            };
            if seen.runs == 0 {
                counts.add("statements that never ran", 1);
                missed("statements that never ran, not found", unreachable(nth), counts);
                continue;
            }
            match self.index.stmts[nth] {
                Stmt::If { .. } if seen.yes == 0 || seen.yes == seen.runs => {
                    counts.add("tests that went one way", 1);
                    missed("tests that went one way, not found", found(nth, "constant-test"), counts);
                }
                Stmt::For { .. } if seen.yes == 0 => {
                    counts.add("loops that never iterated", 1);
                    missed("loops that never iterated, not found", found(nth, "empty-loop"), counts);
                }
                Stmt::Assign { .. } if !seen.read => {
                    counts.add("stores that were never read", 1);
                    missed("stores that were never read, not found", found(nth, "dead-store"), counts);
                }
                Stmt::Def { func, .. } if !self.module_log.calls.contains_key(func) => {
                    counts.add("functions that were never called", 1);
                    missed("functions that were never called, not found", found(nth, "unused-function"), counts);
                }
                _ => {}
            }
        }
    }
}

/// Functions with inputs that are tried.
fn calls(analysis: &Analysis) -> impl Iterator<Item = (u8, Vec<i128>)> {
    let starts = [0, 2, 5];
    analysis.functions.iter().flat_map(move |facts| {
        let args = move |start| (0..usize::from(facts.arity)).map(|nth| INPUTS[(start + nth) % INPUTS.len()]).collect();
        starts.into_iter().map(move |start| (facts.function, args(start)))
    })
}

fn calls_something(expr: &Expr) -> bool {
    match expr {
        Expr::Var(_) | Expr::Const(_) => false,
        Expr::BinOp { left, right, .. } => calls_something(left) || calls_something(right),
        Expr::Compare(comparison) => calls_something(&comparison.left) || calls_something(&comparison.right),
        Expr::Call { .. } => true,
    }
}

/// Number of tokens of an expression; notes where its calls are, counted from `start`.
fn expr_len(expr: &Expr, start: usize, calls: &mut Vec<usize>) -> usize {
    let mut pair = |left, right| {
        let first = 1 + expr_len(left, start + 1, calls);
        first + expr_len(right, start + first, calls)
    };
    match expr {
        Expr::Var(_) | Expr::Const(_) => 1,
        Expr::BinOp { left, right, .. } => pair(left, right),
        Expr::Compare(comparison) => pair(&comparison.left, &comparison.right),
        Expr::Call { args, .. } => {
            calls.push(start);
            args.iter().fold(2, |len, arg| len + expr_len(arg, start + len, calls))
        }
    }
}

/// Where the calls of a statement itself are, counted from its first token; and where its first block is.
fn own_tokens(stmt: &Stmt) -> (Vec<usize>, usize) {
    let mut calls = Vec::new();
    let len = match stmt {
        Stmt::Assign { value, .. } => 2 + expr_len(value, 2, &mut calls),
        Stmt::Print(value) | Stmt::Return(value) => 1 + expr_len(value, 1, &mut calls),
        Stmt::If { condition, .. } => {
            let first = 2 + expr_len(&condition.left, 2, &mut calls);
            first + expr_len(&condition.right, first, &mut calls)
        }
        Stmt::For { start, stop, .. } => {
            let first = start.as_ref().map_or(2, |start| 2 + expr_len(start, 2, &mut calls));
            first + expr_len(stop, first, &mut calls)
        }
        Stmt::Def { .. } => 2,
    };
    (calls, len)
}

fn call_tokens(stmt: &Stmt) -> Vec<usize> {
    own_tokens(stmt).0
}

fn stmt_tokens(block: &[Stmt], token: &mut usize, tokens: &mut Vec<usize>) {
    *token += 1;
    for stmt in block {
        tokens.push(*token);
        *token += own_tokens(stmt).1;
        match stmt {
            Stmt::If { then, otherwise, .. } => {
                stmt_tokens(then, token, tokens);
                stmt_tokens(otherwise, token, tokens);
            }
            Stmt::For { body, .. } | Stmt::Def { body, .. } => stmt_tokens(body, token, tokens),
            _ => {}
        }
    }
}

/// Counts, depths and places against the tokens and the decoder's own depths.
fn check_counts(language: &std::sync::Arc<Language>, tokens: &[u32], module: &Module, analysis: &Analysis) {
    let count = |form| tokens.iter().filter(|&&token| language.vocab().form(token) == Some(form)).count();
    let forms = analysis.forms;
    let found = [
        (Form::Func, forms.func),
        (Form::Var, forms.var),
        (Form::BinOp, forms.binop),
        (Form::Compare, forms.compare),
        (Form::Const, forms.constant),
        (Form::Arity, forms.arity),
        (Form::Block, forms.block),
        (Form::Return, forms.return_),
        (Form::If, forms.if_),
        (Form::Assign, forms.assign),
        (Form::For, forms.for_),
        (Form::Call, forms.call),
        (Form::Print, forms.print),
    ];
    found.into_iter().for_each(|(form, found)| assert_eq!(found, count(form), "{form:?}"));
    assert_eq!(analysis.tokens, tokens.len());
    let mut places = Vec::new();
    stmt_tokens(&module.body, &mut 0, &mut places);
    assert_eq!(analysis.statements, places.len());
    let mut matcher = Matcher::new(language);
    let (mut expr_depth, mut control_depth) = (0, 0);
    for &token in tokens {
        let hole = matcher.frontier().unwrap();
        match hole.kind {
            HoleKind::Expr => expr_depth = expr_depth.max(hole.expr_depth),
            HoleKind::Block | HoleKind::Stmt => control_depth = control_depth.max(hole.control_depth),
            _ => {}
        }
        matcher.accept_token(token).unwrap();
    }
    assert_eq!((analysis.expr_depth, analysis.control_depth), (expr_depth as usize, control_depth as usize));
    for finding in &analysis.findings {
        let place = places[finding.statement];
        let further = finding.token - place;
        let form = language.vocab().form(tokens[finding.token]);
        match finding.kind {
            FindingKind::ConstantTest { .. } => assert_eq!(form, Some(Form::Compare)),
            FindingKind::UnusedParameter { .. } => assert_eq!(form, Some(Form::Arity)),
            FindingKind::UnusedCallValue { .. } => assert_eq!(form, Some(Form::Call)),
            _ => assert_eq!(further, 0),
        }
    }
}

#[test]
fn findings_hold_in_execution() {
    let share = PROGRAMS * env("PYPRIOR_ANALYSIS", 1) / 8;
    let total = Mutex::new(Counts::default());
    for (config, by_prior) in configs() {
        let bools = config.comparison_values == ComparisonValues::Bool;
        let language = Language::new(config).unwrap();
        let seed = env("PYPRIOR_SEED", 1);
        let sampler = match by_prior {
            true => ProgramSampler::with_prior(&language, PriorConfig::default(), seed).unwrap(),
            false => ProgramSampler::new(&language, seed),
        };
        let programs = sampler.sample(0..share).unwrap();
        let numbers = (0..programs.len()).collect::<Vec<_>>();
        numbers.par_chunks(250).for_each(|numbers| {
            let mut counts = Counts::default();
            for &nth in numbers {
                let tokens = programs.get(nth).unwrap();
                let module = language.vocab().tokens_to_ast(tokens).unwrap();
                let analysis = Analysis::of(&module);
                check_counts(&language, tokens, &module, &analysis);
                let index = Index::new(&module);
                let trial = Trial::new(&module, &index, bools, &analysis);
                analysis.findings.iter().for_each(|finding| trial.check(finding, &mut counts));
                trial.facts(&mut counts);
                trial.missed(&mut counts);
                counts.add("programs", 1);
            }
            let mut total = total.lock().unwrap();
            counts.0.into_iter().for_each(|(name, count)| total.add(name, count));
        });
    }
    let total = total.into_inner().unwrap().0;
    for (name, count) in &total {
        println!("{count:>9} {name}");
    }
    // Every kind has been put to the test.
    for name in FindingKind::NAMES {
        assert!(total.get(name).is_some_and(|&count| count > 50), "too few of {name}");
    }
}
