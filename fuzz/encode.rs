//! What is fuzzed: bytes are source, as they stand or as pieces of programs. Reading never panics; what is read is
//! written and read again, and is the same.

use std::sync::{Arc, LazyLock};

use pyprior_core::{EncodeOptions, Encoder, Language, LanguageConfig, Profile, Renderer};

/// Languages to choose from: both profiles, narrow and wide.
static LANGUAGES: LazyLock<Vec<Arc<Language>>> = LazyLock::new(|| {
    let wide = |profile| LanguageConfig {
        max_block_stmts: 12,
        max_expr_depth: 20,
        max_control_depth: 8,
        no_dead_code: false,
        ..LanguageConfig::with_profile(profile)
    };
    let narrow = LanguageConfig { max_vars: 2, max_block_stmts: 4, max_len: Some(60), ..LanguageConfig::default() };
    let configs = [wide(Profile::Sound), wide(Profile::PyPrior002), narrow, LanguageConfig::default()];
    configs.into_iter().map(|config| Language::new(config).unwrap_or_else(|error| panic!("{error}"))).collect()
});

const PIECES: [&str; 48] = [
    "x",
    "y",
    "z",
    "f",
    "g",
    " = ",
    "1",
    "2",
    "-3",
    "print(",
    ")",
    "(",
    "\n",
    "\n    ",
    "\n        ",
    "if ",
    "else:",
    "elif ",
    " < ",
    " == ",
    " + ",
    " - ",
    " * ",
    ":",
    "for ",
    " in range(",
    "):",
    "def f(",
    "def g(x):",
    "return ",
    ", ",
    "int(",
    "# remark",
    ";",
    "x = 1\n",
    "if 1 < 2:\n    ",
    "\nelse:\n    ",
    "for i in range(3):\n    ",
    "def f(x, y):\n    return ",
    "print(x)\n",
    "f(",
    "é",
    "\\\n",
    "\r\n",
    "\t",
    "match",
    "i",
    "x = x + 1\n",
];

/// Reads the bytes as source; panics where something is wrong.
pub(crate) fn run(data: &[u8]) {
    let Some((&choice, rest)) = data.split_first() else { return };
    let language = &LANGUAGES[usize::from(choice & 3)];
    let options = EncodeOptions { normalise: choice & 4 != 0, ..EncodeOptions::default() };
    let mut encoder = Encoder::with_options(language, options);
    let source = match choice & 8 {
        0 => rest.to_vec(),
        _ => rest.iter().flat_map(|&byte| PIECES[usize::from(byte) % PIECES.len()].bytes()).collect(),
    };
    let found = match encoder.encode_bytes(&source) {
        Ok(found) => found,
        Err(error) => {
            assert!(error.line >= 1 && error.column >= 1, "{error}");
            assert!(!error.to_string().contains('\n') || String::from_utf8_lossy(&source).contains('\n'), "{error}");
            return;
        }
    };
    let mut renderer = Renderer::new(language);
    let written =
        renderer.render_named(&found.tokens, &found.names).unwrap_or_else(|error| panic!("{error}")).to_owned();
    let again = encoder.encode(&written).unwrap_or_else(|error| panic!("{error}\n{written}"));
    assert_eq!(again, found, "{written}");
    let plain = renderer.render(&found.tokens).unwrap_or_else(|error| panic!("{error}"));
    let again = encoder.encode(plain).unwrap_or_else(|error| panic!("{error}\n{plain}"));
    assert_eq!(again.tokens, found.tokens, "{plain}");
}
