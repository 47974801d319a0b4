//! What a terminal shows, by an emulator that is not ours.

use crate::common::{Error, emulator, of_source, of_tokens, sampled};
use pyprior_core::exec::Limits;
use pyprior_show::{Cell, Colours, Rgb, Screen, Size, layout, update};

const SIZE: Size = Size { cols: 76, rows: 14 };

fn colour(rgb: Rgb) -> vt100::Color {
    vt100::Color::Rgb(rgb.0, rgb.1, rgb.2)
}

/// Whether an emulator shows exactly a screen.
fn shows(parser: &vt100::Parser, screen: &Screen) -> Result<(), Error> {
    for (row, cells) in (0..).zip(screen.rows()) {
        for (col, Cell { letter, style }) in (0..).zip(cells) {
            let found = parser.screen().cell(row, col).ok_or("outside")?;
            let Some(letter) = letter else {
                assert!(found.is_wide_continuation());
                continue;
            };
            assert_eq!(found.contents(), letter.to_string(), "row {row}, column {col}");
            assert_eq!((found.fgcolor(), found.bgcolor()), (colour(style.ink), colour(style.back)));
            assert_eq!(found.bold(), style.bold);
        }
    }
    Ok(())
}

#[test]
fn any_frame_after_any_other() -> Result<(), Error> {
    let mut random = 1_u64;
    for replay in sampled(6)? {
        let mut parser = emulator(SIZE)?;
        let mut before = None;
        for _ in 0..30 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let frame = (random >> 33) as usize % replay.frames();
            let screen = layout(&replay, frame, SIZE, Some("q quit"));
            parser.process(update(before.as_ref(), &screen, Colours::True).as_bytes());
            shows(&parser, &screen)?;
            before = Some(screen);
        }
        let last = before.as_ref();
        assert_eq!(last.map(|screen| update(last, screen, Colours::True)).as_deref(), Some(""));
    }
    Ok(())
}

#[test]
fn wide_letters() -> Result<(), Error> {
    let replay = of_source("高 = 3\nprint(高 + 1)")?;
    let mut parser = emulator(SIZE)?;
    let mut before = None;
    for frame in 0..replay.frames() {
        let screen = layout(&replay, frame, SIZE, None);
        parser.process(update(before.as_ref(), &screen, Colours::True).as_bytes());
        shows(&parser, &screen)?;
        before = Some(screen);
    }
    assert!(parser.screen().contents().contains("高 = 3"));
    Ok(())
}

#[test]
fn fewer_colours() -> Result<(), Error> {
    let replay = of_tokens("BLK_1 PRINT INT_7")?;
    let screen = layout(&replay, 3, SIZE, None);
    for (colours, flash) in [(Colours::Indexed, "\u{1b}[0;1;38;5;"), (Colours::None, "\u{1b}[0;1;7mPRINT")] {
        let text = update(None, &screen, colours);
        assert!(text.contains(flash), "{text:?}");
        let mut parser = emulator(SIZE)?;
        parser.process(text.as_bytes());
        let shown = parser.screen().contents();
        assert_eq!(shown.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"), screen.text());
    }
    assert!(!update(None, &screen, Colours::None).contains("38;"));
    Ok(())
}

#[test]
fn snapshots() -> Result<(), Error> {
    let replay = of_tokens("BLK_2 ASSIGN VAR_1 INT_7 IF LT VAR_1 INT_9 BLK_1 PRINT VAR_1 BLK_1 PRINT MUL VAR_1 VAR_1")?;
    let wide = |frame: usize| layout(&replay, frame, SIZE, None).text();
    let line = "_".repeat(76);
    assert_eq!(
        wide(13),
        format!(
            " token 7 of 16  VAR_1                           hole expr, depth 0, 34 left

   1  a = 7                                     16 of 54 tokens legal
   2  if a < <expr>:
   3      <block>                               var      VAR_1
   4  else:                                     binop    ADD SUB MUL
   5      <block>                               compare  LT EQ
                                                const    INT_0 INT_1 INT_2
                                                         INT_3 INT_4 INT_5
                                                         INT_6 INT_7 INT_8
                                                         INT_9


{line}"
        )
    );
    assert_eq!(
        wide(32),
        format!(
            " finished: 16 tokens

   1  a = 7                                     output
   2  if a < 9:                                 7
   3      print(a)                              in 3 steps
   4  else:
   5      print(a * a)






{line}"
        )
    );
    let narrow = layout(&replay, 12, Size { cols: 34, rows: 12 }, Some("q quit")).text();
    let line = "_".repeat(34);
    assert_eq!(
        narrow,
        format!(
            " token 7 of 16

  1  a = 7
  2  if <expr> < <expr>:
  3      <block>

  16 of 54 tokens legal
  var      VAR_1
  binop    ADD SUB MUL
  compare  LT EQ               ..
 q quit
{line}"
        )
    );
    Ok(())
}

#[test]
fn every_size() -> Result<(), Error> {
    let replay = of_tokens("BLK_1 FOR VAR_1 INT_9 BLK_1 PRINT VAR_1")?;
    for (cols, rows) in
        (0..90).flat_map(|cols| (0..30).map(move |rows| (cols, rows))).chain([(u16::MAX, 3), (3, u16::MAX)])
    {
        for frame in [0, 9, replay.frames() - 1] {
            let screen = layout(&replay, frame, Size { cols, rows }, Some("a hint of some length"));
            assert_eq!(screen.size(), Size { cols: cols.min(1000), rows: rows.min(1000) });
        }
    }
    Ok(())
}

#[test]
fn output_that_does_not_fit() -> Result<(), Error> {
    let replay = of_source("for i in range(9):\n    for j in range(9):\n        print(i * j)\n")?;
    let text = layout(&replay, usize::MAX, SIZE, None).text();
    assert!(text.contains("and 73 lines more") && text.contains("in 181 steps"), "{text}");
    let replay = replay.run(Limits { fuel: 10, ..Limits::default() });
    let text = layout(&replay, usize::MAX, SIZE, None).text();
    assert!(text.contains("out of fuel after 10 steps"), "{text}");
    Ok(())
}
