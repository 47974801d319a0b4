//! Whether a finished list of tokens is a program: the rules read once more,
//! over the whole tree instead of token by token.

use crate::parse::{Expr, Stmt, parse};
use crate::rules::Rules;
use crate::tok::Tok;
use std::collections::{BTreeMap, BTreeSet};

/// What a program was seen to consist of.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Facts {
    /// How many tokens it has.
    pub tokens: usize,
    /// Its definitions, in order.
    pub functions: Vec<FunctionFacts>,
    /// How many statements it has, definitions and nested ones included.
    pub statements: usize,
    /// How many calls it has.
    pub calls: usize,
    /// How many tokens of each form it has.
    pub forms: BTreeMap<&'static str, usize>,
}

/// What was seen of one definition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FunctionFacts {
    /// The j of its `FUNC_j`.
    pub number: u16,
    /// How many parameters it has.
    pub arity: u16,
    /// Whether its body returns.
    pub returns: bool,
}

/// Checks a complete program, without padding, against every rule.
///
/// # Errors
/// What is wrong with it, the first thing found.
pub fn check(rules: &Rules, tokens: &[Tok]) -> Result<Facts, String> {
    if rules.max_len.is_some_and(|max_len| tokens.len() > max_len) {
        return Err(format!("{} tokens are too many", tokens.len()));
    }
    let mut facts = Facts { tokens: tokens.len(), ..Facts::default() };
    for &tok in tokens {
        if !rules.has(tok) {
            return Err(format!("{tok} is not in the vocabulary"));
        }
        let name = tok.name();
        if let Some(by) = [tok.form(), &name].iter().find(|&&n| rules.exclude.contains(n)) {
            return Err(format!("{tok} is excluded by {by}"));
        }
        *facts.forms.entry(tok.form()).or_insert(0) += 1;
    }
    let program = parse(rules, tokens)?;
    let mut checker = Checker { rules, facts, inside: None };
    Checker::definitions(&program)?;
    checker.block(&program, &BTreeSet::new())?;
    Ok(checker.facts)
}

struct Checker<'a> {
    rules: &'a Rules,
    facts: Facts,
    /// The function whose definition is being checked.
    inside: Option<u16>,
}

impl Checker<'_> {
    /// The order of the definitions, and that none is the last of several
    /// statements.
    fn definitions(program: &[Stmt]) -> Result<(), String> {
        let mut defined = 0;
        for stmt in program {
            if let Stmt::Def { number, .. } = stmt {
                defined += 1;
                if *number != defined {
                    return Err(format!("FUNC_{number} is definition number {defined}"));
                }
            }
        }
        match program {
            [_, .., Stmt::Def { number, .. }] => Err(format!("FUNC_{number} is the last of several statements")),
            _ => Ok(()),
        }
    }

    /// Checks a block that begins with these variables visible; answers which
    /// are visible at its end.
    fn block(&mut self, block: &[Stmt], before: &BTreeSet<u16>) -> Result<BTreeSet<u16>, String> {
        if let Some((_, but_last)) = block.split_last()
            && self.rules.no_dead_code
        {
            for stmt in but_last {
                if matches!(stmt, Stmt::Return(_)) {
                    return Err("a RETURN before the last place of its block".to_owned());
                }
                if self.rules.dead_after_returning && returns(stmt) {
                    return Err("a statement follows one that returns".to_owned());
                }
            }
        }
        let mut visible = before.clone();
        for stmt in block {
            self.facts.statements += 1;
            visible = self.statement(stmt, visible)?;
        }
        Ok(visible)
    }

    fn statement(&mut self, stmt: &Stmt, before: BTreeSet<u16>) -> Result<BTreeSet<u16>, String> {
        match stmt {
            Stmt::Assign(target, value) => {
                self.target(*target, &before)?;
                self.expression(value, &before)?;
                Ok(with(&before, *target))
            }
            Stmt::Print(value) => {
                self.expression(value, &before)?;
                Ok(before)
            }
            Stmt::Return(value) => {
                if self.inside.is_none() {
                    return Err("a RETURN outside of definitions".to_owned());
                }
                self.expression(value, &before)?;
                Ok(before)
            }
            Stmt::If { sides, then, otherwise } => {
                for side in sides {
                    self.expression(side, &before)?;
                }
                let one = self.block(then, &before)?;
                let other = self.block(otherwise, &before)?;
                Ok(one.intersection(&other).copied().collect())
            }
            Stmt::For { target, bounds, body } => {
                self.target(*target, &before)?;
                for bound in bounds {
                    self.expression(bound, &before)?;
                }
                self.block(body, &with(&before, *target))?;
                Ok(before)
            }
            Stmt::Def { number, arity, body } => {
                self.inside = Some(*number);
                self.block(body, &(1..=*arity).collect())?;
                self.inside = None;
                self.facts.functions.push(FunctionFacts {
                    number: *number,
                    arity: *arity,
                    returns: body.iter().any(returns),
                });
                Ok(before)
            }
        }
    }

    /// A target is visible, or it is the first variable that is not.
    fn target(&self, target: u16, visible: &BTreeSet<u16>) -> Result<(), String> {
        let first_other = (1..=self.rules.max_vars).find(|var| !visible.contains(var));
        if visible.contains(&target) || first_other == Some(target) {
            Ok(())
        } else {
            Err(format!("VAR_{target} is bound out of order"))
        }
    }

    fn expression(&mut self, expr: &Expr, visible: &BTreeSet<u16>) -> Result<(), String> {
        match expr {
            Expr::Var(var) if !visible.contains(var) => Err(format!("VAR_{var} is not visible")),
            Expr::Var(_) | Expr::Int => Ok(()),
            Expr::Op(left, right) => {
                self.expression(left, visible)?;
                self.expression(right, visible)
            }
            Expr::Call(callee, arguments) => {
                self.facts.calls += 1;
                self.callable(*callee)?;
                for argument in arguments {
                    self.expression(argument, visible)?;
                }
                Ok(())
            }
        }
    }

    /// The callee is defined already, and inside a definition before that one.
    fn callable(&self, callee: u16) -> Result<(), String> {
        if self.inside.is_some_and(|inside| callee >= inside) {
            return Err(format!("FUNC_{callee} is called within itself or before it"));
        }
        let earlier = self.facts.functions.iter().find(|f| f.number == callee);
        match earlier {
            None => Err(format!("FUNC_{callee} is called before it is defined")),
            Some(def) if self.rules.calls_returning && !def.returns => {
                Err(format!("FUNC_{callee} is called and does not return"))
            }
            Some(_) => Ok(()),
        }
    }
}

/// Whether a statement returns: `RETURN` does, and `IF` if both branches do.
fn returns(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Return(_) => true,
        Stmt::If { then, otherwise, .. } => then.iter().any(returns) && otherwise.iter().any(returns),
        Stmt::Assign(..) | Stmt::Print(_) | Stmt::For { .. } | Stmt::Def { .. } => false,
    }
}

fn with(visible: &BTreeSet<u16>, var: u16) -> BTreeSet<u16> {
    let mut visible = visible.clone();
    visible.insert(var);
    visible
}
