//! What of a description bounds memory together, though every number is within its range.

use crate::description::Description;
use crate::error::DescriptionError;
use crate::tasks::Layout;

/// Bytes that one program may take for one purpose.
const MOST: u64 = 1 << 28;
/// Bits of integers that are read again when answers are graded: 99,942 digits.
const MAX_BITS: u64 = 332_000;
/// Bytes of a token of a task: its id, and whether it is of the answer.
const TOKEN: u64 = 5;

/// Checks a description of which examples are made.
pub(crate) fn check(description: &Description) -> Result<(), DescriptionError> {
    let Description { limits, examples, tasks, .. } = description;
    let range = |field, value: String, range| Err(DescriptionError::Range { field, value, range });
    if limits.integer_bits > MAX_BITS {
        return range(
            "limits.integer_bits",
            limits.integer_bits.to_string(),
            "at most 332,000 where examples are made",
        );
    }
    // A value, the ways that its call went, and arguments, of which there are fewer than tokens.
    let length = u64::from(description.language.max_len.unwrap_or(0));
    if u64::from(examples.tries).saturating_mul(limits.integer_bits / 8 + length) > MOST {
        let most = "at most 268,435,456, divided by language.max_len + limits.integer_bits / 8";
        return range("examples.tries", examples.tries.to_string(), most);
    }
    let output = limits.output_bytes as u64;
    if description.writes("output_stdout") && u64::from(examples.count).saturating_mul(output) > MOST {
        let most = "at most 268,435,456, divided by limits.output_bytes, where output_stdout is written";
        return range("examples.count", examples.count.to_string(), most);
    }
    let rows = u64::from(tasks.rows) * tasks.kinds.len() as u64;
    if tasks.tokens && tasks.layout == Layout::Padded && rows * u64::from(tasks.length) * TOKEN > MOST {
        let most = "at most 53,687,091, divided by tasks.length and the number of tasks.kinds, where tasks are padded";
        return range("tasks.rows", tasks.rows.to_string(), most);
    }
    Ok(())
}
