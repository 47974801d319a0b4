//! GPT-2's tokenizer against what OpenAI's tiktoken makes of the same texts: `ci/gpt2_tokenizer.py` records it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use pyprior_compare::{TextTokenizer, TextTokenizerError};
use serde_json::Value;

const GPT2: &[u8] = include_bytes!("../../../models/gpt2/tokenizer.json");

fn recorded() -> Vec<(String, Vec<u32>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/r50k.jsonl.gz");
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let ids = line["ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32);
        (line["text"].as_str().unwrap().to_owned(), ids.collect())
    };
    text.split_terminator('\n').map(line).collect()
}

#[test]
fn the_tokens_are_those_of_tiktoken() {
    let tokenizer = TextTokenizer::from_bytes("gpt2", GPT2).unwrap();
    assert_eq!((tokenizer.name(), tokenizer.vocab_len()), ("gpt2", 50_257));
    let recorded = recorded();
    let tokens = recorded.iter().map(|(_, ids)| ids.len()).sum::<usize>();
    assert!(recorded.len() > 800 && tokens > 40_000, "{} {tokens}", recorded.len());
    for (text, ids) in &recorded {
        assert_eq!(&tokenizer.ids(text).unwrap(), ids, "{text:?}");
    }
}

/// Every byte of a text belongs to a token, and tokens come in order: nothing is lost where they are divided among parts.
#[test]
fn spans_cover_the_text() {
    let tokenizer = TextTokenizer::from_bytes("gpt2", GPT2).unwrap();
    for (text, ids) in recorded() {
        let spans = tokenizer.spans(&text).unwrap();
        assert_eq!(spans.len(), ids.len(), "{text:?}");
        let mut end = 0;
        for span in spans {
            assert!(span.start <= end && span.end >= end && span.start < span.end, "{text:?}: {span:?} behind {end}");
            end = span.end;
        }
        assert_eq!(end, text.len(), "{text:?}");
    }
}

#[test]
fn what_is_no_tokenizer_is_refused() {
    let cut = &GPT2[..GPT2.len() / 2];
    for bytes in [&b""[..], b"{}", b"[1, 2]", b"\xff\xfe", cut, br#"{"version":"2.0","model":{"type":"BPE"}}"#] {
        let error = TextTokenizer::from_bytes("some.json", bytes).unwrap_err();
        assert!(matches!(error, TextTokenizerError::Invalid { .. }), "{error:?}");
        assert_eq!(error.to_string(), "some.json is no tokenizer.json");
    }
    let empty = br#"{"version":"1.0","model":{"type":"WordLevel","vocab":{},"unk_token":"?"}}"#;
    assert!(matches!(TextTokenizer::from_bytes("e", empty), Err(TextTokenizerError::Empty { .. })));
}

/// Cutting and padding are for batches of a model: a count must not know of them. Text stays text.
#[test]
fn a_text_is_counted_as_it_is() {
    let text = r#"{"version":"1.0",
        "truncation":{"direction":"Right","max_length":2,"strategy":"LongestFirst","stride":0},
        "padding":{"strategy":{"Fixed":9},"direction":"Right","pad_to_multiple_of":null,"pad_id":0,"pad_type_id":0,"pad_token":"?"},
        "added_tokens":[{"id":2,"content":"<s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
        "pre_tokenizer":{"type":"WhitespaceSplit"},
        "model":{"type":"WordLevel","vocab":{"?":0,"a":1,"<s>":2},"unk_token":"?"}}"#;
    let tokenizer = TextTokenizer::from_bytes("words", text.as_bytes()).unwrap();
    assert_eq!(tokenizer.vocab_len(), 3);
    assert_eq!(tokenizer.ids("a a b a").unwrap(), [1, 1, 0, 1]);
    assert_eq!(tokenizer.spans("a  b").unwrap(), [0..1, 3..4]);
}
