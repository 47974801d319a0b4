//! Every program there is, one by one, with nothing remembered.
//!
//! This is the ground that the search stands on: it skips nothing and it
//! abstracts nothing, so it is good for small languages only.

use crate::rules::Rules;
use crate::state::State;
use crate::tok::Tok;
use std::collections::BTreeSet;
use std::fmt;

/// More prefixes than the caller wanted looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooMany(
    /// The number that was exceeded.
    pub u64,
);

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there are more than {} prefixes", self.0)
    }
}

impl std::error::Error for TooMany {}

/// A prefix on the path at hand, and what is known of its tokens.
struct Node {
    state: State,
    untried: Vec<Tok>,
    legal: BTreeSet<Tok>,
}

impl Node {
    fn new(rules: &Rules, state: State) -> Node {
        let mut untried = state.candidates(rules, None);
        untried.reverse();
        let legal = BTreeSet::new();
        Node { state, untried, legal }
    }
}

/// Calls back with every prefix of every complete program, the complete
/// programs among them, and exactly the tokens that are legal after it. Each
/// prefix comes after all longer ones that begin with it. Returns how many
/// there were.
///
/// # Errors
/// Finding out took more than `node_limit` prefixes, those without a completion
/// included; the calls until then were right.
pub fn walk(rules: &Rules, node_limit: u64, visit: &mut dyn FnMut(&[Tok], &BTreeSet<Tok>)) -> Result<u64, TooMany> {
    let (mut seen, mut visited) = (1, 0);
    let mut tokens: Vec<Tok> = vec![];
    let mut path = vec![Node::new(rules, State::start(rules))];
    while let Some(node) = path.last_mut() {
        if node.state.finished() {
            node.legal.insert(Tok::Pad);
        } else if let Some(tok) = node.untried.pop() {
            let mut next = node.state.clone();
            if next.push(rules, tok).is_ok() {
                seen += 1;
                if seen > node_limit {
                    return Err(TooMany(node_limit));
                }
                tokens.push(tok);
                path.push(Node::new(rules, next));
            }
            continue;
        }
        // Everything after this prefix has been tried.
        let has_completion = !node.legal.is_empty();
        if has_completion {
            visited += 1;
            visit(&tokens, &node.legal);
        }
        path.pop();
        if let (Some(tok), Some(parent)) = (tokens.pop(), path.last_mut())
            && has_completion
        {
            parent.legal.insert(tok);
        }
    }
    Ok(visited)
}

/// Every complete program.
///
/// # Errors
/// Finding them took more than `limit` prefixes.
pub fn enumerate(rules: &Rules, limit: u64) -> Result<Vec<Vec<Tok>>, TooMany> {
    let mut programs = vec![];
    walk(rules, limit, &mut |tokens, legal| {
        if legal.contains(&Tok::Pad) {
            programs.push(tokens.to_vec());
        }
    })?;
    Ok(programs)
}
