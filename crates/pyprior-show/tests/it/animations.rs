//! Animations, read again by decoders: every frame of every format is the same picture, and the picture is the screen.

use std::collections::HashSet;
use std::io::Cursor;
use std::time::Duration;

use crate::common::{Error, emulator, of_source, of_tokens, sampled};
use pyprior_show::{
    Cell, ExportError, ExportOptions, FontSize, Format, Replay, Rgb, Screen, Size, Timing, export, layout,
};

const OPTIONS: ExportOptions = ExportOptions {
    size: Size { cols: 60, rows: 13 },
    font: FontSize::Small,
    timing: Timing { token: Duration::from_millis(500), end: Duration::from_millis(2340) },
};

fn file(replay: &Replay, format: Format, options: &ExportOptions) -> Result<Vec<u8>, Error> {
    let mut file = Vec::new();
    export(replay, format, options, &mut file)?;
    Ok(file)
}

/// A decoded animation: red, green, blue of each frame, and hundredths of a second.
struct Decoded {
    size: (usize, usize),
    frames: Vec<(Vec<[u8; 3]>, u32)>,
}

/// Lays a part with transparent pixels over what there is.
fn over(canvas: &mut [[u8; 3]], width: usize, (left, top, cols): (usize, usize, usize), part: &[[u8; 4]]) {
    for (nth, &[r, g, b, alpha]) in part.iter().enumerate() {
        if alpha != 0 {
            canvas[(top + nth / cols) * width + left + nth % cols] = [r, g, b];
        }
    }
}

fn quads(bytes: &[u8]) -> Vec<[u8; 4]> {
    bytes.chunks_exact(4).map(|pixel| [pixel[0], pixel[1], pixel[2], pixel[3]]).collect()
}

fn gif(file: &[u8]) -> Result<Decoded, Error> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(file)?;
    let size = (usize::from(decoder.width()), usize::from(decoder.height()));
    let mut canvas = vec![[0; 3]; size.0 * size.1];
    let mut frames = Vec::new();
    while let Some(frame) = decoder.read_next_frame()? {
        let place = (usize::from(frame.left), usize::from(frame.top), usize::from(frame.width));
        over(&mut canvas, size.0, place, &quads(&frame.buffer));
        frames.push((canvas.clone(), u32::from(frame.delay)));
    }
    assert_eq!(decoder.repeat(), gif::Repeat::Infinite);
    Ok(Decoded { size, frames })
}

fn apng(file: &[u8]) -> Result<Decoded, Error> {
    let mut decoder = png::Decoder::new(Cursor::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info()?;
    let size = (reader.info().width as usize, reader.info().height as usize);
    let animation = *reader.info().animation_control().ok_or("no animation")?;
    assert_eq!(animation.num_plays, 0);
    let mut canvas = vec![[0; 3]; size.0 * size.1];
    let mut buffer = vec![0; reader.output_buffer_size().ok_or("too large")?];
    let mut frames = Vec::new();
    for _ in 0..animation.num_frames {
        let output = reader.next_frame(&mut buffer)?;
        let control = *reader.info().frame_control().ok_or("no frame")?;
        assert_eq!((control.delay_den, control.dispose_op), (100, png::DisposeOp::None));
        let place = (control.x_offset as usize, control.y_offset as usize, control.width as usize);
        over(&mut canvas, size.0, place, &quads(&buffer[..output.buffer_size()]));
        frames.push((canvas.clone(), u32::from(control.delay_num)));
    }
    Ok(Decoded { size, frames })
}

/// Reads the frames one by one, and lays them over each other here: the decoder's own way of doing that is off by one
/// in some colours, and only checked to be no more than that.
fn webp(file: &[u8]) -> Result<Decoded, Error> {
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(file))?;
    let (width, height) = decoder.dimensions();
    let size = (width as usize, height as usize);
    assert!(decoder.is_animated() && decoder.loop_count() == image_webp::LoopCount::Forever);
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
    let mut canvas = vec![[0; 3]; size.0 * size.1];
    let mut buffer = vec![0; decoder.output_buffer_size().ok_or("too large")?];
    let mut frames = Vec::new();
    let mut rest = &file[12..];
    while !rest.is_empty() {
        let (name, len) = (&rest[..4], number(&rest[4..8]));
        let data = &rest[8..8 + len];
        rest = &rest[8 + len.next_multiple_of(2)..];
        if name != b"ANMF" {
            continue;
        }
        let [left, top, cols, rows, milliseconds] = [0, 3, 6, 9, 12].map(|at| number(&data[at..at + 3]));
        let still = [b"RIFF", &(data.len() as u32 - 16 + 4).to_le_bytes()[..], b"WEBP", &data[16..]].concat();
        let mut still = image_webp::WebPDecoder::new(Cursor::new(&still[..]))?;
        assert_eq!(still.dimensions(), (cols as u32 + 1, rows as u32 + 1));
        let mut part = vec![0; still.output_buffer_size().ok_or("too large")?];
        still.read_image(&mut part)?;
        // Without transparent pixels there is no alpha.
        let part = match still.has_alpha() {
            true => quads(&part),
            false => part.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect(),
        };
        over(&mut canvas, size.0, (2 * left, 2 * top, cols + 1), &part);
        assert_eq!(decoder.read_frame(&mut buffer)? as usize, milliseconds);
        let near = |(pixel, wanted): ([u8; 4], &[u8; 3])| (0..3).all(|nth| pixel[nth].abs_diff(wanted[nth]) <= 1);
        assert!(quads(&buffer).into_iter().zip(&canvas).all(near));
        frames.push((canvas.clone(), milliseconds as u32 / 10));
    }
    assert_eq!(decoder.num_frames() as usize, frames.len());
    Ok(Decoded { size, frames })
}

/// Whether a picture is a screen: cells have their colours, and empty ones nothing else.
fn is_screen(pixels: &[[u8; 3]], width: usize, font: FontSize, screen: &Screen) {
    let (cell_width, cell_height) = font.cell();
    for (row, cells) in screen.rows().enumerate() {
        for (col, Cell { letter, style }) in cells.iter().enumerate() {
            let line = |y: usize| {
                let start = (row * cell_height + y) * width + col * cell_width;
                &pixels[start..start + cell_width]
            };
            let seen = (0..cell_height).flat_map(line).copied().collect::<HashSet<_>>();
            let (Rgb(r, g, b), Rgb(x, y, z)) = (style.back, style.ink);
            assert!(seen.contains(&[r, g, b]), "row {row}, column {col}: the background is missing");
            let empty = letter.is_none_or(|letter| letter == ' ');
            assert_eq!(empty, seen.len() == 1, "row {row}, column {col}: {letter:?}");
            // Strokes are thick enough for full ink, save of some marks.
            if letter.is_some_and(char::is_alphanumeric) {
                assert!(seen.contains(&[x, y, z]), "row {row}, column {col}: {letter:?} has no ink");
            }
        }
    }
}

fn check(replay: &Replay, options: &ExportOptions) -> Result<(), Error> {
    let formats = [Format::Gif, Format::Apng, Format::WebP];
    let files = formats.map(|format| file(replay, format, options));
    let [first, second, third] = files;
    let decoded = [gif(&first?)?, apng(&second?)?, webp(&third?)?];
    let (cell_width, cell_height) = options.font.cell();
    let size = (usize::from(options.size.cols) * cell_width, usize::from(options.size.rows) * cell_height);
    for (animation, format) in decoded.iter().zip(formats) {
        assert_eq!(animation.size, size, "{format:?}");
        assert_eq!(animation.frames.len(), replay.frames(), "{format:?}");
        let token = options.timing.token.as_millis() as u32 / 10;
        let end = options.timing.end.as_millis() as u32 / 10;
        let total = animation.frames.iter().map(|(_, hundredths)| hundredths).sum::<u32>();
        assert_eq!(total, token * replay.tokens().len() as u32 + end, "{format:?}");
        for (frame, (found, wanted)) in animation.frames.iter().zip(&decoded[0].frames).enumerate() {
            let differs = found.0.iter().zip(&wanted.0).position(|(found, wanted)| found != wanted);
            let place = differs.map(|at| (at % size.0, at / size.0, found.0[at], wanted.0[at]));
            assert_eq!((place, found.1), (None, wanted.1), "{format:?}, frame {frame}, beside GIF");
        }
    }
    for (frame, (pixels, _)) in decoded[0].frames.iter().enumerate() {
        is_screen(pixels, size.0, options.font, &layout(replay, frame, options.size, None));
    }
    Ok(())
}

#[test]
fn images() -> Result<(), Error> {
    check(&of_tokens("BLK_2 ASSIGN VAR_1 INT_7 PRINT MUL VAR_1 VAR_1")?, &OPTIONS)?;
    for font in [FontSize::Medium, FontSize::Large] {
        let options = ExportOptions { size: Size { cols: 75, rows: 9 }, font, ..OPTIONS };
        check(&of_source("größe = 3\nprint(größe)")?, &options)?;
    }
    for replay in sampled(1)? {
        check(&replay, &OPTIONS)?;
    }
    // One frame alone.
    check(&of_tokens("")?, &ExportOptions { size: ExportOptions::MIN, ..OPTIONS })
}

#[test]
fn casts_play() -> Result<(), Error> {
    let replay = of_source("高 = 3\nfor i in range(高):\n    print(i * 2)")?;
    let text = String::from_utf8(file(&replay, Format::Cast, &OPTIONS)?)?;
    let mut lines = text.lines();
    let header: serde_json::Value = serde_json::from_str(lines.next().ok_or("empty")?)?;
    assert_eq!((&header["version"], &header["width"], &header["height"]), (&2.into(), &60.into(), &13.into()));
    let mut parser = emulator(OPTIONS.size)?;
    let mut last = 0.0;
    for frame in 0..=replay.frames() {
        let event: serde_json::Value = serde_json::from_str(lines.next().ok_or("too few events")?)?;
        let at = event[0].as_f64().ok_or("no time")?;
        assert!(at >= last && event[1] == "o");
        last = at;
        parser.process(event[2].as_str().ok_or("no text")?.as_bytes());
        let screen = layout(&replay, frame, OPTIONS.size, None);
        let shown = parser.screen().contents();
        assert_eq!(shown.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"), screen.text());
    }
    assert_eq!(lines.next(), None);
    let total = 0.5 * replay.tokens().len() as f64 + 2.34;
    assert!((last - total).abs() < 1e-9, "{last} seconds, not {total}");
    Ok(())
}

/// What stands between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> impl Iterator<Item = &'a str> {
    let end = end.to_owned();
    text.split(start).skip(1).filter_map(move |part| part.split(&end).next()).collect::<Vec<_>>().into_iter()
}

#[test]
fn svg_has_every_frame() -> Result<(), Error> {
    let replay = of_source("größe = 3\nif größe < 4:\n    print(größe)\nelse:\n    print(0)")?;
    let text = String::from_utf8(file(&replay, Format::Svg, &OPTIONS)?)?;
    let frames = replay.frames();
    let height = 19 * usize::from(OPTIONS.size.rows);
    // Frame k rolls to place k + 1 of the strip; the last stands at the top.
    let rolls = between(&text, "translateY(", "px)").map(str::parse::<f64>).collect::<Result<Vec<_>, _>>()?;
    let expected = (0..frames).map(|frame| -(((frame + 1) % frames * height) as f64)).collect::<Vec<_>>();
    assert_eq!(rolls, expected);
    let total = 0.5 * replay.tokens().len() as f64 + 2.34;
    assert!(text.contains(&format!("animation:roll {total:.2}s step-end infinite")));
    let ids = between(&text, "<g id=\"", "\"").collect::<Vec<_>>();
    let lines = ids.iter().map(|id| {
        let body = between(&text, &format!("<g id=\"{id}\">"), "</g>").next().unwrap_or_default();
        let words = between(body, "<text", "</text>").filter_map(|text| text.split('>').nth(1).map(str::to_owned));
        words.collect::<Vec<_>>().concat().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    });
    let lines = lines.collect::<Vec<_>>();
    let squeeze = |text: &str| text.replace(' ', "");
    let mut shown = vec![String::new(); frames];
    for part in between(&text, "<use href=\"#", "/>") {
        let (id, y) = part.split_once("\" y=\"").ok_or("no y")?;
        let y = y.trim_end_matches('"').parse::<usize>()?;
        let nth = ids.iter().position(|known| *known == id).ok_or("an id that is nowhere")?;
        shown[y / height] += &squeeze(&lines[nth]);
    }
    for frame in 0..frames {
        let screen = squeeze(&layout(&replay, frame, OPTIONS.size, None).text()).replace('\n', "");
        assert_eq!(shown[(frame + 1) % frames], screen, "frame {frame}");
    }
    Ok(())
}

#[test]
fn the_same_bytes_every_time() -> Result<(), Error> {
    for (format, _) in Format::ALL {
        let make = || file(&of_tokens("BLK_1 PRINT LT INT_1 INT_2")?, format, &OPTIONS);
        assert_eq!(make()?, make()?, "{format:?}");
    }
    Ok(())
}

#[test]
fn refusals() -> Result<(), Error> {
    let replay = of_tokens("BLK_1 PRINT INT_1")?;
    let options = |cols, rows| ExportOptions { size: Size { cols, rows }, ..OPTIONS };
    for options in [options(19, 24), options(80, 7), options(301, 24), options(80, 121), options(0, 0)] {
        let error = export(&replay, Format::Gif, &options, &mut Vec::new());
        assert!(matches!(error, Err(ExportError::Size { size }) if size == options.size));
    }
    let long = Timing { end: Duration::from_secs(1 << 20), ..OPTIONS.timing };
    for format in [Format::Gif, Format::Apng, Format::WebP] {
        let error = export(&replay, format, &ExportOptions { timing: long, ..OPTIONS }, &mut Vec::new());
        assert!(matches!(error, Err(ExportError::TooLong)), "{format:?}");
    }
    let path = |path: &str| Format::from_path(path.as_ref());
    assert!(matches!(path("a/b.GIF"), Ok(Format::Gif)));
    assert!(matches!(path("b.apng"), Ok(Format::Apng)));
    for name in ["", "gif", "a.mp4", "a.gif.txt", "a."] {
        let error = path(name).map(drop).unwrap_err().to_string();
        assert!(error.contains(".gif .png .apng .webp .svg .cast"), "{error}");
    }
    Ok(())
}
