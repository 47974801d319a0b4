//! The compiled grammar: flat arrays of integers that a step looks things up in.
//!
//! Everything a step needs is at most three dependent loads away from the row: hole → class → set → mask, and
//! (hole, token) → production. The arrays hold no pointers, so they can be uploaded to a device as they are.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::classes::{Alternative, ClassRules, Effect, Hole, Next, Push};
use super::records::{Class, ILLEGAL, Opening, Production, Record, Set, Sym, dynamic, hole, hole_word, level};
use super::rules::{Rules, TERMINALS, Terminal};
use crate::table::Table;
use crate::vocab::{Form, Vocab};

/// Words of a mask that are copied at once.
type Block = [u32; BLOCK];
pub(crate) const BLOCK: usize = 8;

/// The arrays.
#[derive(Debug)]
pub(crate) struct Tables {
    /// [`Class`].
    pub(crate) classes: Table<Box<[Record]>>,
    pub(crate) holes: Vec<Hole>,
    /// [`Set`].
    pub(crate) sets: Table<Box<[Record]>>,
    /// Rows of `blocks` blocks: the words of a mask from `start` on, and zeros.
    pub(crate) masks: Table<Box<[Block]>>,
    /// [`Sym`].
    pub(crate) lists: Table<Box<[u32]>>,
    /// What depends on the row: one for each number of visible variables from 0 on, one for each function, and an
    /// empty one.
    pub(crate) dynamics: Table<Box<[u32]>>,
    /// Rows of `dynamic_blocks` blocks, one for each of `dynamics`.
    pub(crate) dynamic_masks: Table<Box<[Block]>>,
    /// [`Production`] of (class, terminal), [`TERMINALS`] a class, and an illegal one.
    pub(crate) productions: Table<Box<[Record]>>,
    /// [`Sym`] by local id, and [`Sym::NEVER`].
    pub(crate) syms: Table<Box<[u32]>>,
    /// Id of the first own token.
    pub(crate) offset: u32,
    /// Words of a token bitmask, words before the first own token, blocks from there on, blocks that hold functions
    /// and variables.
    pub(crate) words: usize,
    pub(crate) start: usize,
    pub(crate) blocks: usize,
    pub(crate) dynamic_blocks: usize,
    pub(crate) max_vars: u32,
    pub(crate) end: u32,
    /// Whether only functions that return may be called, and whether calls are not excluded.
    pub(crate) calls_returning: bool,
    pub(crate) calls_possible: bool,
}

/// The arrays while they grow.
struct Draft<'a> {
    rules: &'a Rules,
    classes: Vec<Record>,
    sets: Vec<Record>,
    masks: Vec<Block>,
    lists: Vec<u32>,
    dynamics: Vec<u32>,
    dynamic_masks: Vec<Block>,
    productions: Vec<Record>,
    syms: Vec<u32>,
    /// Bit of the first own token in its first word.
    first_bit: u32,
    blocks: usize,
    dynamic_blocks: usize,
    /// Equal sets are stored once.
    seen: HashMap<Vec<u32>, Record>,
    /// The sets of classes, which are alike where tokens need the same, and most that a token needs. Each class has records of
    /// its own: samplers have weights for them.
    needed: HashMap<Needs, (Rc<[Record]>, u32)>,
}

/// What the legal sets of a class follow from: what its tokens need by terminal, `None` for calls, and what a def needs.
type Needs = (Vec<(Terminal, Option<(u32, u32)>)>, Option<u32>);

impl Tables {
    pub(crate) fn new(
        rules: &Rules,
        vocab: &Vocab,
        excluded: &[bool],
        classes: &[ClassRules],
        calls_returning: bool,
    ) -> Self {
        let offset = vocab.offset();
        let start = offset as usize / 32;
        let words = vocab.len().div_ceil(32);
        let named = vocab.ids_of(Form::Var).end;
        let holes = classes.iter().map(|class| class.hole).collect::<Vec<_>>();
        let hole_words = (0..).zip(&holes).map(|(id, &hole)| hole_word(id, hole)).collect::<Vec<_>>();
        let end = holes.iter().position(|&hole| hole == Hole::End).map_or(0, |end| hole_words[end]);
        let mut draft = Draft {
            rules,
            classes: Vec::new(),
            sets: Vec::new(),
            masks: Vec::new(),
            lists: Vec::new(),
            dynamics: Vec::new(),
            dynamic_masks: Vec::new(),
            productions: vec![ILLEGAL; classes.len() * TERMINALS + 1],
            syms: syms(rules, vocab, excluded),
            first_bit: offset % 32,
            blocks: (words - start).div_ceil(BLOCK),
            dynamic_blocks: ((named as usize).div_ceil(32).max(start + 1) - start).div_ceil(BLOCK),
            seen: HashMap::new(),
            needed: HashMap::new(),
        };
        draft.add_dynamics();
        for (id, class) in classes.iter().enumerate() {
            draft.add_class(id, class, &hole_words);
        }
        Self {
            classes: Table::filled(draft.classes, [0; 4]),
            holes,
            sets: Table::filled(draft.sets, [0; 4]),
            masks: Table::filled(draft.masks, [0; BLOCK]),
            lists: Table::filled(draft.lists, Sym::NEVER.0),
            dynamics: Table::filled(draft.dynamics, 0),
            dynamic_masks: Table::filled(draft.dynamic_masks, [0; BLOCK]),
            productions: Table::filled(draft.productions, ILLEGAL),
            syms: Table::filled(draft.syms, Sym::NEVER.0),
            offset,
            words,
            start,
            blocks: draft.blocks,
            dynamic_blocks: draft.dynamic_blocks,
            max_vars: rules.max_vars,
            end,
            calls_returning,
            calls_possible: rules.allows(Terminal::Call),
        }
    }

    /// Size of all arrays.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.classes)
            + size_of_val(&*self.sets)
            + size_of_val(&*self.masks)
            + size_of_val(&*self.lists)
            + size_of_val(&*self.dynamics)
            + size_of_val(&*self.dynamic_masks)
            + size_of_val(&*self.productions)
            + size_of_val(&*self.syms)
    }
}

/// Tokens by local id as a step sees them; the last entry stands for all that are beyond the vocabulary.
fn syms(rules: &Rules, vocab: &Vocab, excluded: &[bool]) -> Vec<u32> {
    let sym = |local: usize| {
        let (terminal, arg) = vocab.symbol(local as u32 + vocab.offset()).and_then(|symbol| rules.terminal(symbol))?;
        let usable = match terminal {
            // PAD follows the end whatever is excluded.
            Terminal::Pad => true,
            Terminal::Func => !excluded[local] && arg <= rules.funcs,
            Terminal::ArityFixed | Terminal::Arity => !excluded[local] && rules.function(arg).leaf,
            _ => !excluded[local],
        };
        usable.then(|| Sym::new(local as u32, terminal, arg).0)
    };
    let own = vocab.len() - vocab.offset() as usize;
    (0..own).map(|local| sym(local).unwrap_or(Sym::NEVER.0)).chain([Sym::NEVER.0]).collect()
}

impl Draft<'_> {
    /// Adds a class and its productions.
    fn add_class(&mut self, id: usize, class: &ClassRules, hole_words: &[u32]) {
        for found in &class.alternatives {
            let production = production(class.hole, found, hole_words);
            let at = id * TERMINALS + found.terminal as usize;
            self.productions[at] = production;
            if found.effect == Effect::Callee {
                let first = at + Production::RESOLVED as usize;
                self.productions[first..first + 3].copy_from_slice(&callee_productions(production));
            }
        }
        let record = self.class(class);
        self.classes.push(record);
    }

    /// Prefixes of the variables and single functions.
    fn add_dynamics(&mut self) {
        let of = |terminal: Terminal| {
            let syms = self.syms.iter().map(|&sym| Sym(sym));
            syms.filter(move |sym| sym.terminal() == terminal as usize).collect::<Vec<_>>()
        };
        let (vars, funcs) = (of(Terminal::Var), of(Terminal::Func));
        for visible in 0..=self.rules.max_vars {
            let prefix: Vec<_> = vars.iter().copied().filter(|sym| sym.arg() <= visible).collect();
            self.dynamics.push(prefix.len() as u32);
            self.add_dynamic_mask(&prefix);
        }
        for (nth, &func) in funcs.iter().enumerate() {
            self.dynamics.push(((vars.len() + nth) as u32) << dynamic::LIST | 1);
            self.add_dynamic_mask(&[func]);
        }
        self.dynamics.push(0);
        self.add_dynamic_mask(&[]);
        self.lists = [vars, funcs].concat().iter().map(|sym| sym.0).collect();
    }

    fn add_dynamic_mask(&mut self, syms: &[Sym]) {
        let row = self.dynamic_masks.len();
        self.dynamic_masks.resize(row + self.dynamic_blocks, [0; BLOCK]);
        set_bits(&mut self.dynamic_masks[row..], syms.iter().copied(), self.first_bit);
    }

    fn class(&mut self, class: &ClassRules) -> Record {
        let find = |terminal| class.alternatives.iter().find(|found| found.terminal == terminal);
        let define = find(Terminal::Func).filter(|found| found.effect == Effect::Define);
        let define_need = define.map(|found| found.base);
        let has_vars = find(Terminal::Var).is_some();
        let [sets, cap, calls] = self.legal_sets(class, define_need);
        let fields = (if has_vars { Class::VARS } else { 0 })
            | u32::from(matches!(class.hole, Hole::Target(_))) << Class::REACH
            | if matches!(class.hole, Hole::Callee { .. }) { Class::CALLEE } else { 0 }
            | (Opening::of(class.hole) as u32) << Class::OPENING
            | class.if_first_returned.map_or(Class::SAME, u32::from) << Class::IF_FIRST_RETURNED;
        [sets, cap, calls, fields]
    }

    /// The legal sets of a class by what may be spent on a token: where they begin, up to what they go, and how far behind
    /// them those with calls are.
    fn legal_sets(&mut self, class: &ClassRules, define_need: Option<u32>) -> [u32; 3] {
        let need = |found: &Alternative| match found.effect {
            Effect::Call => (found.terminal, None),
            _ => (found.terminal, Some((found.base, found.per_arg))),
        };
        // Variables and functions depend on the row and are added there.
        let fixed = class.alternatives.iter().filter(|found| !matches!(found.terminal, Terminal::Var | Terminal::Func));
        let key = (fixed.map(need).collect::<Vec<_>>(), define_need);
        let has_calls = key.0.contains(&(Terminal::Call, None));
        let known = self.needed.get(&key).cloned();
        let (records, cap) = known.unwrap_or_else(|| self.alike(key, has_calls));
        let sets = self.sets.len() as u32;
        self.sets.extend_from_slice(&records);
        [sets, cap, if has_calls { cap + 1 } else { 0 }]
    }

    /// Makes the legal sets of all classes whose tokens need the same.
    fn alike(&mut self, key: Needs, has_calls: bool) -> (Rc<[Record]>, u32) {
        let define_need = key.1;
        let mut of_terminal = [None; TERMINALS];
        // The first of a terminal stands.
        key.0.iter().rev().for_each(|&(terminal, need)| of_terminal[terminal as usize] = Some(need));
        let needs = |call: bool| {
            let syms = self.syms.iter().map(|&sym| Sym(sym)).filter(|sym| *sym != Sym::NEVER);
            let need = |sym: Sym| match of_terminal[sym.terminal()]? {
                Some((base, per_arg)) => Some((sym.0, base.wrapping_add(per_arg.wrapping_mul(sym.arg())))),
                None => call.then_some((sym.0, 0)),
            };
            syms.filter_map(need).collect::<Vec<_>>()
        };
        let (without, with) = (needs(false), needs(true));
        let cap = without.iter().map(|&(_, need)| need).chain(define_need).max().unwrap_or(0);
        let mut records = Vec::new();
        for needs in [Some(without), has_calls.then_some(with)].into_iter().flatten() {
            // A set differs from the one before only where some token needs just as much.
            let steps = needs.iter().map(|&(_, need)| need).collect::<BTreeSet<_>>();
            let mut set = self.legal_set(&needs, 0);
            for spare in 0..=cap {
                if spare > 0 && steps.contains(&spare) {
                    set = self.legal_set(&needs, spare);
                }
                let [list, count, mask, _] = set;
                let defines = define_need.is_some_and(|need| need <= spare);
                records.push([list, count, mask, if defines { Set::DEFINES } else { 0 }]);
            }
        }
        let made = (Rc::from(records), cap);
        self.needed.insert(key, made.clone());
        made
    }

    /// The set of tokens that need at most `spare`.
    fn legal_set(&mut self, needs: &[(u32, u32)], spare: u32) -> Record {
        let legal: Vec<_> = needs.iter().filter(|(_, need)| *need <= spare).map(|&(sym, _)| sym).collect();
        if let Some(&found) = self.seen.get(&legal) {
            return found;
        }
        let list = self.lists.len();
        self.lists.extend(&legal);
        let mask = self.masks.len();
        self.masks.resize(mask + self.blocks, [0; BLOCK]);
        set_bits(&mut self.masks[mask..], self.lists[list..].iter().map(|&sym| Sym(sym)), self.first_bit);
        let set = [list as u32, legal.len() as u32, mask as u32, 0];
        self.seen.insert(legal, set);
        set
    }
}

/// What a token does.
fn production(hole: Hole, found: &Alternative, words: &[u32]) -> Record {
    let push = match found.push {
        Push::None => 0,
        Push::Once(class) => words[usize::from(class)] | 1 << hole::COUNT,
        Push::Rest(class) => words[usize::from(class)] | 1 << hole::LAST_DIFFERS,
        Push::Branches(class) => {
            let second_opens = words[usize::from(class) + 1] >> hole::OPENS & 1;
            words[usize::from(class)] | 2 << hole::COUNT | 1 << hole::LAST_DIFFERS | second_opens << hole::LAST_OPENS
        }
    };
    let next = if let Next::Class(class) = found.next { words[usize::from(class)] } else { 0 };
    let bits = Production::bit;
    let effect = match found.effect {
        Effect::None => 0,
        Effect::Returns => level::RETURNED >> Production::SET_TO_LEVEL,
        Effect::Assign => bits(Production::ASSIGNS) | bits(Production::FROM_VISIBLE) | bits(Production::FROM_ARG),
        Effect::Bind => bits(Production::FRESH) | bits(Production::FROM_VISIBLE) | bits(Production::FROM_ARG),
        Effect::Branch => bits(Production::FRESH) | bits(Production::FROM_VISIBLE),
        Effect::Parameters => {
            level::FUNCTION >> Production::SET_TO_LEVEL | bits(Production::FRESH) | bits(Production::FROM_ARG)
        }
        Effect::Call => bits(Production::CALL),
        Effect::Callee => Production::UNRESOLVED,
        Effect::Define => bits(Production::DEFINES),
    };
    let flags = effect
        | if found.terminal == Terminal::Var { bits(Production::NAMES) } else { 0 }
        | if matches!(hole, Hole::Target(_)) { Production::REACH } else { 0 }
        | if matches!(found.push, Push::Rest(_)) { bits(Production::REST) } else { 0 }
        | u32::from(found.push != Push::None) << Production::PUSHES
        | u32::from(hole != Hole::End) << Production::COUNTS;
    // A statement costs less than 2¹⁶ tokens beyond all doubt: a leaf of the grammar at most 3, what else there
    // may be in its place one smallest block of leaves.
    debug_assert!(found.per_arg <= 0xffff, "{found:?}");
    [found.base, push, next, flags | found.per_arg << Production::PER_ARG]
}

/// Sets the bits of tokens in a mask whose first bit stands `offset` before the first own token.
fn set_bits(mask: &mut [Block], syms: impl IntoIterator<Item = Sym>, offset: u32) {
    for sym in syms {
        let bit = (sym.local() + offset) as usize;
        mask.as_flattened_mut()[bit / 32] |= 1 << (bit % 32);
    }
}

/// What a callee without, with one and with more arguments does; the argument of the last is how many more. Each
/// costs 1 + arity, less what the call has paid for the cheapest.
fn callee_productions([_, _, next, flags]: Record) -> [Record; 3] {
    let flags = flags & !Production::UNRESOLVED | Production::bit(Production::CALLED);
    let more = flags | Production::bit(Production::REST) | 1 << Production::PUSHES | 1 << Production::PER_ARG;
    [[1, 0, 0, flags], [2, 0, next, flags], [2, next, next, more]]
}
