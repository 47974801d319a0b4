//! What a variable reaches: its pairs and the propagators that watch it, by the number of the variable.

use crate::store::Var;

/// A direction of a matrix, as seen from the variable that changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    pub(crate) other: Var,
    /// Where rows begin, and their width.
    pub(crate) rows: u32,
    pub(crate) words: u32,
    /// Of more values than these each value of the other goes with one (Boussemart et al., CP 2004): then there is
    /// nothing to revise.
    pub(crate) conflicts: u32,
}

/// Where the lists of a variable begin; they end where those of the next one do.
#[derive(Debug, Clone, Copy, Default)]
struct Head {
    edges: u32,
    watching: u32,
    /// While the variable has more values than these, nothing follows from its losing one.
    quiet: u32,
}

/// Lists back to back, and one table of where they begin.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    heads: Vec<Head>,
    edges: Vec<Edge>,
    watching: Vec<u32>,
}

impl Reach {
    /// Edges and propagators with the variables that they are of, sorted by counting.
    pub(super) fn new(vars: usize, edges: &[(u32, Edge)], watching: &[(u32, u32)]) -> Reach {
        // Zeros by hand: a few are written sooner than an allocator finds memory that has them.
        let mut heads: Vec<Head> = std::iter::repeat_n(Head::default(), vars + 2).collect();
        for (var, edge) in edges {
            heads[*var as usize + 2].edges += 1;
            let quiet = &mut heads[*var as usize].quiet;
            *quiet = edge.conflicts.max(*quiet);
        }
        for (var, _) in watching {
            heads[*var as usize + 2].watching += 1;
            heads[*var as usize].quiet = u32::MAX;
        }
        let mut before = Head::default();
        for head in &mut heads {
            head.edges += before.edges;
            head.watching += before.watching;
            before = *head;
        }
        let edges = placed(edges, &mut heads, |head| &mut head.edges);
        let watching = placed(watching, &mut heads, |head| &mut head.watching);
        Reach { heads, edges, watching }
    }

    /// The pairs that the variable is in.
    #[inline]
    pub(super) fn edges(&self, var: Var) -> &[Edge] {
        match self.heads.get(var.index()..) {
            Some([head, next, ..]) => &self.edges[head.edges as usize..next.edges as usize],
            _ => &[],
        }
    }

    /// The propagators that watch the variable.
    #[inline]
    pub(super) fn watching(&self, var: Var) -> &[u32] {
        match self.heads.get(var.index()..) {
            Some([head, next, ..]) => &self.watching[head.watching as usize..next.watching as usize],
            _ => &[],
        }
    }

    /// While the variable has more values than these, nothing follows from its losing one; 0 where it has no constraint that
    /// can fail, or came later.
    #[inline]
    pub(super) fn quiet(&self, var: Var) -> u32 {
        self.heads.get(var.index()).map_or(0, |head| head.quiet)
    }
}

/// The items in the order of their variables. Where the next one goes is in the head of the next variable.
fn placed<T: Copy>(items: &[(u32, T)], heads: &mut [Head], place: impl Fn(&mut Head) -> &mut u32) -> Vec<T> {
    let Some((_, first)) = items.first() else { return Vec::new() };
    let mut sorted = vec![*first; items.len()];
    for (var, item) in items {
        let place = place(&mut heads[*var as usize + 1]);
        sorted[*place as usize] = *item;
        *place += 1;
    }
    sorted
}
