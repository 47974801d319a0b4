//! Examples, traces and tasks against CPython, by `ci/tasks_check.py`.

use std::process::Command;

use pyprior_core::Vocab;
use pyprior_data::Format;
use pyprior_data::tasks::{Kind, Layout, TraceStyle};

use crate::common::{Folder, all, with_functions};

#[test]
fn examples_traces_and_tasks_are_cpythons() {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: there is no python3");
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ci/tasks_check.py");
    for (style, layout) in [(TraceStyle::Cwm, Layout::Plain), (TraceStyle::Comments, Layout::Padded)] {
        let mut description = with_functions(400, 250);
        description.limits.fuel = 60;
        description.tasks.kinds = Kind::ALL.to_vec();
        (description.tasks.trace_style, description.tasks.layout) = (style, layout);
        description.write.formats = vec![Format::Jsonl];
        let columns = ["row", "tokens", "source", "status", "function", "inputs", "outputs", "output_stdout", "trace"];
        description.write.columns = columns.map(str::to_owned).to_vec();
        let folder = Folder::new("cpython");
        all(&description, folder.path()).unwrap();
        let vocab = Vocab::new(&description.language).unwrap();
        let list = vocab.names().zip(vocab.offset()..).map(|(name, id)| format!("{id}\t{name}\n")).collect::<String>();
        let names = folder.path().join("vocab.tsv");
        std::fs::write(&names, list).unwrap();
        let checked =
            Command::new("python3").arg(script).arg(folder.path()).arg("--vocab").arg(&names).output().unwrap();
        let told = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(checked.status.success(), "{told}\n{}", String::from_utf8_lossy(&checked.stderr));
        // Runs that come to a limit are among them.
        assert!(told.contains("the start of its") && !told.contains(" 0 the start of its"), "{told}");
        for kind in Kind::ALL {
            assert!(told.contains(&format!("\n{}: ", kind.name())), "{told}");
        }
    }
}
