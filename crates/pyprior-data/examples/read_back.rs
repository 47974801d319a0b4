//! Makes a small dataset and reads it back with the crate `parquet`: `cargo run --release -p pyprior-data --example read_back`.

use std::fs::{self, File};
use std::sync::atomic::AtomicBool;

use arrow_array::Array as _;
use arrow_array::cast::AsArray as _;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use pyprior_data::{Description, Job, Part, Work, make};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("pyprior-read-back-{}", std::process::id()));
    let description = Description { rows: 1_000, keep: vec!["prints".to_owned()], ..Description::default() };
    let work = Work { threads: 0, stop: &AtomicBool::new(false), progress: &|_| {} };
    make(&Job::new(description)?, folder.as_path(), Part::ALL, &work)?;

    let file = File::open(folder.join("data/train-00000-of-00001.parquet"))?;
    let mut rows = 0;
    for batch in ParquetRecordBatchReaderBuilder::try_new(file)?.build()? {
        let batch = batch?;
        let text = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
        let (Some(sources), Some(outputs)) = (text("source"), text("stdout")) else { continue };
        if rows == 0 && !sources.is_empty() {
            println!("{}\n\nprints\n\n{}", sources.value(0), outputs.value(0));
        }
        rows += batch.num_rows();
    }
    println!("{rows} programs");
    Ok(fs::remove_dir_all(&folder)?)
}
