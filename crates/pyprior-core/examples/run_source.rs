//! A program from source, run within limits: `cargo run --release -p pyprior-core --example run_source`.

use pyprior_core::exec::{Limits, Machine, Program, Value};
use pyprior_core::{Encoder, Language, LanguageConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let language = Language::new(LanguageConfig::default())?;
    let source = "def f(n):\n    return n * n\nfor i in range(3):\n    print(f(i))";
    let tokens = Encoder::new(&language).encode(source)?.tokens;
    let program = Program::from_tokens(&language, &tokens)?;
    let mut machine = Machine::new(Limits { fuel: 1000, ..Limits::default() });
    machine.run(&program)?;
    print!("{}", machine.stdout());
    println!("{} steps", machine.steps());
    println!("f(-12) = {}", machine.call(&program, 1, &[Value::Int(-12)])?);
    Ok(())
}
