//! Answers: gold ones are right, wrong ones are not, other right ones are.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{ArrayRef, LargeStringArray, RecordBatch, StringViewArray};
use parquet::arrow::ArrowWriter;
use pyprior_core::exec::{Limits, Machine, Program, Value};
use pyprior_core::{Encoder, Language, LanguageConfig, Names, Renderer};
use pyprior_data::score::{
    Answers, Grader, Score, ScoreError, Summary, TaskRow, description_of, read_tasks, score, task_files,
};
use pyprior_data::tasks::{Kind, TraceStyle, Verification};
use pyprior_data::{Description, Format};

use crate::common::{Folder, all, with_functions};

struct Made {
    folder: Folder,
    description: Description,
    language: Arc<Language>,
    files: Vec<PathBuf>,
}

fn made(style: TraceStyle, format: Format) -> Made {
    let mut description = with_functions(1_500, 800);
    description.tasks.kinds = Kind::ALL.to_vec();
    description.tasks.trace_style = style;
    description.write.formats = vec![format];
    let folder = Folder::new("scores");
    all(&description, folder.path()).unwrap();
    let language = Language::new(description.language.clone()).unwrap();
    let files = task_files(folder.path()).unwrap();
    Made { folder, description, language, files }
}

impl Made {
    fn score(&self, answers: &Answers) -> (Vec<Score>, Summary) {
        let mut scores = Vec::new();
        let summary = score::<ScoreError>(&self.description, &self.language, &self.files, answers, |score| {
            scores.push(score.clone());
            Ok(())
        });
        (scores, summary.unwrap())
    }

    fn tasks(&self) -> Vec<TaskRow> {
        let mut tasks = Vec::new();
        for file in &self.files {
            read_tasks::<ScoreError>(file, |rows| {
                tasks.extend_from_slice(rows);
                Ok(())
            })
            .unwrap();
        }
        tasks
    }

    /// The score of one answer to each task of a kind.
    fn with(&self, kind: Kind, mut answer: impl FnMut(&TaskRow) -> Option<String>) -> Vec<Score> {
        let answered = self.tasks().into_iter().filter(|task| task.verification.kind() == kind);
        let answers = answered.filter_map(|task| Some((task.key.clone(), vec![answer(&task)?])));
        let answers = answers.collect::<HashMap<_, _>>();
        let count = answers.len();
        let (scores, summary) = self.score(&Answers::Given(answers));
        assert_eq!((scores.len(), summary.unknown), (count, 0));
        scores
    }
}

fn arguments(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

/// The function of a source, compiled, with its number and the number of its parameters.
fn function(language: &Arc<Language>, source: &str, name: &str) -> (Program, u8, usize) {
    let encoded = Encoder::new(language).encode(source).unwrap();
    let func = encoded.names.funcs().iter().position(|found| found == name).unwrap() as u8 + 1;
    let program = Program::from_tokens(language, &encoded.tokens).unwrap();
    let arity = program.functions().find(|&(number, _)| number == func).unwrap().1;
    (program, func, usize::from(arity))
}

#[test]
fn gold_answers_are_right() {
    for (style, format) in
        [(TraceStyle::Cwm, Format::Parquet), (TraceStyle::Comments, Format::Jsonl), (TraceStyle::Cwm, Format::JsonlZst)]
    {
        let made = made(style, format);
        assert_eq!(description_of(&made.files).unwrap(), made.description);
        let (scores, summary) = made.score(&Answers::Gold);
        let wrong = scores.iter().find(|score| score.score != 1);
        assert!(wrong.is_none(), "{wrong:?}");
        assert!(scores.len() > 5_000, "{}", scores.len());
        for kind in Kind::ALL {
            let counts = &summary.kinds[kind.name()];
            assert!(counts.answers > 500 && counts.right == counts.answers, "{counts:?}");
            assert_eq!((counts.broken, counts.unanswered), (0, 0));
        }
    }
}

#[test]
fn wrong_answers_are_wrong() {
    let made = made(TraceStyle::Comments, Format::Parquet);
    let plus_one = |task: &TaskRow| match task.answer.parse() {
        Ok(Value::Int(value)) => Some((value + 1).to_string()),
        Ok(Value::None) => Some("0".to_owned()),
        _ => None,
    };
    let scores = made.with(Kind::Deduction, plus_one);
    assert!(scores.len() > 1_000 && scores.iter().all(|score| (score.score, score.reason) == (0, Some("different"))));
    // A trace of which a line says something else, or is missing.
    let scores = made.with(Kind::Trace, |task| Some(task.answer.replacen("# (0) ", "# (0) z=1, ", 1)));
    assert!(scores.len() > 1_000 && scores.iter().all(|score| score.score == 0));
    let scores = made.with(Kind::Trace, |task| task.answer.rsplit_once('\n').map(|(start, _)| start.to_owned()));
    assert!(scores.iter().all(|score| score.score == 0));
    // A program with the function that gives 12345 for everything.
    let constant = |task: &TaskRow| {
        let Verification::Induction { function, shown, .. } = &task.verification else { panic!() };
        let parameters = (0..shown[0].0.trim_end_matches([')', ',']).split(',').count()).map(|nth| format!("p{nth}"));
        Some(format!("def {function}({}):\n    return 99 * 99", parameters.collect::<Vec<_>>().join(", ")))
    };
    let scores = made.with(Kind::Induction, constant);
    assert!(scores.len() > 500 && scores.iter().all(|score| (score.score, score.reason) == (0, Some("different"))));
}

#[test]
fn other_inputs_are_right_if_and_only_if_they_give_the_output() {
    let made = made(TraceStyle::Cwm, Format::Parquet);
    let limits = made.description.limits;
    let (mut machine, mut expected, mut nth) = (Machine::new(limits), HashMap::new(), 0_u32);
    let scores = made.with(Kind::Abduction, |task| {
        let Verification::Abduction { source, function: name, output } = &task.verification else { panic!() };
        let (program, func, arity) = function(&made.language, source, name);
        // An input of this test's own, not that of the row.
        nth += 1;
        let inputs =
            (0..arity).map(|place| Value::Int(i64::from(nth * 7 + place as u32 * 3) % 23 - 11)).collect::<Vec<_>>();
        let text = arguments(&inputs);
        if text == task.answer {
            return None;
        }
        machine.reset();
        let found = machine.call(&program, func, &inputs).map(|value| value.to_string());
        let reason = match found {
            Ok(found) if found == *output => None,
            Ok(_) => Some("different"),
            Err(_) => Some("unfinished"),
        };
        expected.insert(task.key.clone(), reason);
        Some(if nth % 2 == 0 { format!("({text},)") } else { format!("{name}({text})") })
    });
    scores.iter().for_each(|score| assert_eq!(score.reason, expected[&score.id], "{score:?}"));
    let right = scores.iter().filter(|score| score.score == 1).count();
    assert!(scores.len() > 1_500 && right > 100 && scores.len() - right > 500, "{right} of {}", scores.len());
}

#[test]
fn other_programs_are_right_if_they_fit() {
    let made = made(TraceStyle::Cwm, Format::Parquet);
    let funcs = ["func", "f", "g", "h", "fn", "func1", "func2"];
    let vars = (0..40).map(|nth| format!("name_of_{nth}x"));
    let names = Names::from_pools(vars, funcs.map(str::to_owned)).unwrap();
    // The same program with other names, and remarks.
    let scores = made.with(Kind::Induction, |task| {
        let tokens = Encoder::new(&made.language).encode(&task.answer).unwrap().tokens;
        let mut renderer = Renderer::with_names(&made.language, names.clone());
        let source = renderer.render(&tokens).unwrap();
        assert!(!task.answer.contains("name_of_") && source.contains("name_of_"));
        Some(format!("# mine\n{source}  # the end\n"))
    });
    assert!(scores.len() > 500 && scores.iter().all(|score| score.score == 1));
    // One that agrees on what is shown and not on what is held out.
    let task = Verification::Induction {
        function: "f".to_owned(),
        shown: vec![("(1,)".to_owned(), "2".to_owned()), ("(2,)".to_owned(), "4".to_owned())],
        held_out: vec![("(5,)".to_owned(), "10".to_owned())],
    };
    let mut grader = Grader::new(&made.description, &made.language);
    let mut grade = |answer: &str| grader.grade(&task, answer).unwrap().map_err(|wrong| wrong.name());
    assert_eq!(grade("def f(a):\n    return a + a"), Ok(()));
    assert_eq!(grade("def f(n):\n    print(n)\n    return 2 * n\nprint(f(4))"), Ok(()));
    assert_eq!(grade("def f(a):\n    if a < 3:\n        return a * 2\n    else:\n        return 7"), Err("different"));
    assert_eq!(grade("def g(a):\n    return a + a"), Err("no_function"));
    assert_eq!(grade("def f(a, b):\n    return a + a"), Err("arguments"));
    assert_eq!(grade("def f(a):\n    return a ** 2"), Err("refused"));
    assert_eq!(grade("return 2"), Err("refused"));
}

#[test]
fn hostile_answers_cost_little() {
    let mut description = with_functions(10, 10);
    description.language = LanguageConfig { max_len: None, max_block_stmts: 200, ..description.language };
    let language = Language::new(description.language.clone()).unwrap();
    let mut grader = Grader::new(&description, &language);
    let source =
        "def f(a):\n    b = 1\n    for c in range(a):\n        b = b * b + a\n    return b\nprint(f(1))".to_owned();
    let (function, output) = ("f".to_owned(), "2".to_owned());
    let abduction =
        Verification::Abduction { source: source.clone(), function: function.clone(), output: output.clone() };
    let deduction = Verification::Deduction { source, function: function.clone(), input: "(1,)".to_owned(), output };
    let induction = Verification::Induction { function, shown: vec![("(1,)".into(), "2".into())], held_out: vec![] };
    let nested = format!("def f(a):\n    return {}a{}", "(".repeat(100_000), ")".repeat(100_000));
    let many = format!("def f(a):\n{}    return a", "    print(a)\n".repeat(50_000));
    let endless = "def f(a):\n    c = a\n    for b in range(99 * 99):\n        c = c + b\n    return a";
    let beyond = "def f(a):\n    return a + 99999999999999";
    let digits = "9".repeat(900_000);
    let start = std::time::Instant::now();
    for (task, answer, reasons) in [
        (&deduction, "2", &[][..]),
        (&deduction, digits.as_str(), &["unparsable"]),
        (&deduction, &"9".repeat(2_000_000), &["too_long"]),
        (&deduction, "", &["unparsable"]),
        (&deduction, "\u{0}\u{ffff}", &["unparsable"]),
        (&abduction, "1", &[]),
        (&abduction, "999999999999", &["unfinished"]),
        (&abduction, digits.as_str(), &["unparsable"]),
        (&abduction, &"9".repeat(90_000), &["unfinished"]),
        (&abduction, "1, 2", &["arguments"]),
        (&abduction, "None", &["unfinished"]),
        (&abduction, "f(f(1))", &["unparsable"]),
        (&abduction, "f(1) == 3", &["different"]),
        (&abduction, "assert f(1) == None", &["different"]),
        (&abduction, "assert f(1) == 2", &[]),
        (&deduction, "assert f(1) == 2", &[]),
        (&deduction, "f(1) == (2)", &[]),
        (&deduction, "f(2) == 2", &["unparsable"]),
        (&deduction, "assertion: 3 == 2", &["unparsable"]),
        (&deduction, "f2", &["unparsable"]),
        (&induction, nested.as_str(), &["refused"]),
        (&induction, many.as_str(), &["refused"]),
        (&induction, endless, &["unfinished"]),
        (&induction, beyond, &["refused"]),
        (&induction, "def f(a):\n    return f(a)", &["refused"]),
        (&induction, "import os\nos.abort()", &["refused"]),
        (&induction, "def f(a):\n    return 2\n\u{0}", &["refused"]),
    ] {
        let graded = grader.grade(task, answer).unwrap().map_err(|wrong| wrong.name());
        let shown = &answer[..answer.len().min(40)];
        match graded {
            Ok(()) => assert!(reasons.is_empty(), "{shown}"),
            Err(reason) => assert!(reasons.contains(&reason), "{shown}: {reason}"),
        }
    }
    // Bounded by limits, not by what the answer asks for.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn traces_may_be_as_long_as_they_are() {
    let mut description = with_functions(10, 10);
    description.trace.steps = 1 << 16;
    description.limits = Limits { fuel: 100_000, output_bytes: 1 << 20, ..description.limits };
    let language = Language::new(description.language.clone()).unwrap();
    let source = "def f(a):\n    for b in range(a):\n        print(b)\n    return a\nprint(f(1))";
    let (head, body, own) = ("    for b in range(a):", "        print(b)", "    return f(16000)");
    let mut right = format!(
        "<|call_sep|>{{}}<|action_sep|>def main():\n<|frame_sep|><|line_sep|>{{}}<|action_sep|>{own}\n<|frame_sep|><|call_sep|>{{\"a\": \"16000\"}}<|action_sep|>def f(a):\n<|frame_sep|>"
    );
    for b in 0..16_000 {
        let known = if b == 0 { "" } else { ", \"b\": \"..\"" };
        right += &format!(
            "<|line_sep|>{{\"a\": \"..\"{known}}}<|action_sep|>{head}\n<|frame_sep|><|line_sep|>{{\"a\": \"..\", \"b\": \"{b}\"}}<|action_sep|>{body}\n<|frame_sep|>"
        );
    }
    let known = "{\"a\": \"..\", \"b\": \"..\"}";
    right += &format!(
        "<|line_sep|>{known}<|action_sep|>{head}\n<|frame_sep|><|line_sep|>{known}<|action_sep|>    return a\n<|frame_sep|>"
    );
    right += &format!(
        "<|return_sep|><|action_sep|>    return a\n<|arg_sep|>\"16000\"<|frame_sep|><|return_sep|><|action_sep|>{own}\n<|arg_sep|>\"16000\"<|frame_sep|><|end_of_text|>"
    );
    assert!(right.len() > 2 << 20, "{}", right.len());
    let (function, input, style) = ("f".to_owned(), "(16000,)".to_owned(), TraceStyle::Cwm);
    let task = Verification::Trace { source: source.to_owned(), function, input, style };
    let mut grader = Grader::new(&description, &language);
    let mut grade = |answer: &str| grader.grade(&task, answer).unwrap().map_err(|wrong| wrong.name());
    assert_eq!(grade(&right), Ok(()));
    assert_eq!(grade(&right.replace("\"15999\"", "\"16000\"")), Err("different"));
    assert_eq!(grade(&right.repeat(3)), Err("too_long"));
}

#[test]
fn messages_do_not_repeat_all_of_an_answer() {
    let (description, digits) = (with_functions(10, 10), "9".repeat(50_000));
    let language = Language::new(description.language.clone()).unwrap();
    let (source, function) = ("def f(a):\n    return a\nprint(f(1))".to_owned(), "f".to_owned());
    let abduction = Verification::Abduction { source: source.clone(), function: function.clone(), output: "1".into() };
    let deduction = Verification::Deduction { source, function, input: "(1,)".into(), output: "1".into() };
    let mut grader = Grader::new(&description, &language);
    for task in [abduction, deduction] {
        let wrong = grader.grade(&task, &digits).unwrap().unwrap_err();
        assert!(wrong.to_string().len() < 700, "{wrong}");
    }
}

#[test]
fn two_tasks_of_one_name_are_not_graded() {
    let made = made(TraceStyle::Cwm, Format::Jsonl);
    let other = self::made(TraceStyle::Cwm, Format::Jsonl);
    let both = [made.folder.path().to_owned(), other.folder.path().to_owned()];
    assert!(matches!(description_of(&both), Err(ScoreError::SeveralDatasets { .. })));
    assert_eq!(description_of(&[both[0].clone(), made.files[1].clone()]).unwrap(), made.description);
    let task = made.tasks().swap_remove(0);
    let answers = [(task.key, vec![task.answer]), ("deduction-none".to_owned(), vec!["1".to_owned(); 3])];
    let answers = Answers::Given(HashMap::from(answers));
    let score = |files: &[PathBuf]| score::<ScoreError>(&made.description, &made.language, files, &answers, |_| Ok(()));
    assert_eq!(score(&made.files).unwrap().unknown, 3);
    let twice = [&made.files[..], &other.files[..]].concat();
    assert!(matches!(score(&twice), Err(ScoreError::SameKey { .. })));
}

#[test]
fn what_lies_beside_the_tables_is_no_task() {
    let made = made(TraceStyle::Cwm, Format::Jsonl);
    std::fs::write(made.folder.path().join("answers.jsonl"), "{\"id\": \"a\", \"answer\": \"1\"}\n").unwrap();
    assert_eq!(task_files(made.folder.path()).unwrap(), made.files);
    let deduction = made.folder.path().join("deduction");
    assert!(task_files(&deduction).unwrap().iter().all(|file| made.files.contains(file)));
}

#[test]
fn tasks_are_read_from_texts_of_any_kind() {
    let folder = Folder::new("large");
    let verification = Verification::Induction { function: "f".into(), shown: vec![], held_out: vec![] };
    let verification = serde_json::to_string(&verification).unwrap();
    let texts = ["a", "b", &verification];
    let long = texts.map(|text| Arc::new(LargeStringArray::from(vec![text; 200])) as ArrayRef);
    let views = texts.map(|text| Arc::new(StringViewArray::from(vec![text; 200])) as ArrayRef);
    for (nth, columns) in [long, views].into_iter().enumerate() {
        let columns = ["key", "answer", "verification"].into_iter().zip(columns);
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let path = folder.path().join(format!("{nth}.parquet"));
        let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let mut found = 0;
        read_tasks::<ScoreError>(&path, |rows| {
            found += rows.iter().filter(|row| (row.key.as_str(), row.answer.as_str()) == ("a", "b")).count();
            Ok(())
        })
        .unwrap();
        assert_eq!(found, 200);
    }
}

#[test]
fn batches_end_by_their_bytes() {
    let folder = Folder::new("long-lines");
    let path = folder.path().join("tasks.jsonl");
    let task = |answer: &str| {
        let verification = Verification::Induction { function: "f".into(), shown: vec![], held_out: vec![] };
        let verification = serde_json::to_string(&verification).unwrap();
        serde_json::json!({"key": "a", "answer": answer, "verification": verification}).to_string() + "\n"
    };
    std::fs::write(&path, task(&"7".repeat(3 << 20)).repeat(8)).unwrap();
    let mut batches = Vec::new();
    read_tasks::<ScoreError>(&path, |rows| {
        batches.push(rows.len());
        Ok(())
    })
    .unwrap();
    assert_eq!(batches, [3, 3, 2]);
}

#[test]
fn files_that_are_none_are_refused_with_their_place() {
    let folder = Folder::new("bad-answers");
    let path = folder.path().join("answers.jsonl");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Answers::read(&path)
    };
    assert!(
        matches!(read("{\"id\": \"a\", \"answer\": \"1\"}\n\n{\"key\": \"b\", \"answer\": \"2\"}\n"), Ok(Answers::Given(answers)) if answers.len() == 2)
    );
    assert!(matches!(read("{\"id\": \"a\", \"answer\": \"1\"}\n7\n"), Err(ScoreError::Line { line: 2, .. })));
    std::fs::write(&path, b"{\"id\": \"a\", \"answer\": \"1\"}\n\n\xff\n").unwrap();
    assert!(matches!(Answers::read(&path), Err(ScoreError::NotUtf8 { line: 3, .. })));
    assert!(matches!(task_files(folder.path()), Ok(files) if files.len() == 1));
    assert!(matches!(task_files(&folder.path().join("none")), Err(ScoreError::Io { .. })));
    assert!(matches!(description_of(std::slice::from_ref(&path)), Err(ScoreError::NoManifest { .. })));
    let broken = Verification::Deduction {
        source: "def f(a):\n    return a".to_owned(),
        function: "f".to_owned(),
        input: "(1,)".to_owned(),
        output: "2".to_owned(),
    };
    let description = with_functions(10, 10);
    let language = Language::new(description.language.clone()).unwrap();
    assert!(Grader::new(&description, &language).grade(&broken, "2").is_err());
    drop(made(TraceStyle::Cwm, Format::Jsonl).folder);
}
