//! What of a prefix can matter to its completions, as a key for remembering.
//!
//! Left out are the length so far (whoever asks adds it), the scopes kept only
//! for counting, the answer about a completed block that no act will read, and,
//! under rules none of which asks what returns, all answers to that. Everything
//! else is in. Which constant or operator was chosen leaves no trace in a prefix
//! to begin with.

use crate::holes::{Act, Context, Hole, Item, Place};
use crate::rules::Rules;
use crate::state::State;

/// The canonical form of a prefix: two prefixes with the same key have the same
/// completions under the same rules.
pub(crate) type Key = Box<[u32]>;

impl State {
    /// The prefix's canonical form.
    pub(crate) fn key(&self, rules: &Rules) -> Key {
        let asked = rules.asks_what_returns();
        let answer = |returns: bool| u32::from(returns && asked);
        // A list of lists, each led by its length, so no two read the same.
        let mut words = Vec::with_capacity(64);
        list(&mut words, &self.stack, |words, item| entry(words, *item));
        list(&mut words, self.scope.visible.iter().copied(), var);
        list(&mut words, &self.kept, |words, scope| {
            list(words, scope.visible.iter().copied(), var);
        });
        list(&mut words, &self.branches, |words, (scope, returns)| {
            words.push(answer(*returns));
            list(words, scope.visible.iter().copied(), var);
        });
        list(&mut words, self.aims.iter().copied(), var);
        list(&mut words, &self.defs, |words, def| {
            words.push(u32::from(def.arity));
            words.push(u32::from(def.complete) * 2 + answer(def.returns));
        });
        list(&mut words, &self.open_blocks, |words, returns| {
            words.push(answer(*returns));
        });
        words.into_boxed_slice()
    }
}

fn list<T, L>(words: &mut Vec<u32>, items: L, each: impl Fn(&mut Vec<u32>, T))
where
    L: IntoIterator<Item = T>,
    L::IntoIter: ExactSizeIterator,
{
    let items = items.into_iter();
    words.push(number(items.len()));
    items.for_each(|item| each(words, item));
}

fn var(words: &mut Vec<u32>, var: u16) {
    words.push(u32::from(var));
}

/// Depths and lengths beyond 32 bits do not fit in memory as prefixes.
fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A stack entry: a number for its kind, and what it holds.
fn entry(words: &mut Vec<u32>, item: Item) {
    match item {
        Item::Hole(Hole::Block(at)) => {
            words.push(0);
            place(words, at);
        }
        Item::Hole(Hole::Stmt { block, last, only }) => {
            words.push(1 + 2 * u32::from(last) + u32::from(only));
            place(words, block);
        }
        Item::Hole(Hole::Target) => words.push(5),
        Item::Hole(Hole::Cond) => words.push(6),
        Item::Hole(Hole::Arity) => words.push(7),
        Item::Hole(Hole::Expr(ed)) => words.extend([8, number(ed)]),
        Item::Hole(Hole::Callee(ed)) => words.extend([9, number(ed)]),
        Item::Act(Act::Aim(var)) => words.extend([10, u32::from(var)]),
        Item::Act(Act::Parameters(arity)) => words.extend([11, u32::from(arity)]),
        Item::Act(Act::OtherBranch { if_may_return }) => {
            words.push(12 + u32::from(if_may_return));
        }
        Item::Act(Act::Bind) => words.push(14),
        Item::Act(Act::KeepScope) => words.push(15),
        Item::Act(Act::RestoreScope) => words.push(16),
        Item::Act(Act::CloseIf) => words.push(17),
        Item::Act(Act::OpenDef) => words.push(18),
        Item::Act(Act::CloseDef) => words.push(19),
        Item::Act(Act::Returns) => words.push(20),
        Item::Act(Act::CloseBlock) => words.push(21),
        Item::Act(Act::OpenBlock) => words.push(22),
    }
}

fn place(words: &mut Vec<u32>, place: Place) {
    words.push(number(place.cd));
    let context = match place.context {
        Context::Top => 0,
        Context::Module => 2,
        Context::Func => 4,
    };
    words.push(context + u32::from(place.may_return));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tok::Tok;

    fn key(rules: &Rules, text: &str) -> Option<Key> {
        let tokens: Result<Vec<Tok>, _> = text.split_whitespace().map(str::parse).collect();
        Some(State::of(rules, &tokens.ok()?).ok()?.key(rules))
    }

    #[test]
    fn what_returns_is_in_the_key_if_a_rule_asks_for_it() {
        let prefix = "BLK_1 FUNC_1 ARITY_1 BLK_1 IF LT VAR_1 VAR_1 BLK_1";
        for switches in 0..8 {
            let mut rules = Rules::original();
            rules.calls_returning = switches & 1 != 0;
            rules.dead_after_returning = switches & 2 != 0;
            rules.no_dead_code = switches & 4 != 0;
            let one = key(&rules, &format!("{prefix} RETURN VAR_1"));
            let other = key(&rules, &format!("{prefix} PRINT VAR_1"));
            assert!(one.is_some() && other.is_some());
            let asked = matches!(switches, 1 | 3 | 5 | 6 | 7);
            assert_eq!(one != other, asked, "{switches}");
        }
    }

    #[test]
    fn scopes_are_in_the_key() {
        let rules = Rules::original();
        let prefix = "BLK_1 IF LT INT_0 INT_0 BLK_1";
        let one = key(&rules, &format!("{prefix} PRINT INT_0"));
        let other = key(&rules, &format!("{prefix} ASSIGN VAR_1 INT_0"));
        assert!(one.is_some() && other.is_some() && one != other);
        // Another constant, operator or length makes no difference.
        let third = key(&rules, &format!("{prefix} PRINT ADD INT_1 INT_2"));
        assert_eq!(one, third);
    }
}
