//! Expressions as flat nodes: parts before wholes, the whole last.

use super::python::{Arithmetic, Comparison, Function, Method};
use crate::Value;

/// A node by number.
pub(super) type Id = u32;

/// A piece of [`Nodes::lists`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    start: u32,
    end: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Constant(Value),
    /// By position in the scope.
    Variable(u32),
    Not(Id),
    Negative(Id),
    Positive(Id),
    Arithmetic(Arithmetic, Id, Id),
    Compare(Comparison, Id, Id),
    /// Comparisons of neighbours, all true; each operand is looked at once. Signs from this place in [`Nodes::signs`].
    Chain {
        operands: Range,
        signs: u32,
    },
    /// Three and more operands from left to right. Operators from this place in [`Nodes::operators`].
    Fold {
        operands: Range,
        operators: u32,
    },
    And(Range),
    Or(Range),
    If {
        condition: Id,
        then: Id,
        other: Id,
    },
    Tuple(Range),
    List(Range),
    Index(Id, Id),
    Slice(Id, Id, Id),
    Call(Function, Range),
    Method(Method, Id, Range),
}

/// Which variables a node reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    Nothing,
    One(u32),
    Several,
}

impl Reads {
    fn and(self, other: Reads) -> Reads {
        match (self, other) {
            (Reads::Nothing, reads) | (reads, Reads::Nothing) => reads,
            (Reads::One(a), Reads::One(b)) if a == b => self,
            _ => Reads::Several,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Nodes {
    nodes: Vec<(Node, Reads, u16)>,
    lists: Vec<Id>,
    signs: Vec<Comparison>,
    operators: Vec<Arithmetic>,
}

impl Nodes {
    pub(super) fn with_capacity(nodes: usize) -> Nodes {
        Nodes { nodes: Vec::with_capacity(nodes), lists: Vec::new(), signs: Vec::new(), operators: Vec::new() }
    }

    pub(super) fn list(&mut self, ids: &[Id]) -> Range {
        let start = self.lists.len() as u32;
        self.lists.extend_from_slice(ids);
        Range { start, end: self.lists.len() as u32 }
    }

    /// The place of the signs of a chain.
    pub(super) fn chained(&mut self, signs: &[Comparison]) -> u32 {
        let start = self.signs.len() as u32;
        self.signs.extend_from_slice(signs);
        start
    }

    /// The place of the operators of a fold.
    pub(super) fn folded(&mut self, operators: &[Arithmetic]) -> u32 {
        let start = self.operators.len() as u32;
        self.operators.extend_from_slice(operators);
        start
    }

    /// Neighbours in a chain with the signs between them.
    pub(super) fn links(&self, operands: Range, signs: u32) -> impl Iterator<Item = (Comparison, Id, Id)> + '_ {
        let pairs = self.ids(operands).windows(2);
        self.signs[signs as usize..].iter().zip(pairs).map(|(sign, pair)| (*sign, pair[0], pair[1]))
    }

    /// The operands of a fold after the first, with the operator before each.
    pub(super) fn steps(&self, operands: Range, operators: u32) -> impl Iterator<Item = (Arithmetic, Id)> + '_ {
        let later = self.ids(operands).iter().skip(1);
        self.operators[operators as usize..].iter().copied().zip(later.copied())
    }

    pub(super) fn ids(&self, range: Range) -> &[Id] {
        &self.lists[range.start as usize..range.end as usize]
    }

    pub(super) fn push(&mut self, node: Node) -> Id {
        let mut reads = if let Node::Variable(position) = node { Reads::One(position) } else { Reads::Nothing };
        let mut depth = 0;
        self.inside(&node, &mut |part| {
            reads = reads.and(self.reads(part));
            depth = depth.max(self.depth(part));
        });
        self.nodes.push((node, reads, depth + 1));
        self.whole()
    }

    /// Tells of the parts of a node, not of their parts.
    #[inline]
    pub(super) fn inside(&self, node: &Node, tell: &mut impl FnMut(Id)) {
        match *node {
            Node::Constant(_) | Node::Variable(_) => {}
            Node::Not(a) | Node::Negative(a) | Node::Positive(a) => tell(a),
            Node::Arithmetic(_, a, b) | Node::Compare(_, a, b) | Node::Index(a, b) => {
                tell(a);
                tell(b);
            }
            Node::If { condition: a, then: b, other: c } | Node::Slice(a, b, c) => {
                tell(a);
                tell(b);
                tell(c);
            }
            Node::And(parts)
            | Node::Or(parts)
            | Node::Tuple(parts)
            | Node::List(parts)
            | Node::Call(_, parts)
            | Node::Chain { operands: parts, .. }
            | Node::Fold { operands: parts, .. } => {
                self.ids(parts).iter().copied().for_each(tell);
            }
            Node::Method(_, object, arguments) => {
                tell(object);
                self.ids(arguments).iter().copied().for_each(tell);
            }
        }
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize].0
    }

    pub(super) fn reads(&self, id: Id) -> Reads {
        self.nodes[id as usize].1
    }

    pub(super) fn depth(&self, id: Id) -> u16 {
        self.nodes[id as usize].2
    }

    /// Positions of variables, some more than once.
    pub(super) fn positions(&self) -> impl Iterator<Item = u32> + '_ {
        self.nodes.iter().filter_map(|(node, _, _)| match node {
            Node::Variable(position) => Some(*position),
            _ => None,
        })
    }

    /// Number of nodes; the last is the whole.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn whole(&self) -> Id {
        self.len() as Id - 1
    }
}
