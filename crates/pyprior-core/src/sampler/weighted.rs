//! The choice by the weights of a symbolic prior, among the legal tokens of a row.
//!
//! What a prior says depends on the hole class, which fixes the depths, on the legal set, and on the number of visible
//! variables. The first two are tabulated when a sampler is made: of the legal tokens that do not depend on the row,
//! their total weight and an alias table. What is left for a step is to weigh the visible variables against that
//! total.
//!
//! Source of alias tables: A. Walker, "An efficient method for generating discrete random variables with general
//! distributions", ACM TOMS 3(3), 1977; their construction: M. Vose, IEEE TSE 17(9), 1991.

use std::collections::HashMap;

use super::philox;
use crate::grammar::classes::Hole;
use crate::grammar::records::{Class, Record, Set, Sym};
use crate::language::Language;
use crate::prior::config::Normalisation;
use crate::prior::table::Prior;
use crate::step::{Engine, Group, Heads, LANES};
use crate::table::{Table, View};
use crate::vocab::Form;
use crate::words::{WithConstants, Words};

/// Integer weights of a legal set sum to about this.
const SCALE: f64 = (1_u64 << 31) as f64;
/// Fourth word of the Philox counter: no step of the uniform choice tries as many lanes, and
/// [`TokenSampler`](crate::TokenSampler) has the one before.
const LANE: u32 = (1 << 31) + 1;

/// The weights of all legal sets of a language, as integers.
#[derive(Debug)]
pub(crate) struct Weights {
    /// By set: total weight of its own tokens, weight of a variable or of the next function, where its alias table
    /// begins, and how many cells it has.
    sets: Table<Box<[Record]>>,
    /// Cells of alias tables: the threshold up to which a cell is its own run of equal tokens; where that one and its
    /// alias begin in the engine's lists; their lengths less one, 16 bits each.
    cells: Table<Box<[Record]>>,
    /// Visible variables beyond which more do not add to their weight.
    variables: u32,
}

/// Tokens of equal weight that lie one after the other.
pub(super) struct Run {
    list: u32,
    pub(super) count: u32,
    pub(super) weight: f64,
}

impl Weights {
    pub(crate) fn new(language: &Language, prior: &Prior) -> Self {
        let tables = &language.engine.tables;
        let divided = prior.normalisation() == Normalisation::Legal;
        let mut draft = Draft { sets: vec![[0; 4]; tables.sets.len()], cells: Vec::new(), seen: HashMap::new() };
        for (set, depths, dynamic) in legal_sets(language) {
            let token = dynamic.and_then(|form| first(language, form));
            let one = token.map_or(0.0, |token| prior.weight(token, 1, depths[0], depths[1]));
            let most = if divided || dynamic == Some(Form::Func) { 1 } else { tables.max_vars };
            draft.add(set, runs(language, prior, tables.sets.at(set), depths), one, most);
        }
        let variables = if divided { 1 } else { u32::MAX };
        Self { sets: Table::filled(draft.sets, [0; 4]), cells: Table::filled(draft.cells, [0; 4]), variables }
    }

    /// Chooses legal tokens with the random words of a step of rows.
    #[inline(always)]
    pub(crate) fn choose<W: Words>(
        &self,
        engine: &Engine,
        group: Group<W>,
        rows: View<'_>,
        heads: &Heads<W>,
        random: [W; 4],
    ) -> W {
        let legal = engine.legal(heads);
        let (first, count) = engine.dynamic(&legal);
        let [own, one, alias, cells] = legal.set.records(&self.sets);
        let variables = one.mul(count.least(count.all(self.variables)));
        let total = own.add(variables);
        // Where all weights are 0, all tokens are equally likely.
        let none = total.is(0);
        let total = W::select(none, legal.count.add(count), total);
        let variables = W::select(none, count, variables);
        let [position, _] = random[0].product(total);
        let is_own = position.at_least(variables);
        let [cell, fraction] = random[1].product(cells);
        let [threshold, list, other, lens] = alias.add(cell).records(&self.cells);
        let is_alias = fraction.at_least(threshold);
        let list = W::select(is_alias, other, list);
        let len = W::select(is_alias, lens.shr::<16>(), lens.masked(0xffff)).plus(1);
        let (list, len) = (W::select(is_own, list, first), W::select(is_own, len, count));
        let [nth, _] = random[2].product(len);
        let mut syms = list.add(nth).look_up(&engine.tables.lists);
        let callees = W::bits(legal.callee());
        if callees != 0 {
            syms = engine.choose_callees(group, rows, callees, syms, |counts| random[0].product(counts)[0]);
        }
        syms
    }
}

/// Random words for a step of rows: a Philox block of counter `[row low, row high, step, lane]` each.
#[inline(always)]
pub(crate) fn random<W: Words>(key: [u32; 2], rows: &[u64], steps: W) -> [W; 4] {
    let (mut low, mut high) = ([0; LANES], [0; LANES]);
    for ((low, high), &row) in low.iter_mut().zip(&mut high).zip(&rows[..W::COUNT.min(rows.len())]) {
        [*low, *high] = [row as u32, (row >> 32) as u32];
    }
    philox::philox4x32_10_each([steps.load(&low), steps.load(&high), steps, steps.all(LANE)], key)
}

/// All legal sets, with the depths that damp their tokens and the form of what of them depends on the row.
pub(super) fn legal_sets(language: &Language) -> impl Iterator<Item = (u32, [u32; 2], Option<Form>)> + '_ {
    let tables = &language.engine.tables;
    tables.classes.iter().zip(&tables.holes).flat_map(move |(&[sets, cap, call_stride, fields], &hole)| {
        let levels = (cap + 1) * if call_stride > 0 { 2 } else { 1 };
        (sets..sets + levels).map(move |set| {
            let defines = tables.sets.at(set)[3] & Set::DEFINES != 0;
            let dynamic = match defines {
                true => Some(Form::Func),
                false => Some(Form::Var).filter(|_| fields & Class::VARS != 0),
            };
            (set, depths(hole), dynamic)
        })
    })
}

/// The first token of a form, if there is one.
pub(super) fn first(language: &Language, form: Form) -> Option<u32> {
    let ids = language.vocab().ids_of(form);
    (!ids.is_empty()).then_some(ids.start)
}

/// Expression and control depth that damp the tokens of a hole. The control depth of an expression damps nothing in
/// it.
pub(super) fn depths(hole: Hole) -> [u32; 2] {
    match hole {
        Hole::Block { control_depth, .. } | Hole::Statement { control_depth, .. } => [0, control_depth],
        Hole::Expr { depth } | Hole::Callee { depth } => [depth, 0],
        Hole::End | Hole::Target(_) | Hole::Condition | Hole::Arity => [0, 0],
    }
}

/// The tokens of a set that do not depend on the row, in runs of equal weight.
pub(super) fn runs(language: &Language, prior: &Prior, &[list, count, ..]: &Record, depths: [u32; 2]) -> Vec<Run> {
    let (tables, vocab) = (&language.engine.tables, language.vocab());
    let tokens = tables.lists[list as usize..(list + count) as usize].iter();
    let tokens = tokens.map(|&sym| Sym(sym).local() + tables.offset).collect::<Vec<_>>();
    let mut legal = HashMap::<Option<Form>, u32>::new();
    for &token in &tokens {
        *legal.entry(vocab.form(token)).or_default() += 1;
    }
    let mut runs = Vec::<Run>::new();
    for (place, &token) in (list..).zip(&tokens) {
        let weight = prior.weight(token, legal[&vocab.form(token)], depths[0], depths[1]);
        match runs.last_mut().filter(|run| run.weight == weight && run.count < 1 << 16) {
            Some(run) => run.count += 1,
            None => runs.push(Run { list: place, count: 1, weight }),
        }
    }
    runs
}

struct Draft {
    sets: Vec<Record>,
    cells: Vec<Record>,
    /// Where equal alias tables begin.
    seen: HashMap<Vec<Record>, u32>,
}

impl Draft {
    /// Adds a set, beside which there may be up to `most` tokens of weight `one` that depend on the row.
    fn add(&mut self, set: u32, runs: Vec<Run>, one: f64, most: u32) {
        let own: f64 = runs.iter().map(|run| run.weight * f64::from(run.count)).sum();
        // Halved, so that no sum is infinite.
        let total = own / 2.0 + one / 2.0 * f64::from(most);
        // What has a weight at all keeps one.
        let scaled = |weight: f64| match weight {
            0.0 => 0,
            weight => ((weight / 2.0 / total * SCALE).round() as u32).max(1),
        };
        let record = [scaled(own), scaled(one)];
        let cells = alias_table(&runs, own);
        let count = cells.len() as u32;
        let first = *self.seen.entry(cells).or_insert_with_key(|cells| {
            let first = self.cells.len() as u32;
            self.cells.extend(cells);
            first
        });
        self.sets[set as usize] = [record[0], record[1], first, count];
    }
}

/// The cells of an alias table over runs, each as likely as its weight says; as its length says where all weigh 0.
fn alias_table(runs: &[Run], own: f64) -> Vec<Record> {
    let share = |run: &Run| {
        let count = f64::from(run.count);
        let all: u32 = runs.iter().map(|run| run.count).sum();
        let probability = if own > 0.0 { run.weight * count / own } else { count / f64::from(all) };
        probability * runs.len() as f64
    };
    let mut shares = runs.iter().map(share).collect::<Vec<_>>();
    let mut aliases = (0..runs.len()).collect::<Vec<_>>();
    let (mut small, mut large): (Vec<_>, Vec<_>) = (0..runs.len()).partition(|&run| shares[run] < 1.0);
    let mut thresholds = vec![1.0; runs.len()];
    while let (Some(&below), Some(&above)) = (small.last(), large.last()) {
        small.pop();
        thresholds[below] = shares[below];
        aliases[below] = above;
        shares[above] -= 1.0 - shares[below];
        if shares[above] < 1.0 {
            large.pop();
            small.push(above);
        }
    }
    // What is left is 1 but for rounding. A run of weight 0 is not left as long as another has a share.
    for (run, threshold) in small.into_iter().map(|run| (run, shares[run])) {
        thresholds[run] = if threshold > 0.5 { 1.0 } else { 0.0 };
        if threshold <= 0.5 {
            aliases[run] = (0..runs.len()).max_by(|&a, &b| runs[a].weight.total_cmp(&runs[b].weight)).unwrap_or(run);
        }
    }
    let cell = |(nth, (threshold, &alias)): (usize, (f64, &usize))| {
        let (own, alias) = (&runs[nth], &runs[alias]);
        // The fraction is below the threshold with this probability; never where it is 0.
        let threshold = (threshold * (1_u64 << 32) as f64).min(f64::from(u32::MAX)) as u32;
        [threshold, own.list, alias.list, (own.count - 1) | ((alias.count - 1) << 16)]
    };
    thresholds.into_iter().zip(&aliases).enumerate().map(cell).collect()
}
