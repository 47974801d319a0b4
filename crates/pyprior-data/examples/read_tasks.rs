//! Reads the tasks of a dataset: `cargo run --release -p pyprior-data --example read_tasks -- FOLDER KIND`, such as
//! `my-dataset deduction`. Needs the crates `parquet` and `arrow-array` alone.

use std::fs::{self, File};

use arrow_array::cast::AsArray as _;
use arrow_array::types::{UInt8Type, UInt16Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = std::env::args().skip(1).collect::<Vec<_>>();
    let [folder, kind] = &args[..] else { return Err("which folder, and which kind of tasks?".into()) };
    let files = fs::read_dir(format!("{folder}/{kind}"))?.map(|entry| entry.map(|entry| entry.path()));
    let mut files = files.collect::<Result<Vec<_>, _>>()?;
    files.sort();
    let (mut tasks, mut answers) = (0, 0);
    for path in files {
        let file = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
        let wanted = ["prompt", "answer", "tokens", "loss_mask"];
        let columns = ProjectionMask::columns(file.parquet_schema(), wanted);
        for batch in file.with_projection(columns).with_batch_size(8192).build()? {
            let batch = batch?;
            let column = |name: &str| batch.column_by_name(name).ok_or_else(|| format!("there is no column {name}"));
            let (prompts, texts) = (column("prompt")?.as_string::<i32>(), column("answer")?.as_string::<i32>());
            let (streams, masks) = (column("tokens")?.as_list::<i32>(), column("loss_mask")?.as_list::<i32>());
            if tasks == 0 && batch.num_rows() > 0 {
                println!("{}{}", prompts.value(0), texts.value(0));
            }
            for row in 0..batch.num_rows() {
                let (stream, mask) = (streams.value(row), masks.value(row));
                let tokens = stream.as_primitive::<UInt16Type>().values();
                let of_answer = mask.as_primitive::<UInt8Type>().values();
                answers += tokens.iter().zip(of_answer).filter(|&(_, &learnt)| learnt == 1).count();
            }
            tasks += batch.num_rows();
        }
    }
    println!("{tasks} tasks, {answers} tokens of answers");
    Ok(())
}
