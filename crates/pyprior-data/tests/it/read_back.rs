//! What is written is read back by readers that are not ours, and found out anew from (seed, row).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{Array as _, RecordBatch};
use arrow_schema::DataType;
use pyprior_core::exec::{ExecError, Machine, Program};
use pyprior_core::{
    Analysis, Language, LogitsScratch, Matcher, Prior, PriorConfig, ProgramSampler, Renderer, TokenBitmask,
};
use pyprior_data::columns::COLUMNS;
use pyprior_data::{Description, Duplicates, Format, SourceDescription};
use serde_json::{Value, json};

use crate::common::{Folder, all, read, small};

/// The value of a column in a row, as JSON.
fn value(batch: &RecordBatch, column: usize, row: usize) -> Value {
    let array = batch.column(column);
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::UInt32 => json!(array.as_primitive::<UInt32Type>().value(row)),
        DataType::UInt64 => json!(array.as_primitive::<UInt64Type>().value(row)),
        DataType::Float64 => json!(array.as_primitive::<Float64Type>().value(row)),
        DataType::Boolean => json!(array.as_boolean().value(row)),
        DataType::Utf8 => json!(array.as_string::<i32>().value(row)),
        DataType::List(_) => json!(array.as_list::<i32>().value(row).as_primitive::<UInt16Type>().values().to_vec()),
        other => panic!("{other}"),
    }
}

type Rows = Vec<BTreeMap<String, Value>>;

/// All rows of all shards of a dataset in Parquet.
fn rows(folder: &Folder, description: &Description) -> Rows {
    let mut rows = Vec::new();
    for shard in 0..description.shards() {
        let name = format!("data/train-{shard:05}-of-{:05}.parquet", description.shards());
        let (batches, origin) = read(&folder.path().join(name));
        assert_eq!(origin["shard"], shard);
        assert_eq!(serde_json::from_value::<Description>(origin["description"].clone()).unwrap(), *description);
        for batch in batches {
            let schema = batch.schema();
            let names = schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
            rows.extend((0..batch.num_rows()).map(|row| {
                names.iter().enumerate().map(|(nth, name)| (name.clone(), value(&batch, nth, row))).collect()
            }));
        }
    }
    rows
}

/// What should be in the row of a program, found out by other calls than the dataset makes.
struct Expected {
    language: Arc<Language>,
    description: Description,
    prior: Prior,
}

impl Expected {
    fn row(&self, tokens: &[u32]) -> BTreeMap<&'static str, Value> {
        let vocab = self.language.vocab();
        let analysis = serde_json::to_value(Analysis::of_tokens(vocab, tokens).unwrap()).unwrap();
        let source = Renderer::new(&self.language).render(tokens).unwrap().to_owned();
        let program = Program::from_tokens(&self.language, tokens).unwrap();
        let outcome = Machine::new(self.description.limits).outcome(&program, None);
        let mut expected = BTreeMap::from([
            ("length", json!(tokens.len())),
            ("compression", json!(source.len() as f64 / tokens.len() as f64)),
            ("source", json!(source)),
            ("statements", analysis["statements"].clone()),
            ("expr_depth", analysis["expr_depth"].clone()),
            ("control_depth", analysis["control_depth"].clone()),
            ("functions", json!(analysis["functions"].as_array().unwrap().len())),
            ("call_value_used", analysis["call_value_used"].clone()),
            ("step_bound", analysis["steps"].clone()),
            ("stdout", json!(outcome.stdout)),
            ("lines", json!(outcome.stdout.lines().count())),
            ("steps", json!(outcome.steps)),
            ("seed", json!(self.description.seed)),
            ("log_model", Value::Null),
        ]);
        let status = match outcome.error {
            None => "finished",
            Some(ExecError::OutOfFuel { .. }) => "out_of_fuel",
            Some(ExecError::OutputLimit { .. }) => "output_limit",
            Some(ExecError::IntegerLimit { .. }) => "integer_limit",
            Some(other) => panic!("{other}"),
        };
        expected.insert("status", json!(status));
        expected.insert("stopped_at", json!(outcome.error.and_then(|error| error.statement())));
        let findings = analysis["findings"].as_array().unwrap();
        for (column, kind) in [
            ("unreachable", "unreachable"),
            ("constant_tests", "constant-test"),
            ("empty_loops", "empty-loop"),
            ("dead_stores", "dead-store"),
            ("unused_loop_variables", "unused-loop-variable"),
            ("unused_parameters", "unused-parameter"),
            ("unused_functions", "unused-function"),
            ("mixed_returns", "mixed-returns"),
            ("unused_call_values", "unused-call-value"),
        ] {
            expected.insert(column, json!(findings.iter().filter(|finding| finding["kind"] == kind).count()));
        }
        expected
    }

    /// Log-probability of the tokens, one after the other.
    fn log_prior(&self, tokens: &[u32]) -> f64 {
        let len = self.language.vocab().len();
        let (mut bitmask, mut scratch) = (TokenBitmask::new(1, len), LogitsScratch::new(len));
        let (mut row, mut matcher, mut sum) = (vec![0.0; len], Matcher::new(&self.language), 0.0);
        for &token in tokens {
            matcher.fill_next_token_bitmask(&mut bitmask, 0).unwrap();
            self.prior.probabilities(matcher.frontier(), &bitmask, 0, &mut row, &mut scratch).unwrap();
            sum += row[token as usize].ln();
            matcher.accept_token(token).unwrap();
        }
        sum
    }
}

#[test]
fn rows_are_what_they_say() {
    let mut statuses = HashMap::<String, u64>::new();
    for source in [SourceDescription::Uniform, SourceDescription::Prior { prior: PriorConfig::default() }] {
        let mut description = small(3_000, 1_700);
        description.source = source;
        description.write.group_rows = 600;
        if source != SourceDescription::Uniform {
            // Two of them have a product of more than 64 bits.
            description.language.value_range = (5_000_000_000, 5_000_000_063);
        }
        let folder = Folder::new("content");
        all(&description, folder.path()).unwrap();
        let rows = rows(&folder, &description);
        assert_eq!(rows.len(), 3_000);
        let language = Language::new(description.language.clone()).unwrap();
        let prior = Prior::new(language.vocab(), PriorConfig::default()).unwrap();
        let sampler = match source {
            SourceDescription::Uniform => ProgramSampler::new(&language, description.seed),
            SourceDescription::Prior { prior } => {
                ProgramSampler::with_prior(&language, prior, description.seed).unwrap()
            }
            SourceDescription::Model(_) => unreachable!("no model is asked for here"),
        };
        let expected = Expected { language, description, prior };
        for (nth, row) in rows.iter().enumerate() {
            assert_eq!(row.keys().len(), COLUMNS.len());
            assert_eq!(row["id"], nth);
            let number = row["row"].as_u64().unwrap();
            let again = sampler.sample(number..number + 1).unwrap();
            let tokens = again.get(0).unwrap();
            assert_eq!(row["tokens"], json!(tokens));
            for (column, value) in expected.row(tokens) {
                assert_eq!(row[column], value, "{column} of row {nth}");
            }
            let forms = row.iter().filter(|(name, _)| name.starts_with("count_"));
            assert_eq!(forms.map(|(_, count)| count.as_u64().unwrap()).sum::<u64>(), tokens.len() as u64);
            let log_prior = expected.log_prior(tokens);
            assert!((row["log_prior"].as_f64().unwrap() - log_prior).abs() < 1e-10 * log_prior.abs());
            *statuses.entry(row["status"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    // Each way to end occurs, so each was compared.
    assert_eq!(statuses.len(), 4, "{statuses:?}");
}

#[test]
fn formats_say_the_same() {
    let mut description = small(1_000, 600);
    description.write.formats = vec![Format::Parquet, Format::Jsonl, Format::JsonlZst, Format::Npy];
    description.write.group_rows = 256;
    let folder = Folder::new("formats");
    all(&description, folder.path()).unwrap();
    let (mut files, rows) = (folder.files(), rows(&folder, &description));
    let mut rows = rows.iter();
    for shard in 0..2 {
        let mut take =
            |place: &str, end: &str| files.remove(&format!("{place}/train-{shard:05}-of-00002.{end}")).unwrap();
        let text = String::from_utf8(take("jsonl", "jsonl")).unwrap();
        assert!(zstd::decode_all(&take("jsonl", "jsonl.zst")[..]).unwrap() == text.as_bytes());
        let (tokens, offsets) = (take("tokens", "tokens.npy"), take("tokens", "offsets.npy"));
        let (tokens_header, tokens) = tokens.split_at(128);
        let (offsets_header, offsets) = offsets.split_at(128);
        let offsets = offsets.chunks(8).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap()) as usize);
        let offsets = offsets.collect::<Vec<_>>();
        let of_shard = description.rows_of(shard) as usize;
        assert_eq!((offsets.len(), text.lines().count()), (of_shard + 1, of_shard));
        let shape = |header: &[u8], len: usize| String::from_utf8_lossy(header).contains(&format!("'shape': ({len},)"));
        assert!(shape(tokens_header, tokens.len() / 2) && shape(offsets_header, offsets.len()));
        for (line, ends) in text.lines().zip(offsets.windows(2)) {
            let row = rows.next().unwrap();
            let mut from_json = serde_json::from_str::<BTreeMap<String, Value>>(line).unwrap();
            // Read by the standard library, which rounds to nearest; serde_json need not.
            for column in ["log_prior", "compression"] {
                let (_, text) = line.split_once(&format!("\"{column}\":")).unwrap();
                let number = text.split(',').next().unwrap().parse::<f64>().unwrap();
                from_json.insert(column.to_owned(), json!(number));
            }
            assert_eq!(&from_json, row);
            let program = tokens[2 * ends[0]..2 * ends[1]].chunks(2);
            let program = program.map(|bytes| u16::from_le_bytes(bytes.try_into().unwrap())).collect::<Vec<_>>();
            assert_eq!(row["tokens"], json!(program));
        }
    }
    assert!(rows.next().is_none());
}

#[test]
fn columns_are_those_asked_for() {
    let mut description = small(300, 300);
    description.write.columns = ["steps", "tokens", "row"].map(str::to_owned).to_vec();
    description.duplicates = Duplicates::Keep;
    let (some, every) = (Folder::new("some"), Folder::new("every"));
    all(&description, some.path()).unwrap();
    let (batches, _) = read(&some.path().join("data/train-00000-of-00001.parquet"));
    let schema = batches[0].schema();
    let fields = schema.fields().iter().map(|field| (field.name().as_str(), field.is_nullable()));
    assert_eq!(fields.collect::<Vec<_>>(), [("steps", false), ("tokens", false), ("row", false)]);
    let few = rows(&some, &description);
    description.write.columns.clear();
    all(&description, every.path()).unwrap();
    for (few, all) in few.iter().zip(rows(&every, &description)) {
        assert!(few.iter().all(|(name, value)| all[name] == *value));
    }
}

#[test]
fn large_vocabularies_take_wider_tokens() {
    let mut description = small(50, 50);
    description.language.base_vocab = 100_000;
    description.write.formats = vec![Format::Parquet, Format::Npy];
    let folder = Folder::new("wide");
    all(&description, folder.path()).unwrap();
    let (batches, _) = read(&folder.path().join("data/train-00000-of-00001.parquet"));
    let lists = batches[0].column_by_name("tokens").unwrap().as_list::<i32>().clone();
    let tokens = lists.values().as_primitive::<UInt32Type>().values().to_vec();
    assert!(tokens.iter().all(|&token| token >= 100_000));
    let array = folder.files().remove("tokens/train-00000-of-00001.tokens.npy").unwrap();
    assert!(String::from_utf8_lossy(&array[..128]).contains("'descr': '<u4'"));
    let written = array[128..].chunks(4).map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()));
    assert!(written.eq(tokens));
}
