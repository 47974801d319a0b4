//! The exported tokenizer, loaded by the library that it is for.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use pyprior_core::{Language, LanguageConfig, ProgramSampler, Vocab};
use tokenizers::Tokenizer;

fn load(vocab: &Vocab) -> Tokenizer {
    vocab.tokenizer_json().parse().unwrap()
}

#[test]
fn gives_the_same_ids() {
    for base_vocab in [0, 100] {
        let config = LanguageConfig { base_vocab, max_len: Some(60), ..LanguageConfig::default() };
        let language = Language::new(config).unwrap();
        let vocab = language.vocab();
        let tokenizer = load(vocab);
        assert_eq!(tokenizer.get_vocab_size(true), vocab.len());
        for (name, id) in vocab.names().zip(vocab.offset()..) {
            assert_eq!(tokenizer.token_to_id(name), Some(id), "{name}");
            assert_eq!(tokenizer.id_to_token(id).as_deref(), Some(name));
        }
        for tokens in ProgramSampler::new(&language, 5).sample(0..200).unwrap().iter() {
            let names = tokens.iter().map(|&token| vocab.name(token).unwrap()).collect::<Vec<_>>();
            let encoded = tokenizer.encode(names.join(" "), false).unwrap();
            assert_eq!(encoded.get_ids(), tokens);
            assert_eq!(tokenizer.decode(tokens, true).unwrap(), names.join(" "));
        }
    }
}

#[test]
fn marks_what_is_not_program() {
    let vocab = Vocab::new(&LanguageConfig::default()).unwrap();
    let tokenizer = load(&vocab);
    let ids = ["PRINT", "PAD", "EOS", "M_INDUCTION", "VAL_END"].map(|name| vocab.id_of(name).unwrap());
    assert_eq!(tokenizer.decode(&ids, true).unwrap(), "PRINT VAL_END");
    assert_eq!(tokenizer.encode("PRINT nonsense", false).unwrap().get_ids(), [ids[0], ids[1]]);
}
