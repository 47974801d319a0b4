//! Which names of the pools a program has been given so far.

/// What of the names has been given out.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// Code of each variable's name in the module and in the current function; 0 is none yet.
    pub(super) vars: [[u16; 256]; 2],
    pub(super) funcs: [u16; 256],
    /// Number of parameters of functions whose definition is complete.
    pub(super) arities: [Option<u8>; 256],
    pub(super) next_var: u16,
    pub(super) next_func: u16,
    /// Functions up to this one have entries above.
    pub(super) seen_funcs: u8,
    pub(super) seen_vars: [u8; 2],
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            vars: [[0; 256]; 2],
            funcs: [0; 256],
            arities: [None; 256],
            next_var: 0,
            next_func: 0,
            seen_funcs: 0,
            seen_vars: [0; 2],
        }
    }

    pub(super) fn clear(&mut self) {
        self.next_var = 0;
        self.next_func = 0;
        self.clear_vars(0);
        self.clear_vars(1);
        self.funcs[..=usize::from(self.seen_funcs)].fill(0);
        self.arities[..=usize::from(self.seen_funcs)].fill(None);
        self.seen_funcs = 0;
    }

    pub(super) fn clear_vars(&mut self, which: usize) {
        self.vars[which][..=usize::from(self.seen_vars[which])].fill(0);
        self.seen_vars[which] = 0;
    }
}
