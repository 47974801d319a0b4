//! Tables of tasks: each row is what it says of its program, in every layout.

use std::collections::{BTreeMap, HashMap};

use arrow_array::cast::AsArray as _;
use arrow_array::types::{UInt8Type, UInt16Type, UInt32Type};
use pyprior_core::exec::{Machine, Program, Trace, Value};
use pyprior_core::{IoValue, Language, Vocab};
use pyprior_data::tasks::{Claim, Kind, Layout, State, decode};
use pyprior_data::{Description, Format, Job, Subject};
use serde_json::Value as Json;

use crate::common::{Folder, all, lines, part, read, with_functions};

fn described(layout: Layout) -> Description {
    let mut description = with_functions(2_000, 1_100);
    description.tasks.kinds = Kind::ALL.to_vec();
    description.tasks.layout = layout;
    description.tasks.length = 96;
    description.trace.steps = 60;
    description.write.columns = ["row", "tokens", "source", "inputs", "outputs"].map(str::to_owned).to_vec();
    description
}

fn numbers(list: &Json) -> Vec<u32> {
    list.as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as u32).collect()
}

fn value(value: &IoValue) -> Value {
    match value {
        IoValue::None => Value::None,
        IoValue::Int(text) => text.parse().unwrap(),
    }
}

/// Runs what a task claims, by calls that the dataset does not make.
fn check(language: &Language, description: &Description, claim: &Claim) {
    let run = |program: &[u32], inputs: &[IoValue]| {
        let program = Program::from_tokens(language, program).unwrap();
        let (subject, mut trace) = (Subject::of(&program).unwrap(), Trace::default());
        let inputs = inputs.iter().map(value).collect::<Vec<_>>();
        let mut machine = Machine::new(description.examples.limits(description.limits));
        let output = machine.call_traced(&program, subject.func, &inputs, &mut trace, 10_000).unwrap();
        (output, trace, machine.stdout().to_owned())
    };
    match claim {
        Claim::Deduction(call) | Claim::Abduction(call) => {
            assert_eq!(run(&call.program, &call.inputs).0, value(&call.output));
        }
        Claim::Induction { examples, program, .. } => {
            assert!(!examples.is_empty());
            examples.iter().for_each(|(inputs, output)| assert_eq!(run(program, inputs).0, value(output)));
        }
        Claim::Trace { program, inputs, states } => {
            let (output, trace, stdout) = run(program, inputs);
            let writes = states.iter().filter_map(|state| match state {
                State::Write(var, written) => Some((*var, value(written))),
                _ => None,
            });
            let events = trace.events.iter().skip(inputs.len()).map(|event| (event.slot, event.value.clone()));
            assert!(writes.eq(events));
            let entered = states.iter().filter_map(|state| match state {
                State::Enter(func) => Some(*func),
                _ => None,
            });
            // Every function has parameters here, and the first one's binding is no other variable's.
            let calls = trace.events.iter().skip(inputs.len()).filter(|event| event.scope > 0 && event.binding == 0);
            assert!(entered.eq(calls.map(|event| event.scope)));
            let printed = states.iter().filter_map(|state| match state {
                State::Print(printed) => Some(format!("{}\n", value(printed))),
                _ => None,
            });
            assert_eq!(printed.collect::<String>(), stdout);
            assert_eq!(
                states.last().map(|state| matches!(state, State::Return(last) if value(last) == output)),
                Some(true)
            );
        }
    }
}

#[test]
fn every_task_decodes_to_what_it_claims() {
    let mut description = described(Layout::Plain);
    description.write.formats = vec![Format::Jsonl];
    let folder = Folder::new("tasks");
    let summary = all(&description, folder.path()).unwrap();
    let language = Language::new(description.language.clone()).unwrap();
    let programs = lines(&folder, "jsonl").into_iter().map(|row| (row["row"].as_u64().unwrap(), row));
    let programs = programs.collect::<HashMap<_, _>>();
    let with_examples = programs.values().filter(|row| !row["inputs"].as_array().unwrap().is_empty()).count();
    assert!(with_examples > 1_000, "{with_examples}");
    let mut alike = 0;
    for kind in Kind::ALL {
        let rows = lines(&folder, kind.name());
        assert_eq!(summary.counts.tables[kind.name()].tasks, rows.len() as u64);
        let mut of_programs = HashMap::<u64, Vec<u64>>::new();
        for task in &rows {
            let (row, example) = (task["row"].as_u64().unwrap(), task["example"].as_u64().unwrap());
            assert_eq!(task["key"], format!("{}-{row}-{example}", kind.name()));
            of_programs.entry(row).or_default().push(example);
            let (program, tokens) = (&programs[&row], numbers(&task["tokens"]));
            assert_eq!(
                (task["length"].as_u64(), task["loss_mask"].as_array().unwrap().len()),
                (Some(tokens.len() as u64), tokens.len())
            );
            let claim = decode(language.vocab(), &tokens).unwrap();
            assert_eq!(claim.kind(), kind);
            let (Claim::Deduction(pyprior_data::tasks::Call { program: own, .. })
            | Claim::Abduction(pyprior_data::tasks::Call { program: own, .. })
            | Claim::Induction { program: own, .. }
            | Claim::Trace { program: own, .. }) = &claim;
            assert_eq!(own, &numbers(&program["tokens"]));
            check(&language, &description, &claim);
            let (prompt, answer) = (task["prompt"].as_str().unwrap(), task["answer"].as_str().unwrap());
            let source = program["source"].as_str().unwrap();
            let (input, output) = (&program["inputs"][example as usize], &program["outputs"][example as usize]);
            let inside = input.as_str().unwrap().trim_matches(|letter| "(,)".contains(letter)).to_owned();
            match kind {
                Kind::Deduction => {
                    assert!(
                        prompt.starts_with(source) && prompt.ends_with(&format!("({inside}) == ")) && output == answer
                    );
                }
                Kind::Abduction => {
                    assert!(prompt.ends_with(&format!("(??) == {}", output.as_str().unwrap())) && answer == inside);
                }
                Kind::Induction => assert_eq!(answer, source),
                Kind::Trace => assert!(prompt.contains(source) && answer.ends_with("<|frame_sep|><|end_of_text|>")),
            }
        }
        // All programs with examples have tasks, as many as there may be.
        for (row, program) in &programs {
            let examples = program["inputs"].as_array().unwrap().len() as u64;
            // One of each output: others would ask the same.
            let outputs = program["outputs"].as_array().unwrap();
            let first = (0..examples).filter(|&nth| !outputs[..nth as usize].contains(&outputs[nth as usize]));
            alike += u64::from(first.clone().count() as u64 != examples);
            let most = if kind == Kind::Induction { u64::from(examples > 1) } else { examples.min(4) };
            let found = of_programs.get(row).cloned().unwrap_or_default();
            match kind {
                Kind::Trace => assert!(found.len() as u64 <= most),
                Kind::Abduction => assert!(found.iter().copied().eq(first.take(4)), "{found:?}"),
                _ => assert!(found.iter().copied().eq(0..most), "{kind:?} {found:?} {most}"),
            }
        }
    }
    assert!(alike > 500, "{alike}");
    let traces = summary.counts.tables["trace"];
    assert!(traces.too_long > 10 && traces.tasks > 1_000, "{traces:?}");
}

type Streams = Vec<(String, Vec<u32>, Vec<u8>)>;

/// The plain streams of a kind, by key.
fn streams(folder: &Folder, kind: Kind) -> Streams {
    let row = |row: &Json| {
        let mask = numbers(&row["loss_mask"]).into_iter().map(|bit| bit as u8).collect();
        (row["key"].as_str().unwrap().to_owned(), numbers(&row["tokens"]), mask)
    };
    lines(folder, kind.name()).iter().map(row).collect()
}

#[test]
fn padded_rows_are_plain_ones_filled_up() {
    let (plain, padded) = (Folder::new("plain"), Folder::new("padded"));
    let mut description = described(Layout::Plain);
    description.write.formats = vec![Format::Jsonl];
    all(&description, plain.path()).unwrap();
    let mut description = described(Layout::Padded);
    description.write.formats = vec![Format::Jsonl, Format::Parquet, Format::Npy];
    let summary = all(&description, padded.path()).unwrap();
    let vocab = Vocab::new(&description.language).unwrap();
    let mut long = 0;
    for kind in Kind::ALL {
        let all = streams(&plain, kind);
        let fitting = all.iter().filter(|(_, tokens, _)| tokens.len() <= 96).cloned().collect::<Streams>();
        long += all.len() - fitting.len();
        let counts = summary.counts.tables[kind.name()];
        assert_eq!(counts.tasks, fitting.len() as u64);
        let filled = streams(&padded, kind);
        assert_eq!(filled.len(), fitting.len());
        for ((key, tokens, mask), (plain_key, mut plain, mut plain_mask)) in filled.into_iter().zip(fitting) {
            plain.resize(96, vocab.pad());
            plain_mask.resize(96, 0);
            assert_eq!((key, tokens, mask), (plain_key, plain, plain_mask));
        }
    }
    assert!(long > 20, "{long}");
    // The same numbers as lists of one length and as arrays.
    let (batches, _) = read(&padded.path().join("deduction/train-00001-of-00002.parquet"));
    let files = padded.files();
    let array = |name: &str| files[&format!("deduction/train-00001-of-00002.{name}.npy")].clone();
    let rows = batches.iter().map(|batch| batch.num_rows()).sum::<usize>();
    for (name, kind, size) in [("tokens", "<u2", 2), ("loss_mask", "|u1", 1)] {
        let bytes = array(name);
        let header = String::from_utf8_lossy(&bytes[..128]).into_owned();
        assert!(
            header.contains(&format!("'descr': '{kind}'")) && header.contains(&format!("'shape': ({rows}, 96)")),
            "{header}"
        );
        assert_eq!(bytes.len(), 128 + rows * 96 * size);
        let lists = batches.iter().flat_map(|batch| {
            let list = batch.column_by_name(name).unwrap().as_fixed_size_list().clone();
            assert_eq!(list.value_length(), 96);
            match size {
                2 => list
                    .values()
                    .as_primitive::<UInt16Type>()
                    .values()
                    .iter()
                    .flat_map(|token| token.to_le_bytes())
                    .collect::<Vec<_>>(),
                _ => list.values().as_primitive::<UInt8Type>().values().to_vec(),
            }
        });
        assert!(lists.eq(bytes[128..].iter().copied()));
    }
    assert!(!files.contains_key("deduction/train-00001-of-00002.offsets.npy"));
}

#[test]
fn packed_rows_hold_whole_streams_in_their_order() {
    let (plain, packed) = (Folder::new("plain"), Folder::new("packed"));
    let mut description = described(Layout::Plain);
    description.write.formats = vec![Format::Jsonl];
    all(&description, plain.path()).unwrap();
    let mut description = described(Layout::Packed);
    description.write.formats = vec![Format::Jsonl, Format::Parquet];
    let summary = all(&description, packed.path()).unwrap();
    let pad = Vocab::new(&description.language).unwrap().pad();
    for kind in Kind::ALL {
        let mut expected = streams(&plain, kind).into_iter().filter(|(_, tokens, _)| tokens.len() <= 96);
        let name = format!("{}_packed", kind.name());
        let (rows, mut before, mut shard) = (lines(&packed, &name), 0, u64::MAX);
        for row in &rows {
            let [tokens, mask, positions, segments] =
                ["tokens", "loss_mask", "positions", "segments"].map(|column| numbers(&row[column]));
            assert!([&tokens, &mask, &positions, &segments].iter().all(|list| list.len() == 96));
            let mut at = 0;
            for (nth, key) in row["keys"].as_array().unwrap().iter().enumerate() {
                let (expected_key, stream, stream_mask) = expected.next().unwrap();
                assert_eq!(*key, expected_key);
                let of_shard = expected_key.split('-').nth(1).unwrap().parse::<u64>().unwrap() >> 32;
                if nth == 0 {
                    // It begins a row only where it did not fit into the one before, or that is another shard's.
                    assert!(before + stream.len() > 96 || shard != of_shard);
                    shard = of_shard;
                }
                assert_eq!(shard, of_shard);
                let here = at..at + stream.len();
                assert_eq!(tokens[here.clone()], stream);
                assert!(mask[here.clone()].iter().zip(stream_mask).all(|(&bit, expected)| bit == u32::from(expected)));
                assert!(positions[here.clone()].iter().copied().eq(0..stream.len() as u32));
                assert!(segments[here].iter().all(|&segment| segment == nth as u32 + 1));
                at += stream.len();
            }
            assert_eq!(row["length"].as_u64(), Some(at as u64));
            assert!(tokens[at..].iter().all(|&token| token == pad));
            assert!([&mask, &positions, &segments].iter().all(|list| list[at..].iter().all(|&number| number == 0)));
            before = at;
        }
        assert!(expected.next().is_none() && rows.len() > 300);
        // The texts beside are of the same tasks.
        let texts = lines(&packed, kind.name());
        assert_eq!(summary.counts.tables[kind.name()], summary.counts.tables[&name]);
        let keys = rows.iter().flat_map(|row| row["keys"].as_array().unwrap().clone());
        assert!(keys.eq(texts.iter().map(|row| row["key"].clone())));
        assert!(texts[0].get("tokens").is_none());
    }
    let (batches, _) = read(&packed.path().join("trace_packed/train-00000-of-00002.parquet"));
    let positions = batches[0].column_by_name("positions").unwrap().as_fixed_size_list().clone();
    assert_eq!(positions.values().as_primitive::<UInt32Type>().len(), 96 * batches[0].num_rows());
}

#[test]
fn the_files_depend_on_the_description_alone() {
    for layout in [Layout::Plain, Layout::Packed] {
        let mut description = described(layout);
        description.rows = 1_500;
        description.shard_rows = 600;
        description.write.columns = ["row", "trace", "trace_status", "inputs"].map(str::to_owned).to_vec();
        description.write.formats = vec![Format::Parquet, Format::Jsonl, Format::JsonlZst];
        description.write.group_rows = 100;
        let reference = Folder::new("reference");
        part(&description, reference.path(), 1, "0/1").unwrap();
        let other = Folder::new("other");
        for text in ["1/2", "0/2"] {
            part(&description, other.path(), 3, text).unwrap();
        }
        let (files, others) = (reference.files(), other.files());
        let tables = if layout == Layout::Plain { 5 } else { 9 };
        assert_eq!(files.len(), 3 * (3 * tables + 1) + 1 + 3);
        assert!(files == others);
    }
}

#[test]
fn tables_say_what_they_are() {
    let mut description = described(Layout::Packed);
    description.tasks.kinds = vec![Kind::Abduction];
    let job = Job::new(description).unwrap();
    let tables = job.tables().iter().map(|table| (table.name.as_str(), table.folder(Format::Parquet), table.width));
    assert_eq!(
        tables.collect::<Vec<_>>(),
        [
            ("programs", "data", None),
            ("abduction_packed", "abduction_packed", Some(96)),
            ("abduction", "abduction", None)
        ]
    );
    let kinds = job.tables()[1].columns.iter().map(|column| (column.name, job.tables()[1].kind(column, false)));
    let kinds = kinds.collect::<BTreeMap<_, _>>();
    assert_eq!((kinds["tokens"].as_str(), kinds["keys"].as_str()), ("list of uint16 of length 96", "list of string"));
    let tokens = job.tables()[1].columns.iter().find(|column| column.name == "tokens").unwrap();
    assert_eq!(job.tables()[1].kind(tokens, true), "list of uint32 of length 96");
}

#[test]
fn traces_of_runs_are_whole_or_none() {
    let mut description = with_functions(2_000, 2_000);
    description.keep.clear();
    description.trace.steps = 40;
    description.write.columns = ["tokens", "trace", "trace_status", "status"].map(str::to_owned).to_vec();
    description.write.formats = vec![Format::Jsonl, Format::Parquet];
    let folder = Folder::new("traces");
    all(&description, folder.path()).unwrap();
    let language = Language::new(description.language.clone()).unwrap();
    let (mut machine, mut whole, mut long) = (Machine::new(description.limits), 0, 0);
    for row in lines(&folder, "jsonl") {
        let program = Program::from_tokens(&language, &numbers(&row["tokens"])).unwrap();
        let mut trace = Trace::default();
        let finished = machine.run_traced(&program, &mut trace, 10_000).is_ok();
        assert_eq!(row["status"] == "finished", finished);
        match row["trace"].as_str() {
            None => {
                assert_eq!(row["trace_status"], "too_long");
                // Lines and calls take a step each; as many return as are called.
                let steps = trace.events.len() + machine.steps() as usize + machine.stdout().lines().count();
                assert!(steps + machine.steps() as usize > 40);
                long += 1;
            }
            Some(text) => {
                assert_eq!(row["trace_status"], "whole");
                if finished {
                    assert!(trace.events.len() + machine.steps() as usize + machine.stdout().lines().count() <= 40);
                }
                let states = serde_json::from_str::<Vec<Json>>(text).unwrap();
                // What a module leaves in its variables is what was written there last.
                let mut last = BTreeMap::new();
                let names = trace.events.iter().filter(|event| event.scope == 0).map(|event| event.slot);
                let slots = names.collect::<std::collections::BTreeSet<_>>();
                trace.events.iter().filter(|event| event.scope == 0).for_each(|event| {
                    last.insert(event.slot, event.value.to_string());
                });
                let module = states.iter().rev().find(|state| state["function"].is_null());
                if let (true, Some(module)) = (finished, module) {
                    let mut found = module["variables"]
                        .as_object()
                        .unwrap()
                        .values()
                        .map(|value| value.as_str().unwrap().to_owned())
                        .collect::<Vec<_>>();
                    let mut expected = last.into_values().collect::<Vec<_>>();
                    found.sort();
                    expected.sort();
                    assert_eq!(found, expected, "{text}");
                    assert_eq!(slots.len(), found.len());
                }
                whole += 1;
            }
        }
    }
    assert!(whole > 500 && long > 100, "{whole} {long}");
}
