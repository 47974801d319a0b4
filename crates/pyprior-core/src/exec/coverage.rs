//! Which ways runs go.

use super::code::{Instr, Op, Program};
use super::trace::Tracer;
use super::value::Value;

/// No way is chosen by an instruction.
const NONE: u32 = u32::MAX;

/// Which ways of a function runs have gone, its own and those of the functions that it calls.
///
/// An `if` has two ways: its test holds, or does not. A loop has three: it ends after no iteration, after one, after more. What
/// literals alone decide has none. There may be ways that no run goes.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// The first way of each instruction that has some.
    first: Vec<u32>,
    ways: u32,
    /// A bit for each way.
    gone: Vec<u64>,
    /// Iterations so far, up to 2, by the first way of the loop. No function is entered twice at a time.
    iterations: Vec<u8>,
    before: Option<usize>,
}

impl Coverage {
    /// The ways of a function, by its number, none of which has been gone; no ways if there is no such function.
    pub fn new(program: &Program, func: u8) -> Self {
        let mut coverage = Self { first: vec![NONE; program.code.len()], ..Self::default() };
        let (mut found, mut next) = (program.find(func).into_iter().collect::<Vec<_>>(), 0);
        while let Some(&nth) = found.get(next) {
            next += 1;
            for pc in program.body(nth) {
                let instr = &program.code[pc];
                let ways = match instr.op {
                    Op::UnlessLtRR | Op::UnlessLtRI | Op::UnlessLtIR | Op::UnlessEqRR | Op::UnlessEqRI => 2,
                    Op::ForNext if !set_up_by_literals(program, instr) => 3,
                    Op::Call => {
                        let callee = instr.b as usize;
                        if !found.contains(&callee) {
                            found.push(callee);
                        }
                        continue;
                    }
                    _ => continue,
                };
                coverage.first[pc] = coverage.ways;
                coverage.ways += ways;
            }
        }
        coverage.gone = vec![0; (coverage.ways as usize).div_ceil(64)];
        coverage.iterations = vec![0; coverage.ways as usize];
        coverage
    }

    /// Number of ways.
    pub fn ways(&self) -> u32 {
        self.ways
    }

    /// A bit for each way: whether it has been gone since the start or [`clear`](Self::clear).
    pub fn gone(&self) -> &[u64] {
        &self.gone
    }

    /// Forgets which ways have been gone.
    pub fn clear(&mut self) {
        self.gone.fill(0);
    }

    pub(super) fn start(&mut self) {
        self.before = None;
    }

    fn go(&mut self, way: u32) {
        if let Some(word) = self.gone.get_mut(way as usize / 64) {
            *word |= 1 << (way % 64);
        }
    }
}

/// Whether the loop of a `ForNext` has two literals for bounds.
fn set_up_by_literals(program: &Program, next: &Instr) -> bool {
    let before = |body: u32, back: usize| (body as usize).checked_sub(back).and_then(|pc| program.code.get(pc));
    // What is no literal goes through `Bound`.
    let loads = |back, register| {
        before(next.c, back).is_some_and(|instr| instr.a == register && matches!(instr.op, Op::LoadInt | Op::LoadConst))
    };
    match before(next.c, 1).map(|instr| instr.op) {
        Some(Op::Enter) => true,
        // One of them does not fit into an instruction.
        Some(Op::Jump) => loads(3, next.b) && loads(2, next.b + 1),
        _ => false,
    }
}

impl Tracer for &mut Coverage {
    const ON: bool = false;
    const STEPS: bool = true;

    fn at(&mut self, program: &Program, pc: usize, _: u64) {
        let before = self.before.replace(pc);
        let first = |pc: usize| program.code.get(pc).zip(self.first.get(pc).copied().filter(|&first| first != NONE));
        let set_up = first(pc).filter(|(instr, _)| instr.op == Op::ForNext);
        let chosen = before.and_then(|before| Some((before, first(before)?)));
        if let Some((instr, loops)) = set_up
            && before.is_some_and(|before| before + 1 == instr.c as usize)
        {
            self.iterations[loops as usize] = 0;
        }
        match chosen {
            Some((_, (instr, first))) if instr.op == Op::ForNext => {
                let iterations = self.iterations[first as usize];
                match pc == instr.c as usize {
                    true => self.iterations[first as usize] = 2.min(iterations + 1),
                    false => self.go(first + u32::from(iterations)),
                }
            }
            Some((before, (_, first))) => self.go(first + u32::from(pc != before + 1)),
            None => {}
        }
    }

    fn wrote(&mut self, _: &Program, _: usize, _: u8, _: u32, _: &Value) {}

    fn passed(&mut self, _: &Program, _: usize, _: u32, _: &Value) {}
}
