//! What frames say, against the matcher and the renderer.

use crate::common::{Error, of_source, of_tokens, sampled};
use pyprior_core::{HoleKind, Matcher, NameTable, Names, Renderer};
use pyprior_show::{Phase, Replay, write_plain};

/// How a hole of a kind is written.
fn hole(kind: HoleKind) -> &'static str {
    match kind {
        HoleKind::Arity => "<params>",
        HoleKind::Callee => "<call>",
        HoleKind::Block => "<block>",
        HoleKind::Stmt => "<stmt>",
        HoleKind::Expr => "<expr>",
        HoleKind::Cond => "<cond>",
        HoleKind::Var => "<var>",
    }
}

#[test]
fn frames_say_what_the_matcher_says() -> Result<(), Error> {
    for replay in sampled(40)? {
        let mut matcher = Matcher::new(replay.language());
        let mut renderer = Renderer::new(replay.language());
        for (position, &token) in replay.tokens().iter().enumerate() {
            let [legal, taken] = [2 * position, 2 * position + 1].map(|frame| replay.view(frame));
            assert_eq!((legal.phase, taken.phase), (Phase::Legal, Phase::Taken));
            for view in [&legal, &taken] {
                assert_eq!((view.position, view.token), (position, Some(token)));
                assert_eq!(view.legal, matcher.legal_tokens().collect::<Vec<_>>());
                assert_eq!(view.frontier, matcher.frontier());
                assert_eq!(view.remaining, matcher.remaining_budget());
            }
            // What is marked is a hole of the kind that the matcher is at, and the first of all.
            let kind = matcher.frontier().map(|frontier| hole(frontier.kind)).ok_or("unfinished")?;
            let [mark] = &legal.marks[..] else { return Err(format!("{:?}", legal.marks).into()) };
            assert_eq!(&legal.source[mark.clone()], kind, "{}", legal.source);
            assert_eq!(legal.source, renderer.partial(matcher.tokens()));
            matcher.accept_token(token)?;
            assert_eq!(taken.source, renderer.partial(matcher.tokens()));
            // Something is new, it stands where the hole was, and the rest is as it was.
            let (first, last) = (taken.marks.first(), taken.marks.last());
            let (first, last) = first.zip(last).ok_or_else(|| format!("nothing new in\n{}", taken.source))?;
            assert!(first.start >= mark.start, "{}", taken.source);
            assert_eq!(legal.source[..mark.start], taken.source[..mark.start]);
            // Holes are not marked beside text, so the last thing that is new may be one.
            let behind = &taken.source[last.end..];
            let behind = behind.strip_prefix("<block>").or(behind.strip_prefix("<expr>")).unwrap_or(behind);
            assert!(legal.source[mark.end..].ends_with(behind), "{legal:?}\n{taken:?}");
            assert!(taken.marks.iter().is_sorted_by(|a, b| a.end <= b.start));
        }
        let end = replay.view(replay.frames() - 1);
        assert_eq!((end.phase, end.token, end.frontier), (Phase::End, None, None));
        assert_eq!(end.source, renderer.render(replay.tokens())?);
        assert_eq!(replay.view(usize::MAX), end);
    }
    Ok(())
}

#[test]
fn one_after_the_other_as_each_alone() -> Result<(), Error> {
    let named = of_source("def größe(höhe):\n    return höhe * 2\nx = größe(3)\nprint(x)")?;
    let others = [named, of_tokens("BLK_1 PRINT ADD")?, of_tokens("")?];
    for replay in sampled(20)?.into_iter().chain(others) {
        let mut views = replay.views();
        for frame in 0..replay.frames() {
            assert_eq!(views.len(), replay.frames() - frame);
            assert_eq!(views.next(), Some(replay.view(frame)), "frame {frame}");
        }
        assert_eq!(views.next(), None);
    }
    Ok(())
}

#[test]
fn marks() -> Result<(), Error> {
    let replay = of_tokens("BLK_2 FUNC_1 ARITY_2 BLK_1 RETURN ADD VAR_1 VAR_2 PRINT CALL FUNC_1 INT_1 INT_2")?;
    let written = |position: usize| {
        let view = replay.view(2 * position + 1);
        view.marks.iter().map(|mark| view.source[mark.clone()].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(written(0), ["<stmt>", "<stmt>"]);
    assert_eq!(written(1), ["def func(", "):"]);
    assert_eq!(written(2), ["a, b):\n    "]);
    assert_eq!(written(4), ["return "]);
    assert_eq!(written(5), [" + "]);
    assert_eq!(written(6), ["a"]);
    assert_eq!(written(10), ["func(", ", ", ")"]);
    assert_eq!(written(12), ["2"]);
    Ok(())
}

#[test]
fn names_of_the_source() -> Result<(), Error> {
    let source = "def größe(höhe):\n    return höhe * 2\nx = größe(3)\nprint(x)";
    let replay = of_source(source)?;
    assert_eq!(replay.view(usize::MAX).source, source);
    assert_eq!(replay.outcome().map(|outcome| outcome.stdout.as_str()), Some("6\n"));
    assert!(replay.view(7).source.starts_with("def größe(höhe):\n"), "{}", replay.view(7).source);
    // Names of another program are refused.
    let other = pyprior_core::ProgramNames::new(vec![], vec![vec!["a".to_owned()]])?;
    assert!(of_source(source)?.with_names(other).is_err());
    Ok(())
}

#[test]
fn under_names_of_a_table() -> Result<(), Error> {
    let table = NameTable { funcs: Vec::new(), scopes: vec![vec![Some("zz".to_owned())]] };
    let replay = of_tokens("BLK_2 ASSIGN VAR_1 INT_3 PRINT VAR_1")?.with_pools(Names::default().with_table(table)?);
    assert_eq!(replay.source(3), "zz = <expr>\n<stmt>");
    let sources = replay.views().map(|view| view.source).collect::<Vec<_>>();
    assert_eq!(sources.iter().filter(|source| source.contains("zz = 3")).count(), 6, "{sources:?}");
    assert_eq!(sources.last().map(String::as_str), Some("zz = 3\nprint(zz)"));
    Ok(())
}

#[test]
fn unfinished_and_illegal() -> Result<(), Error> {
    let replay = of_tokens("BLK_1 PRINT ADD")?;
    assert_eq!((replay.frames(), replay.outcome()), (7, None));
    let end = replay.view(6);
    assert_eq!((end.phase, end.token, end.source.as_str()), (Phase::End, None, "print(<expr> + <expr>)"));
    assert_eq!(end.marks.iter().map(|mark| &end.source[mark.clone()]).collect::<Vec<_>>(), ["<expr>"]);
    let empty = of_tokens("")?;
    assert_eq!((empty.frames(), empty.view(0).source.as_str()), (1, "<block>"));
    let language = crate::common::small()?;
    let print = language.vocab().id_of("PRINT").ok_or("PRINT")?;
    assert!(Replay::new(&language, &[print]).is_err());
    assert!(Replay::new(&language, &[u32::MAX]).is_err());
    let pad = language.vocab().pad();
    let padded = [of_tokens("BLK_1 PRINT INT_1")?.tokens(), &[pad, pad]].concat();
    assert_eq!(Replay::new(&language, &padded)?.frames(), 7);
    Ok(())
}

#[test]
fn plain_text() -> Result<(), Error> {
    let mut text = Vec::new();
    write_plain(&of_tokens("BLK_1 PRINT ADD INT_3 INT_4")?, &mut text)?;
    let expected = "  1  BLK_1  (4 legal: BLK_1 BLK_2 BLK_3 BLK_4)
     | <stmt>
  2  PRINT  (6 legal: FUNC_1 IF ASSIGN FOR FOR2 PRINT)
     | print(<expr>)
  3  ADD  (15 legal: ADD SUB MUL LT EQ INT_0 INT_1 INT_2 INT_3 INT_4 INT_5 INT_6 INT_7 INT_8 INT_9)
     | print(<expr> + <expr>)
  4  INT_3  (15 legal: ADD SUB MUL LT EQ INT_0 INT_1 INT_2 INT_3 INT_4 INT_5 INT_6 INT_7 INT_8 INT_9)
     | print(3 + <expr>)
  5  INT_4  (15 legal: ADD SUB MUL LT EQ INT_0 INT_1 INT_2 INT_3 INT_4 INT_5 INT_6 INT_7 INT_8 INT_9)
     | print(3 + 4)

output:
7
(1 step)
";
    assert_eq!(String::from_utf8(text)?, expected);
    Ok(())
}
