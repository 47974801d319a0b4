//! Tasks as tokens: a stream says one thing, and that is what it was made from.

use pyprior_core::{Encoder, Form, IoValue, Language, LanguageConfig, philox4x32_10};
use pyprior_data::tasks::{Call, Claim, Kind, State, Stream, StreamError, decode};

/// Random numbers by a counter.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 += 1;
        philox4x32_10([self.0, 0, 0, 0], [7, 7])[0]
    }

    fn below(&mut self, count: u32) -> u32 {
        self.next() % count
    }

    fn value(&mut self) -> IoValue {
        match self.below(6) {
            0 => IoValue::None,
            1 => IoValue::from(0),
            2 => IoValue::from(i64::from(self.next()) - (1 << 31)),
            3 => IoValue::parse_int(&format!("-{}", "9876543210".repeat(1 + self.below(9) as usize))).unwrap(),
            _ => IoValue::from(i64::from(self.below(199)) - 99),
        }
    }

    fn values(&mut self, count: u8) -> Vec<IoValue> {
        (0..count).map(|_| self.value()).collect()
    }

    fn states(&mut self) -> Vec<State> {
        let (mut states, mut depth) = (Vec::new(), 1);
        while depth > 0 {
            states.push(match self.below(5) {
                0 if depth < 4 && states.len() < 30 => {
                    depth += 1;
                    State::Enter(1 + self.below(5) as u8)
                }
                1 | 0 => {
                    depth -= 1;
                    State::Return(self.value())
                }
                2 => State::Print(self.value()),
                _ => State::Write(1 + self.below(15) as u8, self.value()),
            });
        }
        states
    }
}

const SOURCES: [(&str, u8); 4] = [
    ("def f(a):\n    return a\nprint(f(1))", 1),
    ("def f(a, b):\n    return a * b\nx = 3\nprint(f(x, x))", 2),
    ("def g():\n    return 3\ndef f(a, b, c):\n    return g()\nprint(f(1, 2, 3))", 3),
    (
        "def f(a):\n    for b in range(a):\n        if b < 2:\n            print(b)\n        else:\n            print(7)\n    return a",
        1,
    ),
];

fn claims(language: &std::sync::Arc<Language>, random: &mut Random) -> Vec<Claim> {
    let mut encoder = Encoder::new(language);
    let mut claims = Vec::new();
    for (source, arity) in SOURCES {
        let program = encoder.encode(source).unwrap().tokens;
        let call = Call { program: program.clone(), inputs: random.values(arity), output: random.value() };
        claims.push(Claim::Deduction(call.clone()));
        claims.push(Claim::Abduction(call));
        let examples = (0..random.below(5)).map(|_| (random.values(arity), random.value())).collect();
        claims.push(Claim::Induction { examples, arity, program: program.clone() });
        claims.push(Claim::Trace { program, inputs: random.values(arity), states: random.states() });
    }
    claims
}

fn languages() -> Vec<std::sync::Arc<Language>> {
    let wide = LanguageConfig { max_block_stmts: 3, ..LanguageConfig::default() };
    vec![Language::new(wide.clone()).unwrap(), Language::new(LanguageConfig { base_vocab: 1000, ..wide }).unwrap()]
}

#[test]
fn streams_decode_to_what_they_were_made_from() {
    for language in languages() {
        let (vocab, mut random) = (language.vocab(), Random(0));
        for _ in 0..500 {
            for claim in claims(&language, &mut random) {
                let mut stream = Stream::of(vocab, &claim);
                assert_eq!(decode(vocab, &stream.tokens).as_ref(), Ok(&claim));
                assert_eq!(stream.tokens.len(), stream.loss_mask.len());
                // The answer is behind what is asked, and it is all of the rest.
                let answer = stream.loss_mask.iter().position(|&bit| bit == 1).unwrap();
                assert!(stream.loss_mask[answer..].iter().all(|&bit| bit == 1));
                let tail = &stream.tokens[answer..stream.tokens.len() - 1];
                match &claim {
                    Claim::Deduction(call) => assert_eq!(vocab.decode_value(tail), call.output),
                    Claim::Abduction(call) => assert_eq!(vocab.decode_value(tail), call.inputs[0]),
                    Claim::Induction { program, .. } => assert_eq!(tail, program),
                    Claim::Trace { .. } => assert_ne!(vocab.form(tail[0]), Some(Form::Value)),
                }
                let len = stream.tokens.len();
                assert!(!stream.clone().pad(vocab, len - 1) && stream.pad(vocab, len + 5));
                assert_eq!((stream.tokens.len(), &stream.loss_mask[len..]), (len + 5, &[0; 5][..]));
                assert_eq!(decode(vocab, &stream.tokens).as_ref(), Ok(&claim));
            }
        }
    }
}

#[test]
fn another_stream_says_another_thing_or_nothing() {
    for language in languages() {
        let (vocab, mut random, mut refused, mut other) = (language.vocab(), Random(99), 0, 0);
        let own = vocab.offset()..vocab.len() as u32;
        for _ in 0..40 {
            for claim in claims(&language, &mut random) {
                let tokens = Stream::of(vocab, &claim).tokens;
                for place in 0..tokens.len() {
                    let mut changed = tokens.clone();
                    match random.below(4) {
                        0 => drop(changed.remove(place)),
                        1 => changed.insert(place, own.start + random.below(own.len() as u32)),
                        2 => changed.truncate(place),
                        _ => changed[place] = own.start + random.below(own.len() as u32),
                    }
                    match decode(vocab, &changed) {
                        Ok(found) => {
                            assert_eq!(found == claim, changed == tokens);
                            // It is the one way to say that.
                            assert_eq!(Stream::of(vocab, &found).tokens, changed);
                            other += usize::from(found != claim);
                        }
                        Err(_) => refused += 1,
                    }
                }
            }
        }
        assert!(refused > 1_000 && other > 1_000, "{refused} {other}");
    }
}

#[test]
fn refusals_say_where() {
    let language = languages().remove(0);
    let vocab = language.vocab();
    let ids = |names: &str| names.split(' ').map(|name| vocab.id_of(name).unwrap()).collect::<Vec<_>>();
    let unexpected = |names: &str| match decode(vocab, &ids(names)) {
        Err(StreamError::Unexpected { position, expected }) => (position, expected),
        other => panic!("{other:?}"),
    };
    let program = "FUNC_1 ARITY_1 BLK_1 RETURN VAR_1";
    assert_eq!(unexpected("M_DEDUCTION"), (0, "BOS"));
    assert_eq!(unexpected(&format!("BOS M_DEDUCTION BLK_1 {program} DIG_7 VAL_END EOS")), (10, "a value"));
    // One way to write a number.
    assert_eq!(
        unexpected(&format!("BOS M_DEDUCTION BLK_1 {program} DIG_0 DIG_7 VAL_END DIG_7 VAL_END EOS")),
        (8, "a value")
    );
    assert_eq!(
        unexpected(&format!("BOS M_DEDUCTION BLK_1 {program} VAL_NEG DIG_0 VAL_END DIG_7 VAL_END EOS")),
        (8, "a value")
    );
    assert_eq!(unexpected(&format!("BOS M_DEDUCTION BLK_1 {program} VAL_NONE VAL_NONE PAD")), (10, "EOS"));
    assert_eq!(unexpected(&format!("BOS M_DEDUCTION BLK_1 {program} VAL_NONE VAL_NONE EOS PAD EOS")), (12, "PAD"));
    assert_eq!(unexpected("BOS M_INDUCTION BLK_1 PRINT INT_1 EOS"), (2, "ARITY_k"));
    assert!(matches!(
        decode(vocab, &ids("BOS M_ABDUCTION BLK_1 PRINT INT_1 VAL_NONE EOS")),
        Err(StreamError::NoFunction)
    ));
    let cut = decode(vocab, &ids("BOS M_ABDUCTION BLK_2 PRINT INT_1 VAL_NONE EOS"));
    assert!(matches!(cut, Err(StreamError::Program { start: 2, end: 5, .. })), "{cut:?}");
    assert_eq!(Kind::ALL.map(Kind::name), ["deduction", "abduction", "induction", "trace"]);
}
