//! The vocabulary as a Hugging Face `tokenizer.json`.

use serde_json::json;

use crate::vocab::{Form, Vocab};

impl Vocab {
    /// A `tokenizer.json` with the same ids: word level, names separated by white space.
    ///
    /// Ids of a base vocabulary are named `<text_0>`, `<text_1>`, …; unknown words become `PAD`. Mode and special
    /// tokens are marked as special, so that decoding can leave them out.
    ///
    /// Format: the serialisation of the `tokenizers` library, version "1.0".
    pub fn tokenizer_json(&self) -> String {
        let text = (0..self.offset()).map(|id| (format!("<text_{id}>"), json!(id)));
        let own = self.names().zip(self.offset()..).map(|(name, id)| (name.to_owned(), json!(id)));
        let vocab: serde_json::Map<_, _> = text.chain(own).collect();
        let special = self.ids_of(Form::Mode).start..self.ids_of(Form::Special).end;
        let added = special.map(|id| {
            json!({
                "id": id, "content": self.name(id), "special": true, "normalized": false,
                "single_word": false, "lstrip": false, "rstrip": false,
            })
        });
        let tokenizer = json!({
            "version": "1.0",
            "truncation": null,
            "padding": null,
            "added_tokens": added.collect::<Vec<_>>(),
            "normalizer": null,
            "pre_tokenizer": { "type": "WhitespaceSplit" },
            "post_processor": null,
            "decoder": null,
            "model": { "type": "WordLevel", "vocab": vocab, "unk_token": "PAD" },
        });
        tokenizer.to_string()
    }
}
