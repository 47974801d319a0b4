//! The compiled grammar: flat arrays of integers that a step looks things up in.
//!
//! Everything a step needs is at most three dependent loads away from the row: hole → class → set → mask, and
//! (hole, token) → production. The arrays hold no pointers, so they can be uploaded to a device as they are.

use std::collections::HashMap;

use super::classes::{Alternative, ClassRules, Effect, Hole, Next};
use super::rules::{Context, Rules, TERMINALS, Terminal};
use crate::vocab::{Form, Vocab};

/// A token as a step sees it: local id, terminal and argument in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sym(u32);

impl Sym {
    const TERMINAL: u32 = 17;
    const ARG: u32 = 22;

    pub(crate) const NEVER: Sym = Sym(0);

    fn new(local: u32, terminal: Terminal, arg: u32) -> Self {
        Self(local | (terminal as u32) << Self::TERMINAL | arg << Self::ARG)
    }

    /// Id less the vocabulary's offset.
    #[inline(always)]
    pub(crate) fn local(self) -> u32 {
        self.0 & ((1 << Self::TERMINAL) - 1)
    }

    #[inline(always)]
    pub(crate) fn terminal(self) -> usize {
        (self.0 >> Self::TERMINAL) as usize % TERMINALS
    }

    #[inline(always)]
    pub(crate) fn arg(self) -> u32 {
        self.0 >> Self::ARG
    }
}

/// A hole class as rows and productions hold it: the class, the level at which it opens, and whether its opening
/// takes work of its own. A stack entry adds how often it is to be taken, and whether the last time is at the next
/// class.
pub(crate) mod hole {
    /// The class.
    pub(crate) const CLASS: u32 = 0xffff;
    /// Shift of the level.
    pub(crate) const LEVEL: u32 = 16;
    /// Level of holes that keep the level of their statement, after shifting and masking.
    pub(crate) const KEEPS_LEVEL: u32 = 0x1f;
    /// Its class has an [`Opening`](super::Opening).
    pub(crate) const OPENING: u32 = 1 << 21;
    /// Shift of the bit that says that the last time it is taken, the class is the next one.
    pub(crate) const LAST_DIFFERS: u32 = 22;
    /// Shift of the number of times that a stack entry is to be taken.
    pub(crate) const COUNT: u32 = 24;
}

/// Fields of a level word: what is visible in a block, what of it the surrounding block may learn, outcomes.
pub(crate) mod level {
    /// Number of visible variables.
    pub(crate) const VISIBLE: u32 = 0xff;
    /// Shift of the number of variables that become visible outside at the block's end, if visible here.
    pub(crate) const LEAKS: u32 = 8;
    /// Shift of the outcomes below.
    pub(crate) const SET: u32 = 16;
    /// The block has returned.
    pub(crate) const RETURNED: u32 = 1 << 16;
    /// The first branch of the `if` whose second this is returned.
    pub(crate) const FIRST_RETURNED: u32 = 1 << 17;
    /// The block is a function's.
    pub(crate) const FUNCTION: u32 = 1 << 18;
}

/// What the opening of a hole does beyond the usual. These are rare enough to be kept off the common path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Opening {
    Usual,
    /// The second branch of an `if` starts with what was visible before the first.
    Second,
    /// The number of parameters of a definition, which has now begun.
    Arity,
    /// The body of a definition, whose parameters are what is visible.
    Body,
    /// The end of the program.
    End,
}

impl Opening {
    fn of(hole: Hole) -> Self {
        match hole {
            Hole::End => Opening::End,
            Hole::Arity => Opening::Arity,
            Hole::Block { second: Some(_), .. } => Opening::Second,
            Hole::Block { scope, control_depth: 0, .. } if scope.context == Context::Func => Opening::Body,
            _ => Opening::Usual,
        }
    }
}

/// What a row looks up when a hole is at its top.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(32))]
pub(crate) struct Class {
    /// First legal set of the class; one follows for each number of spare tokens up to `cap`.
    pub(crate) sets: u32,
    /// Spare tokens beyond which nothing changes.
    pub(crate) cap: u32,
    /// Distance to the sets that apply when a call is affordable; 0 where calls cannot occur.
    pub(crate) call_stride: u32,
    /// All ones where variables are legal, else 0.
    pub(crate) var_mask: u32,
    /// How far beyond the visible variables legal ones reach: 1 for targets.
    pub(crate) var_reach: u32,
    /// Spare tokens that a definition needs; more than there can be where there is none.
    pub(crate) define_need: u32,
    /// Whether functions are legal that are callable and whose arguments the budget allows.
    pub(crate) callee: bool,
    pub(crate) opening: Opening,
    /// The class that stands instead if the first branch returned, or [`Class::SAME`].
    pub(crate) if_first_returned: u16,
}

impl Class {
    pub(crate) const SAME: u16 = u16::MAX;
}

/// Tokens in id order.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C, align(8))]
pub(crate) struct TokenList {
    /// Offset of the first in [`Tables::lists`].
    pub(crate) list: u32,
    pub(crate) count: u32,
}

/// Productions whose cost or legality depends on the functions at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Special {
    No,
    Call,
    Callee,
    Define,
}

/// What taking a token does to a row. Written so that none needs a branch.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(32))]
pub(crate) struct Production {
    /// Spare tokens it takes: `base + arg * per_arg`, wrapping.
    pub(crate) base: u32,
    pub(crate) per_arg: u32,
    /// Stack entries to push, the lowest first; the first is to be taken `arg & rest` more times.
    pub(crate) push: [u32; 2],
    /// The hole to go on at; 0, which is the program's start and never gone on at, for the top of the stack.
    pub(crate) next: u32,
    /// The level word becomes `word & keep | set << 16 | max(visible & from_visible, arg & from_arg)`; it is that
    /// of the level above where nothing of it is kept.
    pub(crate) keep: u32,
    pub(crate) set: u8,
    pub(crate) from_visible: u8,
    pub(crate) from_arg: u8,
    pub(crate) rest: u8,
    pub(crate) pushes: u8,
    /// Largest legal argument beyond the number of visible variables.
    pub(crate) arg_reach: u8,
    /// Whether the token counts: all but `PAD`.
    pub(crate) counts: bool,
    pub(crate) special: Special,
}

impl Production {
    /// From the place of `FUNC` in a callee's class to what the callee does that takes no argument, one, or more.
    /// No terminal has these places.
    pub(crate) const CALLEE: u32 = TERMINALS as u32 - 3 - Terminal::Func as u32;
}

/// A hole as rows hold it.
fn hole_word(class: u32, hole: Hole) -> u32 {
    let opening = if Opening::of(hole) == Opening::Usual { 0 } else { hole::OPENING };
    class | hole.level().unwrap_or(hole::KEEPS_LEVEL) << hole::LEVEL | opening
}

/// Words of a mask that are copied at once.
type Block = [u32; BLOCK];
pub(crate) const BLOCK: usize = 8;

/// The arrays.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) classes: Vec<Class>,
    pub(crate) holes: Vec<Hole>,
    /// Legal sets but for the part that depends on the row.
    pub(crate) sets: Vec<TokenList>,
    /// Where `masks` has the bits of each of `sets`.
    pub(crate) set_masks: Vec<u32>,
    /// Rows of `blocks` blocks: the words of a mask from `start` on, and zeros.
    pub(crate) masks: Vec<Block>,
    pub(crate) lists: Vec<Sym>,
    /// What depends on the row: one for each number of visible variables from 0 on, one for each function, and an
    /// empty one.
    pub(crate) dynamics: Vec<TokenList>,
    /// Rows of `dynamic_blocks` blocks, one for each of `dynamics`.
    pub(crate) dynamic_masks: Vec<Block>,
    /// Production of (class, terminal), [`TERMINALS`] a class.
    pub(crate) productions: Vec<Production>,
    /// By local id.
    pub(crate) syms: Vec<Sym>,
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

const ILLEGAL: Production = Production {
    base: u32::MAX,
    per_arg: 0,
    push: [0; 2],
    next: 0,
    keep: u32::MAX,
    set: 0,
    from_visible: 0,
    from_arg: 0,
    rest: 0,
    pushes: 0,
    arg_reach: 0,
    counts: false,
    special: Special::No,
};

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
        let mut tables = Self {
            classes: Vec::new(),
            holes: classes.iter().map(|class| class.hole).collect(),
            sets: Vec::new(),
            set_masks: Vec::new(),
            masks: Vec::new(),
            lists: Vec::new(),
            dynamics: Vec::new(),
            dynamic_masks: Vec::new(),
            productions: vec![ILLEGAL; classes.len() * TERMINALS],
            syms: vec![Sym::NEVER; vocab.len() - offset as usize],
            offset,
            words,
            start,
            blocks: (words - start).div_ceil(BLOCK),
            dynamic_blocks: ((named as usize).div_ceil(32).max(start + 1) - start).div_ceil(BLOCK),
            max_vars: rules.max_vars,
            end: 0,
            calls_returning,
            calls_possible: rules.allows(Terminal::Call),
        };
        let words = (0..).zip(classes).map(|(id, class)| hole_word(id, class.hole)).collect::<Vec<_>>();
        let end = classes.iter().position(|class| class.hole == Hole::End);
        tables.end = end.map_or(0, |end| words[end]);
        for (local, sym) in tables.syms.iter_mut().enumerate() {
            let found = vocab.symbol(local as u32 + offset).and_then(|symbol| rules.terminal(symbol));
            let usable = |&(terminal, arg): &(Terminal, u32)| match terminal {
                // PAD follows the end whatever is excluded.
                Terminal::Pad => true,
                Terminal::Func => !excluded[local] && arg <= rules.funcs,
                Terminal::ArityFixed | Terminal::Arity => !excluded[local] && rules.function(arg).leaf,
                _ => !excluded[local],
            };
            if let Some((terminal, arg)) = found.filter(usable) {
                *sym = Sym::new(local as u32, terminal, arg);
            }
        }
        tables.add_dynamics(offset);
        let mut seen = HashMap::new();
        for (id, class) in classes.iter().enumerate() {
            for found in &class.alternatives {
                let production = tables.production(class.hole, found, &words);
                let at = id * TERMINALS + found.terminal as usize;
                tables.productions[at] = production;
                if production.special == Special::Callee {
                    let first = at + Production::CALLEE as usize;
                    tables.productions[first..first + 3].copy_from_slice(&callee_productions(production));
                }
            }
            let record = tables.class(class, offset, &mut seen);
            tables.classes.push(record);
        }
        tables
    }

    /// Prefixes of the variables and single functions.
    fn add_dynamics(&mut self, offset: u32) {
        let of = |terminal: Terminal| {
            let found = self.syms.iter().filter(move |sym| sym.terminal() == terminal as usize);
            found.copied().collect::<Vec<_>>()
        };
        let (vars, funcs) = (of(Terminal::Var), of(Terminal::Func));
        for visible in 0..=self.max_vars {
            let prefix: Vec<_> = vars.iter().copied().filter(|sym| sym.arg() <= visible).collect();
            self.dynamics.push(TokenList { list: 0, count: prefix.len() as u32 });
            self.add_dynamic_mask(offset, &prefix);
        }
        for (nth, &func) in funcs.iter().enumerate() {
            self.dynamics.push(TokenList { list: (vars.len() + nth) as u32, count: 1 });
            self.add_dynamic_mask(offset, &[func]);
        }
        self.dynamics.push(TokenList::default());
        self.add_dynamic_mask(offset, &[]);
        self.lists = [vars, funcs].concat();
    }

    fn add_dynamic_mask(&mut self, offset: u32, syms: &[Sym]) {
        let row = self.dynamic_masks.len();
        self.dynamic_masks.resize(row + self.dynamic_blocks, [0; BLOCK]);
        set_bits(&mut self.dynamic_masks[row..], syms, offset - 32 * self.start as u32);
    }

    fn class(&mut self, class: &ClassRules, offset: u32, seen: &mut HashMap<Vec<u32>, (TokenList, u32)>) -> Class {
        let find = |terminal| class.alternatives.iter().find(|found| found.terminal == terminal);
        let define = find(Terminal::Func).filter(|found| found.effect == Effect::Define);
        // More than any slack where nothing can be defined.
        let define_need = define.map_or(u32::MAX, |found| found.base);
        let has_vars = find(Terminal::Var).is_some();
        // What each token needs; variables, functions and calls depend on the row and are added there.
        let needs = |call: bool| {
            let mut needs = Vec::new();
            for sym in self.syms.iter().filter(|sym| **sym != Sym::NEVER) {
                let found = class.alternatives.iter().find(|found| found.terminal as usize == sym.terminal());
                let Some(found) = found.filter(|found| !matches!(found.terminal, Terminal::Var | Terminal::Func))
                else {
                    continue;
                };
                if found.effect != Effect::Call {
                    needs.push((sym.0, found.base.wrapping_add(found.per_arg.wrapping_mul(sym.arg()))));
                } else if call {
                    needs.push((sym.0, 0));
                }
            }
            needs
        };
        let calls = find(Terminal::Call).is_some_and(|found| found.effect == Effect::Call);
        let (without, with) = (needs(false), needs(true));
        let cap = without.iter().map(|&(_, need)| need).max().unwrap_or(0);
        let sets = self.sets.len() as u32;
        let tables = if calls { vec![without, with] } else { vec![without] };
        for needs in &tables {
            for spare in 0..=cap {
                let (set, mask) = self.legal_set(needs, spare, offset, seen);
                self.sets.push(set);
                self.set_masks.push(mask);
            }
        }
        Class {
            sets,
            cap,
            call_stride: if calls { cap + 1 } else { 0 },
            var_mask: if has_vars { u32::MAX } else { 0 },
            var_reach: u32::from(matches!(class.hole, Hole::Target(_))),
            define_need,
            if_first_returned: class.if_first_returned.unwrap_or(Class::SAME),
            callee: matches!(class.hole, Hole::Callee { .. }),
            opening: Opening::of(class.hole),
        }
    }

    /// The set of tokens that need at most `spare`; equal sets are stored once.
    fn legal_set(
        &mut self,
        needs: &[(u32, u32)],
        spare: u32,
        offset: u32,
        seen: &mut HashMap<Vec<u32>, (TokenList, u32)>,
    ) -> (TokenList, u32) {
        let legal: Vec<_> = needs.iter().filter(|(_, need)| *need <= spare).map(|&(sym, _)| sym).collect();
        if let Some(&found) = seen.get(&legal) {
            return found;
        }
        let set = TokenList { list: self.lists.len() as u32, count: legal.len() as u32 };
        self.lists.extend(legal.iter().map(|&sym| Sym(sym)));
        let mask = self.masks.len();
        self.masks.resize(mask + self.blocks, [0; BLOCK]);
        set_bits(&mut self.masks[mask..], &self.lists[set.list as usize..], offset - 32 * self.start as u32);
        seen.insert(legal, (set, mask as u32));
        (set, mask as u32)
    }

    fn production(&self, hole: Hole, found: &Alternative, words: &[u32]) -> Production {
        let mut push = [0; 2];
        for (slot, &class) in push.iter_mut().zip(&found.push) {
            *slot = words[usize::from(class)] | 1 << hole::COUNT;
        }
        if found.push_rest {
            push[0] = words[usize::from(found.push[0])] | 1 << hole::LAST_DIFFERS;
        }
        let named = found.terminal == Terminal::Var;
        let base = Production {
            base: found.base,
            per_arg: found.per_arg,
            arg_reach: if named { u8::from(matches!(hole, Hole::Target(_))) } else { u8::MAX },
            push,
            rest: if found.push_rest { u8::MAX } else { 0 },
            pushes: found.push.len() as u8,
            next: if let Next::Class(class) = found.next { words[usize::from(class)] } else { 0 },
            counts: hole != Hole::End,
            ..ILLEGAL
        };
        let fresh = Production { keep: 0, ..base };
        match found.effect {
            Effect::None => base,
            Effect::Returns => Production { set: (level::RETURNED >> level::SET) as u8, ..base },
            Effect::Assign => Production { keep: !level::VISIBLE, from_visible: 0xff, from_arg: 0xff, ..base },
            Effect::Bind => Production { from_visible: 0xff, from_arg: 0xff, ..fresh },
            Effect::Branch => Production { from_visible: 0xff, ..fresh },
            Effect::Parameters => Production { set: (level::FUNCTION >> level::SET) as u8, from_arg: 0xff, ..fresh },
            Effect::Call => Production { special: Special::Call, ..base },
            Effect::Callee => Production { special: Special::Callee, ..base },
            Effect::Define => Production { special: Special::Define, ..base },
        }
    }
}

/// Sets the bits of tokens in a mask whose first bit stands `offset` before the first own token.
fn set_bits(mask: &mut [Block], syms: &[Sym], offset: u32) {
    for sym in syms {
        let bit = (sym.local() + offset) as usize;
        mask.as_flattened_mut()[bit / 32] |= 1 << (bit % 32);
    }
}

/// What a callee without, with one and with more arguments does; the argument of the last is how many more.
fn callee_productions(callee: Production) -> [Production; 3] {
    let more = Production { push: [callee.next, 0], pushes: 1, rest: u8::MAX, ..callee };
    [Production { next: 0, ..callee }, callee, more]
}

impl Tables {
    /// Size of all arrays.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.classes)
            + size_of_val(&*self.sets)
            + size_of_val(&*self.set_masks)
            + size_of_val(&*self.masks)
            + size_of_val(&*self.lists)
            + size_of_val(&*self.dynamics)
            + size_of_val(&*self.dynamic_masks)
            + size_of_val(&*self.productions)
            + size_of_val(&*self.syms)
    }
}
