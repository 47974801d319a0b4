//! Every column.

use pyprior_core::{Analysis, FormCounts};

use super::{Column, Get, Needs};
use crate::row::Row;

/// Every column, in the order in which they are written unless told otherwise.
pub static COLUMNS: [Column; 47] = [
    Column {
        name: "id",
        about: "Place in the dataset, counted from 0 through all shards, whatever the split",
        needs: Needs::Nothing,
        get: Get::Position,
    },
    Column {
        name: "tokens",
        about: "The program: token ids in preorder. They are the same however variables and functions are called",
        needs: Needs::Nothing,
        get: Get::Tokens(|row| row.tokens),
    },
    Column {
        name: "length",
        about: "Number of tokens",
        needs: Needs::Nothing,
        get: Get::U32(|row| count(row.tokens.len())),
    },
    Column {
        name: "source",
        about: "The program as Python source, without a newline at the end",
        needs: Needs::Source,
        get: Get::Text(|row| row.source),
    },
    Column {
        name: "compression",
        about: "Compression ratio as tokenizers have it: bytes of the source for each token",
        needs: Needs::Source,
        get: Get::MaybeF64(|row| Some(row.source.len() as f64 / row.tokens.len().max(1) as f64)),
    },
    Column {
        name: "count_func",
        about: "Tokens that are function names: definitions and callees",
        needs: Needs::Analysis,
        get: Get::U32(|row| forms(row, |forms| forms.func)),
    },
    Column {
        name: "count_var",
        about: "Tokens that are variables: targets and reads",
        needs: Needs::Analysis,
        get: Get::U32(|row| forms(row, |forms| forms.var)),
    },
    Column {
        name: "count_binop",
        about: "Tokens that are operators `+ - *`",
        needs: Needs::Analysis,
        get: Get::U32(|row| forms(row, |forms| forms.binop)),
    },
    Column {
        name: "count_compare",
        about: "Tokens that are comparisons `< ==`",
        needs: Needs::Analysis,
        get: Get::U32(|row| forms(row, |forms| forms.compare)),
    },
    Column {
        name: "count_const",
        about: "Tokens that are integer constants",
        needs: Needs::Analysis,
        get: Get::U32(|row| forms(row, |forms| forms.constant)),
    },
    Column {
        name: "count_arity",
        about: "Tokens that are parameter lists: one a definition",
        needs: Needs::Analysis,
        get: Get::U32(|row| forms(row, |forms| forms.arity)),
    },
    Column {
        name: "count_block",
        about: "Tokens that are blocks",
        needs: Needs::Analysis,
        get: Get::U32(|row| forms(row, |forms| forms.block)),
    },
    Column {
        name: "count_return",
        about: "Tokens that are `return`",
        needs: Needs::Analysis,
        get: Get::U32(|row| forms(row, |forms| forms.return_)),
    },
    Column {
        name: "count_if",
        about: "Tokens that are `if`",
        needs: Needs::Analysis,
        get: Get::U32(|row| forms(row, |forms| forms.if_)),
    },
    Column {
        name: "count_assign",
        about: "Tokens that are assignments",
        needs: Needs::Analysis,
        get: Get::U32(|row| forms(row, |forms| forms.assign)),
    },
    Column {
        name: "count_for",
        about: "Tokens that are `for`",
        needs: Needs::Analysis,
        get: Get::U32(|row| forms(row, |forms| forms.for_)),
    },
    Column {
        name: "count_call",
        about: "Tokens that are calls",
        needs: Needs::Analysis,
        get: Get::U32(|row| forms(row, |forms| forms.call)),
    },
    Column {
        name: "count_print",
        about: "Tokens that are `print`",
        needs: Needs::Analysis,
        get: Get::U32(|row| forms(row, |forms| forms.print)),
    },
    Column {
        name: "statements",
        about: "Number of statements, those in others and defs included",
        needs: Needs::Analysis,
        get: Get::U32(|row| fact(row, |facts| facts.statements)),
    },
    Column {
        name: "expr_depth",
        about: "Depth of operators, comparisons and calls in each other",
        needs: Needs::Analysis,
        get: Get::U32(|row| fact(row, |facts| facts.expr_depth)),
    },
    Column {
        name: "control_depth",
        about: "Depth of `if` and `for` in each other",
        needs: Needs::Analysis,
        get: Get::U32(|row| fact(row, |facts| facts.control_depth)),
    },
    Column {
        name: "variables",
        about: "Number of variables, each once in its scope, parameters included",
        needs: Needs::Shape,
        get: Get::U32(|row| row.shape.variables),
    },
    Column {
        name: "largest_constant",
        about: "Largest absolute value of a constant; null if there is none",
        needs: Needs::Shape,
        get: Get::MaybeU64(|row| row.shape.largest_constant),
    },
    Column {
        name: "first_if",
        about: "Place of the first `if` among the tokens, counted from 0; null if there is none",
        needs: Needs::Shape,
        get: Get::MaybeU32(|row| row.shape.first_if),
    },
    Column {
        name: "first_for",
        about: "Place of the first `for` among the tokens, counted from 0; null if there is none",
        needs: Needs::Shape,
        get: Get::MaybeU32(|row| row.shape.first_for),
    },
    Column {
        name: "functions",
        about: "Number of functions",
        needs: Needs::Analysis,
        get: Get::U32(|row| fact(row, |facts| facts.functions.len())),
    },
    Column {
        name: "unreachable",
        about: "Findings of kind `unreachable` of the analysis",
        needs: Needs::Analysis,
        get: Get::U32(|row| row.findings.count(0)),
    },
    Column {
        name: "constant_tests",
        about: "Findings of kind `constant-test` of the analysis",
        needs: Needs::Analysis,
        get: Get::U32(|row| row.findings.count(1)),
    },
    Column {
        name: "empty_loops",
        about: "Findings of kind `empty-loop` of the analysis",
        needs: Needs::Analysis,
        get: Get::U32(|row| row.findings.count(2)),
    },
    Column {
        name: "dead_stores",
        about: "Findings of kind `dead-store` of the analysis",
        needs: Needs::Analysis,
        get: Get::U32(|row| row.findings.count(3)),
    },
    Column {
        name: "unused_loop_variables",
        about: "Findings of kind `unused-loop-variable` of the analysis",
        needs: Needs::Analysis,
        get: Get::U32(|row| row.findings.count(4)),
    },
    Column {
        name: "unused_parameters",
        about: "Findings of kind `unused-parameter` of the analysis",
        needs: Needs::Analysis,
        get: Get::U32(|row| row.findings.count(5)),
    },
    Column {
        name: "unused_functions",
        about: "Findings of kind `unused-function` of the analysis",
        needs: Needs::Analysis,
        get: Get::U32(|row| row.findings.count(6)),
    },
    Column {
        name: "mixed_returns",
        about: "Findings of kind `mixed-returns` of the analysis",
        needs: Needs::Analysis,
        get: Get::U32(|row| row.findings.count(7)),
    },
    Column {
        name: "unused_call_values",
        about: "Findings of kind `unused-call-value` of the analysis",
        needs: Needs::Analysis,
        get: Get::U32(|row| row.findings.count(8)),
    },
    Column {
        name: "call_value_used",
        about: "Whether the value of a call may reach a print, a test or a loop count",
        needs: Needs::Analysis,
        get: Get::Bool(|row| row.analysis.is_some_and(|facts| facts.call_value_used)),
    },
    Column {
        name: "step_bound",
        about: "Most steps that a run takes, told without running; null if there is no literal bound",
        needs: Needs::Analysis,
        get: Get::MaybeU64(|row| row.analysis.and_then(|facts| facts.steps)),
    },
    Column {
        name: "status",
        about: "How the run ended: `finished`, `out_of_fuel`, `output_limit`, `integer_limit`, `type_error`",
        needs: Needs::Run,
        get: Get::Text(|row| row.status.name()),
    },
    Column {
        name: "stopped_at",
        about: "Statement at which a limit on output or integers ended the run, counted from 0 in preorder; else null",
        needs: Needs::Run,
        get: Get::MaybeU32(|row| row.stopped_at),
    },
    Column {
        name: "stdout",
        about: "What was printed until the end of the run, all of it",
        needs: Needs::Run,
        get: Get::Text(|row| row.stdout),
    },
    Column {
        name: "lines",
        about: "Lines printed",
        needs: Needs::Run,
        get: Get::U32(|row| count(row.stdout.bytes().filter(|&byte| byte == b'\n').count())),
    },
    Column {
        name: "largest_printed",
        about: "Largest absolute value of an integer printed, 2^64-1 for all from there on; null if none is",
        needs: Needs::Run,
        get: Get::MaybeU64(|row| largest_printed(row.stdout)),
    },
    Column {
        name: "steps",
        about: "Steps taken: one for every statement, iteration and call",
        needs: Needs::Run,
        get: Get::U64(|row| row.steps),
    },
    Column {
        name: "log_prior",
        about: "Log-probability under the prior, in nats: of the source, or the default one",
        needs: Needs::Prior,
        get: Get::MaybeF64(|row| row.log_prior),
    },
    Column {
        name: "log_model",
        about: "Log-probability under the model that drew the program, in nats; null if none did",
        needs: Needs::Nothing,
        get: Get::MaybeF64(|row| row.log_model),
    },
    Column {
        name: "seed",
        about: "Seed from which the program is made again",
        needs: Needs::Nothing,
        get: Get::U64(|row| row.seed),
    },
    Column {
        name: "row",
        about: "Number of the program under that seed: 2^32 times the shard, and its number there",
        needs: Needs::Nothing,
        get: Get::U64(|row| row.row),
    },
];

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Lines are integers, or what has no digits.
fn largest_printed(stdout: &str) -> Option<u64> {
    let (mut largest, mut number) = (None, None);
    for byte in stdout.bytes() {
        match byte {
            b'0'..=b'9' => {
                let before = number.unwrap_or(0_u64);
                number = Some(before.saturating_mul(10).saturating_add(u64::from(byte - b'0')));
            }
            b'\n' => largest = largest.max(number.take()),
            _ => {}
        }
    }
    largest.max(number)
}

fn fact(row: &Row<'_>, fact: fn(&Analysis) -> usize) -> u32 {
    row.analysis.map_or(0, |analysis| count(fact(analysis)))
}

fn forms(row: &Row<'_>, of: fn(&FormCounts) -> usize) -> u32 {
    row.analysis.map_or(0, |analysis| count(of(&analysis.forms)))
}
