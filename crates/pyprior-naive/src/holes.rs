//! What lies on the stack of a prefix: the holes and the acts between them.

/// Where statements stand, as far as that decides which are allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Context {
    /// The outermost block, where definitions may stand.
    Top,
    /// The branches and loop bodies of the outermost block.
    Module,
    /// Anywhere inside a definition.
    Func,
}

impl Context {
    /// The context of the blocks of a statement that stands in this one.
    pub(crate) fn inner(self) -> Context {
        match self {
            Context::Func => Context::Func,
            Context::Top | Context::Module => Context::Module,
        }
    }
}

/// What is asked of a block or of the statements in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) context: Context,
    /// Control depth.
    pub(crate) cd: usize,
    /// Whether the block may be one that returns.
    pub(crate) may_return: bool,
}

/// A missing subtree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hole {
    Block(Place),
    /// A statement of a block at that place, which is the last of its block or
    /// the only one, or not.
    Stmt {
        block: Place,
        last: bool,
        only: bool,
    },
    Target,
    Cond,
    /// An expression at this expression depth.
    Expr(usize),
    /// The callee of a call at this expression depth.
    Callee(usize),
    Arity,
}

/// What happens when everything above it on the stack is complete.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    /// This is the variable that the statement at hand will bind.
    Aim(u16),
    /// The variable that was aimed at becomes visible.
    Bind,
    /// The scope at hand is kept, to come back to it.
    KeepScope,
    /// Back to the scope kept last.
    RestoreScope,
    /// A branch is complete; the other begins with the scope that was kept. If
    /// the whole `IF` must not return and this branch does, the other must not.
    OtherBranch { if_may_return: bool },
    /// Both branches are complete.
    CloseIf,
    /// The definition of a function begins.
    OpenDef,
    /// Its scope has this many parameters and nothing else.
    Parameters(u16),
    /// The definition is complete.
    CloseDef,
    /// A block begins, with no statement so far that returns.
    OpenBlock,
    /// The block at hand returns.
    Returns,
    /// All statements of the block at hand are complete.
    CloseBlock,
}

/// An entry of the stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Item {
    Hole(Hole),
    Act(Act),
}

/// How many of these are holes.
pub(crate) fn holes(items: &[Item]) -> usize {
    items.iter().filter(|i| matches!(i, Item::Hole(_))).count()
}
