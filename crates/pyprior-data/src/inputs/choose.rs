//! Which of the inputs that were tried become examples.

use std::collections::HashSet;

use super::Example;

/// An input that was tried, with the ways that its call went.
#[derive(Debug)]
pub(super) struct Tried {
    pub(super) example: Example,
    /// A bit for each way.
    pub(super) ways: Vec<u64>,
}

/// At most `count` of what was tried, in the order in which they are chosen: while some go ways that none before has gone, the
/// one with most such ways; then the first with an output that none before has; then the first. Says also how many ways they go.
pub(super) fn choose(mut tried: Vec<Tried>, count: usize) -> (Vec<Example>, u32) {
    let mut gone = vec![0_u64; tried.first().map_or(0, |first| first.ways.len())];
    let (mut outputs, mut chosen) = (HashSet::new(), Vec::new());
    while chosen.len() < count && !tried.is_empty() {
        let new =
            |tried: &Tried| tried.ways.iter().zip(&gone).map(|(ways, gone)| (ways & !gone).count_ones()).sum::<u32>();
        // The first of those with most.
        let best = tried.iter().enumerate().rev().max_by_key(|(_, tried)| new(tried));
        let place = match best {
            Some((place, best)) if new(best) > 0 => place,
            _ => tried.iter().position(|tried| !outputs.contains(&tried.example.output)).unwrap_or(0),
        };
        let Tried { example, ways } = tried.remove(place);
        gone.iter_mut().zip(ways).for_each(|(gone, ways)| *gone |= ways);
        outputs.insert(example.output.clone());
        chosen.push(example);
    }
    (chosen, gone.iter().map(|word| word.count_ones()).sum())
}

#[cfg(test)]
mod tests {
    use pyprior_core::exec::Value;

    use super::*;

    fn tried(input: i64, output: i64, ways: u64) -> Tried {
        let example = Example { inputs: vec![Value::Int(input)], output: Value::Int(output) };
        Tried { example, ways: vec![ways] }
    }

    #[test]
    fn new_ways_come_first_then_new_outputs() {
        let all = vec![tried(0, 5, 0b1), tried(1, 5, 0b1), tried(2, 6, 0b1), tried(3, 5, 0b110), tried(4, 7, 0b1000)];
        let (chosen, ways) = choose(all, 4);
        let inputs = chosen.iter().map(|example| example.inputs[0].to_string()).collect::<Vec<_>>();
        assert_eq!((inputs.join(" ").as_str(), ways), ("3 0 4 2", 4));
    }
}
