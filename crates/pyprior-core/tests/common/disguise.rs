//! The same program in other words: random names by scope and binding, parentheses, remarks, blank lines, `elif`.
//! Shares nothing with the renderer or the encoder.

use pyprior_core::ast::{BinOp, Compare, Comparison, Expr, Module, Stmt};

use super::Random;

/// Names to choose from: few, so that scopes and bindings share them.
const NAMES: [&str; 24] = [
    "a", "b", "c", "x", "y", "i", "j", "n", "total", "count_2", "_", "__", "_x1", "X", "var_1", "var_2", "func_1",
    "print_", "case", "type", "é", "名", "lazy", "π",
];
const FUNCS: [&str; 10] = ["f", "g", "h", "main", "compute", "step", "func", "fn", "ß", "soft"];

/// One name for a stretch of a variable's life. Those that are read or assigned as one get one name.
#[derive(Default)]
struct Lives {
    /// Union-find.
    parent: Vec<usize>,
    /// Pairs that can be seen from one place.
    apart: Vec<(usize, usize)>,
    /// The life of each occurrence of a variable, in preorder.
    occurrences: Vec<usize>,
    /// The lives that each visible variable may be in; several behind an `if`, until it is touched.
    slots: Vec<Vec<usize>>,
}

impl Lives {
    fn root(&self, mut life: usize) -> usize {
        while self.parent[life] != life {
            life = self.parent[life];
        }
        life
    }

    /// A variable is read, or assigned while it is visible.
    fn touch(&mut self, var: u8) {
        let lives = self.slots[usize::from(var) - 1].clone();
        for pair in lives.windows(2) {
            let (a, b) = (self.root(pair[0]), self.root(pair[1]));
            self.parent[a] = b;
        }
        self.occurrences.push(lives[0]);
    }

    /// A variable is assigned; `Some` is a new life, which starts when the statement ends.
    fn target(&mut self, var: u8) -> Option<usize> {
        if usize::from(var) <= self.slots.len() {
            self.touch(var);
            return None;
        }
        let life = self.parent.len();
        self.parent.push(life);
        self.apart.extend(self.slots.iter().flatten().map(|&other| (life, other)));
        self.occurrences.push(life);
        Some(life)
    }

    fn start(&mut self, life: Option<usize>) {
        self.slots.extend(life.map(|life| vec![life]));
    }

    fn block(&mut self, block: &[Stmt]) {
        block.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Assign { target, value } => {
                let life = self.target(*target);
                self.expr(value);
                self.start(life);
            }
            Stmt::Print(value) | Stmt::Return(value) => self.expr(value),
            Stmt::If { condition, then, otherwise } => {
                self.expr(&condition.left);
                self.expr(&condition.right);
                let before = self.slots.clone();
                self.block(then);
                let first = std::mem::replace(&mut self.slots, before);
                self.block(otherwise);
                self.slots.truncate(first.len());
                for (slot, first) in self.slots.iter_mut().zip(first) {
                    slot.extend(first);
                    slot.sort_unstable();
                    slot.dedup();
                }
            }
            Stmt::For { target, start, stop, body } => {
                let life = self.target(*target);
                start.iter().for_each(|start| self.expr(start));
                self.expr(stop);
                let before = self.slots.clone();
                self.start(life);
                self.block(body);
                self.slots = before;
            }
            Stmt::Def { arity, body, .. } => {
                let outside = std::mem::take(&mut self.slots);
                for var in 1..=*arity {
                    let life = self.target(var);
                    self.start(life);
                }
                self.block(body);
                self.slots = outside;
            }
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Var(var) => self.touch(*var),
            Expr::Const(_) => {}
            Expr::BinOp { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            Expr::Compare(comparison) => {
                self.expr(&comparison.left);
                self.expr(&comparison.right);
            }
            Expr::Call { args, .. } => args.iter().for_each(|arg| self.expr(arg)),
        }
    }

    /// A name for each occurrence.
    fn names(&self, random: &mut Random, funcs: &[String]) -> Vec<String> {
        let mut names: Vec<Option<String>> = vec![None; self.parent.len()];
        for life in 0..self.parent.len() {
            let root = self.root(life);
            if names[root].is_some() {
                continue;
            }
            let others = self.apart.iter().flat_map(|&(a, b)| [(a, b), (b, a)]);
            let others = others.filter(|&(a, _)| self.root(a) == root).map(|(_, b)| self.root(b));
            let taken =
                others.filter_map(|other| names[other].clone()).chain(funcs.iter().cloned()).collect::<Vec<_>>();
            let free = |name: &String| !taken.contains(name);
            let start = random.index(NAMES.len());
            let pool = (0..NAMES.len()).map(|nth| NAMES[(start + nth) % NAMES.len()].to_owned());
            names[root] = pool.chain((0..).map(|nth| format!("spare{nth}"))).find(free);
        }
        self.occurrences.iter().map(|&life| names[self.root(life)].clone().unwrap()).collect()
    }
}

/// Source of a program in random words; `int` is whether comparisons as values are written `int(a < b)`.
pub(crate) fn disguise(module: &Module, int: bool, random: &mut Random) -> String {
    let mut lives = Lives::default();
    lives.block(&module.body);
    let defs = module.body.iter().filter(|stmt| matches!(stmt, Stmt::Def { .. })).count();
    let mut funcs = FUNCS.map(str::to_owned).to_vec();
    funcs.extend((0..defs).map(|nth| format!("extra{nth}")));
    random.shuffle(&mut funcs[..FUNCS.len()]);
    funcs.truncate(defs);
    let names = lives.names(random, &funcs);
    let mut writer = Writer { random, int, funcs, names: names.into_iter(), out: String::new() };
    writer.gap("");
    writer.block(&module.body, "", false);
    writer.out
}

struct Writer<'r> {
    random: &'r mut Random,
    int: bool,
    funcs: Vec<String>,
    names: std::vec::IntoIter<String>,
    out: String,
}

impl Writer<'_> {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn name(&mut self) -> String {
        self.names.next().unwrap()
    }

    fn space(&mut self) {
        let space = self.random.pick(&["", " ", " ", "  ", "\t", " \\\n "]);
        self.put(space);
    }

    /// Blank lines and remarks, where a line may stand.
    fn gap(&mut self, indent: &str) {
        while self.random.one_in(5) {
            let text = self.random.pick(&["\n", "   \n", "# a remark: if x: (\n", "\t# \"é\"\n", "\x0c\n"]);
            self.put(if text.starts_with('#') { indent } else { "" });
            self.put(text);
        }
    }

    fn end(&mut self) {
        let end = self.random.pick(&["\n", "\n", "\r\n", " # and so on\n", "  \n"]);
        self.put(end);
    }

    /// The statements of a block; `inline` is whether they stand behind a colon.
    fn block(&mut self, block: &[Stmt], indent: &str, inline: bool) {
        let mut joins = inline;
        for (nth, stmt) in block.iter().enumerate() {
            let simple = |stmt: &Stmt| matches!(stmt, Stmt::Assign { .. } | Stmt::Print(_) | Stmt::Return(_));
            if !joins {
                self.gap(indent);
                self.put(indent);
            }
            self.stmt(stmt, indent);
            if simple(stmt) {
                joins = block.get(nth + 1).is_some_and(simple) && (inline || self.random.one_in(6));
                if joins {
                    self.put(" ;");
                } else {
                    self.end();
                }
            } else {
                joins = false;
            }
        }
    }

    /// A colon and the block behind it.
    fn body(&mut self, block: &[Stmt], indent: &str) {
        self.space();
        self.put(":");
        let simple = block.iter().all(|stmt| matches!(stmt, Stmt::Assign { .. } | Stmt::Print(_) | Stmt::Return(_)));
        if simple && self.random.one_in(6) {
            self.put(" ");
            self.block(block, indent, true);
            return;
        }
        self.end();
        let deeper = format!("{indent}{}", self.random.pick(&["    ", " ", "\t", "  "]));
        self.block(block, &deeper, false);
    }

    fn stmt(&mut self, stmt: &Stmt, indent: &str) {
        match stmt {
            Stmt::Assign { value, .. } => {
                self.target();
                self.space();
                self.put("=");
                self.space();
                self.expr(value, 0);
            }
            Stmt::Print(value) => {
                self.put("print");
                self.space();
                self.put("(");
                self.expr(value, 0);
                let comma = self.random.pick(&[")", ")", " ,)"]);
                self.put(comma);
            }
            Stmt::Return(value) => {
                self.put("return ");
                self.expr(value, 0);
            }
            Stmt::If { condition, then, otherwise } => {
                self.put("if ");
                self.branches(condition, then, otherwise, indent);
            }
            Stmt::For { start, stop, body, .. } => {
                self.put("for ");
                self.target();
                self.put(" in range (");
                if let Some(start) = start {
                    self.expr(start, 0);
                    self.put(",");
                }
                self.expr(stop, 0);
                self.put(")");
                self.body(body, indent);
            }
            Stmt::Def { func, arity, body } => {
                let name = self.funcs[usize::from(*func) - 1].clone();
                self.put(&format!("def {name}("));
                for nth in 0..*arity {
                    let name = self.name();
                    self.put(if nth > 0 { " ," } else { "" });
                    self.put(&name);
                }
                self.put(")");
                self.body(body, indent);
            }
        }
    }

    fn branches(&mut self, condition: &Comparison, then: &[Stmt], otherwise: &[Stmt], indent: &str) {
        self.wrapped(true, |writer| writer.comparison(condition));
        self.body(then, indent);
        self.gap(indent);
        self.put(indent);
        match otherwise {
            [Stmt::If { condition, then, otherwise }] if self.random.one_in(2) => {
                self.put("elif ");
                self.branches(condition, then, otherwise, indent);
            }
            _ => {
                self.put("else");
                self.body(otherwise, indent);
            }
        }
    }

    fn target(&mut self) {
        let name = self.name();
        match self.random.one_in(8) {
            true => self.put(&format!("( {name})")),
            false => self.put(&name),
        }
    }

    /// Perhaps within parentheses, which are needed if not `bare`.
    fn wrapped(&mut self, bare: bool, write: impl FnOnce(&mut Self)) {
        let pairs = usize::from(!bare) + self.random.below(5).saturating_sub(3) as usize;
        (0..pairs).for_each(|_| self.put("("));
        if pairs > 0 && self.random.one_in(6) {
            self.put("\n# within\n");
        }
        write(self);
        (0..pairs).for_each(|_| self.put(")"));
    }

    fn comparison(&mut self, comparison: &Comparison) {
        self.expr(&comparison.left, 2);
        self.space();
        self.put(match comparison.op {
            Compare::Lt => "<",
            Compare::Eq => "==",
        });
        self.space();
        self.expr(&comparison.right, 2);
    }

    /// An expression where only operators of at least this precedence stand without parentheses: 1 comparisons, 2 sums,
    /// 3 products, 4 none.
    fn expr(&mut self, expr: &Expr, least: u32) {
        match expr {
            Expr::Var(_) => {
                let name = self.name();
                self.wrapped(true, |writer| writer.put(&name));
            }
            Expr::Const(value) if *value < 0 && self.random.one_in(6) => {
                self.put(&format!("-({})", value.unsigned_abs()));
            }
            Expr::Const(value) => {
                let text = match self.random.below(8) {
                    0 if *value >= 0 => format!("{value:#x}"),
                    1 if *value >= 0 => format!("{value:#b}"),
                    2 if *value >= 10 => format!("{}_{}", value / 10, value % 10),
                    _ => value.to_string(),
                };
                self.wrapped(true, |writer| writer.put(&text));
            }
            Expr::BinOp { op, left, right } => {
                let (sign, rank) = match op {
                    BinOp::Add => ("+", 2),
                    BinOp::Sub => ("-", 2),
                    BinOp::Mul => ("*", 3),
                };
                self.wrapped(least <= rank, |writer| {
                    writer.expr(left, rank);
                    writer.space();
                    writer.put(sign);
                    writer.space();
                    writer.expr(right, rank + 1);
                });
            }
            Expr::Compare(comparison) if self.int => {
                self.put("int");
                self.wrapped(false, |writer| writer.comparison(comparison));
            }
            Expr::Compare(comparison) => self.wrapped(least <= 1, |writer| writer.comparison(comparison)),
            Expr::Call { func, args } => {
                let name = self.funcs[usize::from(*func) - 1].clone();
                self.wrapped(true, |writer| {
                    writer.put(&name);
                    writer.space();
                    writer.put("(");
                    for (nth, arg) in args.iter().enumerate() {
                        writer.put(if nth > 0 { " ," } else { "" });
                        writer.expr(arg, 0);
                    }
                    writer.put(")");
                });
            }
        }
    }
}
