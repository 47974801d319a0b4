//! Values that are in no matching of all variables (Régin, *A filtering algorithm for constraints of difference in CSPs*,
//! AAAI 1994).

use crate::fd::clock::Clock;
use crate::fd::domains::ones;

const NONE: u32 = u32::MAX;

/// A matching and the strongly connected components that it makes; memory that is used again.
///
/// Value *v* stays with variable *x* if *v* is *x*'s own, or if *x* can give its own up for *v*: whoever has *v* can take
/// another, and so on, until somebody takes *x*'s or one that nobody has. So variables are nodes, with an edge from each
/// to the owner of every value that it may take; one node more stands for values that nobody has: an edge leads to it from
/// every variable that may take one, and from it to every variable. *v* stays if *x* and its owner are strongly connected.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matching {
    /// Value of each variable of `open`, owner of each value.
    value_of: Vec<u32>,
    owner_of: Vec<u32>,
    seen: Vec<u64>,
    path: Vec<(u32, u32)>,
    components: Components,
    narrowed: u64,
}

impl Matching {
    /// How often it found something to remove, or that there is no matching.
    pub(crate) fn narrowed(&self) -> u64 {
        self.narrowed
    }

    /// Nothing if there is no matching; else whether a set became smaller. When the time is over, nothing is removed.
    pub(crate) fn narrow(&mut self, masks: &mut [u64], words: usize, open: &[u32], clock: &mut Clock) -> Option<bool> {
        let found = self.find(masks, words, open, clock);
        if clock.is_over() {
            return Some(false);
        }
        if !found {
            self.narrowed += 1;
            return None;
        }
        let sets = Sets { masks, words, open };
        self.components.find(&sets, &self.owner_of, clock);
        if clock.is_over() {
            return Some(false);
        }
        let mut changed = false;
        for (x, variable) in open.iter().enumerate() {
            for place in 0..words {
                let at = *variable as usize * words + place;
                let mut kept = masks[at];
                for bit in ones(&[masks[at]]) {
                    let value = place as u32 * 64 + bit;
                    let owner = self.owner_of[value as usize];
                    let node = if owner == NONE { open.len() } else { owner as usize };
                    if node != x && owner != NONE && self.components.of[x] != self.components.of[node] {
                        kept &= !(1 << bit);
                    }
                }
                changed |= kept != masks[at];
                masks[at] = kept;
            }
        }
        self.narrowed += u64::from(changed);
        Some(changed)
    }

    /// Gives every variable a value of its own, if that can be done.
    fn find(&mut self, masks: &[u64], words: usize, open: &[u32], clock: &mut Clock) -> bool {
        self.value_of.clear();
        self.value_of.resize(open.len(), NONE);
        self.owner_of.clear();
        self.owner_of.resize(words * 64, NONE);
        for start in 0..open.len() as u32 {
            self.seen.clear();
            self.seen.resize(words, 0);
            if clock.spend(words) || !self.augment(masks, words, open, start, clock) {
                return false;
            }
        }
        true
    }

    /// Depth first along values that were not seen: a free one ends the path, a taken one leads to its owner.
    fn augment(&mut self, masks: &[u64], words: usize, open: &[u32], start: u32, clock: &mut Clock) -> bool {
        self.path.clear();
        self.path.push((start, NONE));
        while let Some(&(x, _)) = self.path.last() {
            if clock.spend(words) {
                return false;
            }
            let mask = &masks[open[x as usize] as usize * words..][..words];
            let unseen = |(place, word): (usize, &u64)| {
                let rest = word & !self.seen[place];
                (rest != 0).then(|| place as u32 * 64 + rest.trailing_zeros())
            };
            let Some(value) = mask.iter().enumerate().find_map(unseen) else {
                self.path.pop();
                continue;
            };
            self.seen[value as usize / 64] |= 1 << (value % 64);
            if let Some(last) = self.path.last_mut() {
                last.1 = value;
            }
            match self.owner_of[value as usize] {
                NONE => {
                    for (x, value) in self.path.drain(..) {
                        self.value_of[x as usize] = value;
                        self.owner_of[value as usize] = x;
                    }
                    return true;
                }
                owner => self.path.push((owner, NONE)),
            }
        }
        false
    }
}

struct Sets<'m> {
    masks: &'m [u64],
    words: usize,
    open: &'m [u32],
}

/// Tarjan's algorithm (1972), with its own stack.
#[derive(Debug, Clone, Default)]
struct Components {
    /// Component of each node.
    of: Vec<u32>,
    low: Vec<u32>,
    number: Vec<u32>,
    stack: Vec<u32>,
    /// Node and where its edges go on.
    calls: Vec<(u32, u32)>,
}

impl Components {
    fn find(&mut self, sets: &Sets<'_>, owner_of: &[u32], clock: &mut Clock) {
        let nodes = sets.open.len() + 1;
        for list in [&mut self.of, &mut self.low, &mut self.number] {
            list.clear();
            list.resize(nodes, NONE);
        }
        self.stack.clear();
        let mut next = 0;
        let mut components = 0;
        for root in 0..nodes as u32 {
            if self.number[root as usize] != NONE {
                continue;
            }
            self.calls.push((root, 0));
            while let Some(&mut (node, ref mut cursor)) = self.calls.last_mut() {
                if clock.spend(4) {
                    self.calls.clear();
                    return;
                }
                let at = node as usize;
                if self.number[at] == NONE {
                    self.number[at] = next;
                    self.low[at] = next;
                    next += 1;
                    self.stack.push(node);
                }
                match edge(sets, owner_of, node, cursor) {
                    Some(target) if self.number[target as usize] == NONE => self.calls.push((target, 0)),
                    Some(target) => {
                        if self.of[target as usize] == NONE {
                            self.low[at] = self.low[at].min(self.number[target as usize]);
                        }
                    }
                    None => {
                        self.calls.pop();
                        if let Some(&(caller, _)) = self.calls.last() {
                            let low = self.low[at];
                            let above = &mut self.low[caller as usize];
                            *above = low.min(*above);
                        }
                        if self.low[at] == self.number[at] {
                            while let Some(member) = self.stack.pop() {
                                self.of[member as usize] = components;
                                if member == node {
                                    break;
                                }
                            }
                            components += 1;
                        }
                    }
                }
            }
        }
    }
}

/// The next edge of a node from the cursor on: values for a variable, variables for the node of values that nobody has.
fn edge(sets: &Sets<'_>, owner_of: &[u32], node: u32, cursor: &mut u32) -> Option<u32> {
    let free = sets.open.len() as u32;
    if node == free {
        let target = *cursor;
        *cursor += 1;
        return (target < free).then_some(target);
    }
    let mask = &sets.masks[sets.open[node as usize] as usize * sets.words..][..sets.words];
    while (*cursor as usize) < sets.words * 64 {
        let rest = mask[*cursor as usize / 64] >> (*cursor % 64);
        if rest == 0 {
            *cursor = (*cursor / 64 + 1) * 64;
            continue;
        }
        *cursor += rest.trailing_zeros();
        let owner = owner_of[*cursor as usize];
        *cursor += 1;
        return Some(if owner == NONE { free } else { owner });
    }
    None
}
