//! Sketches from programs: parts of a program's tree give way to holes.

use std::collections::HashMap;

use pyprior_core::ast::{Comparison, Expr, Module, Stmt};

use crate::common::{Asked, Case, Op, PBlock, PExpr, PStmt, Random};

pub(crate) struct Maker<'a> {
    random: &'a mut Random,
    /// One in so many parts becomes a hole.
    rarity: usize,
    names: Vec<HashMap<u8, String>>,
    funcs: HashMap<u8, String>,
    used: Vec<String>,
    next: usize,
    var_names: Vec<String>,
}

/// A sketch that is made of a program, with constraints at random.
pub(crate) fn case(random: &mut Random, module: &Module) -> Case {
    let rarity = 2 + random.below(4);
    let mut maker = Maker {
        random,
        rarity,
        names: vec![HashMap::new()],
        funcs: HashMap::new(),
        used: Vec::new(),
        next: 0,
        var_names: Vec::new(),
    };
    let body = maker.block(&module.body);
    let (mut used, vars) = (maker.used, maker.var_names);
    // Arguments of calls that have given way to holes are gone, and their holes with them.
    let text = Case { body: body.clone(), asked: Vec::new() }.text();
    used.retain(|name| text.contains(name.as_str()));
    let mut asked = Vec::new();
    for name in &used {
        match name.as_bytes()[0] {
            b'K' => asked.push(Asked::Domain(name.clone(), (0..=1 + random.below(2) as i64).collect())),
            b'B' => asked.push(Asked::IsBlock(name.clone())),
            b'O' if random.one_in(2) => {
                let ops = ["+", "<", "==", "*", "-"];
                let count = 1 + random.below(3);
                let from = random.below(3);
                asked.push(Asked::Ops(name.clone(), ops[from..from + count].to_vec()));
            }
            b'E' => match random.below(8) {
                0 => asked.push(Asked::ExprDepth(name.clone(), random.below(2) as u32)),
                1 => asked.push(Asked::ExprTokens(
                    name.clone(),
                    ["<=", "==", ">="][random.below(3)],
                    1 + random.below(4) as u32,
                )),
                2 => asked.push(Asked::IsVar(name.clone())),
                3 => asked.push(Asked::Renamed(name.clone())),
                _ => {}
            },
            b'C' if random.one_in(4) => asked.push(Asked::Renamed(name.clone())),
            _ => {}
        }
    }
    for name in &used {
        let role = match name.as_bytes()[0] {
            b'S' => "stmt",
            b'C' => "cond",
            b'B' => "block",
            _ => continue,
        };
        if random.one_in(4) {
            let what = ["assign", "print", "for", "var", "const", "compare"][random.below(6)];
            let order = ["<=", "==", ">="][random.below(3)];
            asked.push(Asked::Within(name.clone(), role, what, order, random.below(3) as u32));
        }
    }
    let constants = used.iter().filter(|name| name.starts_with('K')).collect::<Vec<_>>();
    if let [one, other, ..] = constants.as_slice()
        && random.one_in(2)
    {
        asked.push(Asked::Relation((*one).clone(), ["<", "!=", "=="][random.below(3)], (*other).clone()));
    }
    if let [one, other, third, ..] = constants.as_slice()
        && random.one_in(2)
    {
        let nth = random.below(crate::common::THREES.len());
        asked.push(Asked::Three((*one).clone(), (*other).clone(), (*third).clone(), nth));
    }
    let orders = ["<=", "==", ">="];
    if random.one_in(3) {
        asked.push(Asked::Tokens(orders[random.below(3)], 5 + random.below(7) as u32));
    }
    for _ in 0..random.below(3) {
        let what = ["assign", "print", "return", "if", "for", "call", "var", "const", "compare", "+", "def", "if, for"];
        asked.push(Asked::Count(what[random.below(what.len())], orders[random.below(3)], random.below(3) as u32));
    }
    if !vars.is_empty() && random.one_in(2) {
        let positive = !random.one_in(3);
        asked.push(Asked::Uses(vars[random.below(vars.len())].clone(), positive));
    }
    if random.one_in(6) {
        asked.push(Asked::Depth(random.below(2) as u32));
    }
    Case { body, asked }
}

impl Maker<'_> {
    fn hole(&mut self, sort: char) -> Option<String> {
        if self.random.one_in(3) && !matches!(sort, 'K' | 'B') {
            return None;
        }
        // Three constants may have a relation.
        let names = if sort == 'K' { 4 } else { 2 };
        let name = format!("{sort}{}", 1 + self.random.below(names));
        if !self.used.contains(&name) {
            self.used.push(name.clone());
        }
        Some(name)
    }

    fn is_hole(&mut self) -> bool {
        let rarity = self.rarity;
        self.random.one_in(rarity)
    }

    fn bind(&mut self, var: u8) -> String {
        let known = self.names.last().unwrap().get(&var).cloned();
        let name = known.unwrap_or_else(|| {
            // Now and then a name that was there before, of this scope or another.
            if self.random.one_in(4) && self.next > 0 {
                return format!("v{}", self.random.below(self.next));
            }
            self.next += 1;
            format!("v{}", self.next - 1)
        });
        self.names.last_mut().unwrap().retain(|_, other| *other != name);
        self.names.last_mut().unwrap().insert(var, name.clone());
        if !self.var_names.contains(&name) {
            self.var_names.push(name.clone());
        }
        name
    }

    fn block(&mut self, stmts: &[Stmt]) -> PBlock {
        let rarity = self.rarity * 2;
        if self.random.one_in(rarity) {
            let name = if self.random.one_in(2) { None } else { self.hole('B') };
            return PBlock::Hole(name);
        }
        PBlock::Stmts(stmts.iter().map(|stmt| self.stmt(stmt)).collect())
    }

    fn stmt(&mut self, stmt: &Stmt) -> PStmt {
        let whole = self.rarity + 1;
        if self.random.one_in(whole) {
            return PStmt::Hole(self.hole('S'));
        }
        match stmt {
            Stmt::Assign { target, value } => {
                let value = self.expr(value);
                PStmt::Assign(self.bind(*target), value)
            }
            Stmt::Print(value) => PStmt::Print(self.expr(value)),
            Stmt::Return(value) => PStmt::Return(self.expr(value)),
            Stmt::If { condition, then, otherwise } => {
                let condition = self.condition(condition);
                let before = self.names.last().unwrap().clone();
                let then = self.block(then);
                let first = std::mem::replace(self.names.last_mut().unwrap(), before);
                let otherwise = self.block(otherwise);
                self.names.last_mut().unwrap().retain(|var, name| first.get(var) == Some(name));
                PStmt::If(condition, then, otherwise)
            }
            Stmt::For { target, start, stop, body } => {
                let start = start.as_ref().map(|start| self.expr(start));
                let stop = self.expr(stop);
                let before = self.names.last().unwrap().clone();
                let name = self.bind(*target);
                let body = self.block(body);
                *self.names.last_mut().unwrap() = before;
                PStmt::For(name, start, stop, body)
            }
            Stmt::Def { func, arity, body } => {
                let name = format!("f{func}");
                self.names.push(HashMap::new());
                let parameters = (1..=*arity).map(|var| {
                    let name = format!("p{var}");
                    self.names.last_mut().unwrap().insert(var, name.clone());
                    if !self.var_names.contains(&name) {
                        self.var_names.push(name.clone());
                    }
                    name
                });
                let parameters = parameters.collect();
                let body = self.block(body);
                self.names.pop();
                self.funcs.insert(*func, name.clone());
                PStmt::Def(name, parameters, body)
            }
        }
    }

    fn condition(&mut self, condition: &Comparison) -> PExpr {
        if self.is_hole() {
            return PExpr::Hole(self.hole('C'));
        }
        let op = if self.is_hole() { Op::Hole(self.hole('O')) } else { Op::Cmp(condition.op) };
        PExpr::Op(op, Box::new(self.expr(&condition.left)), Box::new(self.expr(&condition.right)))
    }

    fn expr(&mut self, expr: &Expr) -> PExpr {
        if self.is_hole() {
            return PExpr::Hole(self.hole('E'));
        }
        match expr {
            Expr::Var(var) => match self.names.last().unwrap().get(var) {
                Some(name) => PExpr::Name(name.clone()),
                None => PExpr::Hole(self.hole('E')),
            },
            Expr::Const(_) if self.random.one_in(2) => PExpr::Hole(self.hole('K')),
            Expr::Const(value) => PExpr::Const(*value),
            Expr::BinOp { op, left, right } => {
                let op = if self.is_hole() { Op::Hole(self.hole('O')) } else { Op::Bin(*op) };
                PExpr::Op(op, Box::new(self.expr(left)), Box::new(self.expr(right)))
            }
            Expr::Compare(comparison) => {
                let op = if self.is_hole() { Op::Hole(self.hole('O')) } else { Op::Cmp(comparison.op) };
                PExpr::Op(op, Box::new(self.expr(&comparison.left)), Box::new(self.expr(&comparison.right)))
            }
            Expr::Call { func, args } => {
                let name = self.funcs.get(func).cloned();
                let args = args.iter().map(|arg| self.expr(arg)).collect();
                name.map_or_else(|| PExpr::Hole(None), |name| PExpr::Call(name, args))
            }
        }
    }
}
