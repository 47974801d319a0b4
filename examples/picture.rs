//! Draws the picture at the top of the README: one decode, a few of its steps, as SVG.
//!
//! ```text
//! cargo run --release --example picture > docs/decode.svg
//! ```

use anyhow::{Context, Result};
use pyprior_core::{Form, Language, LanguageConfig, Matcher, Renderer};

const PROGRAM: &str = "BLK_2 FUNC_1 ARITY_1 BLK_1 IF LT VAR_1 INT_0 BLK_1 RETURN SUB INT_0 VAR_1 BLK_1 RETURN VAR_1 \
                       PRINT CALL FUNC_1 INT_-7";
/// Numbers of tokens at which the decode is shown.
const STEPS: [usize; 4] = [2, 7, 12, 18];

const CHAR: f64 = 8.4;
const LINE: f64 = 19.0;
const PANEL: (f64, f64) = (500.0, 232.0);

fn main() -> Result<()> {
    let config = LanguageConfig {
        value_range: (-9, 9),
        max_vars: 3,
        max_funcs: 2,
        max_len: Some(30),
        ..LanguageConfig::default()
    };
    let language = Language::new(config)?;
    let vocab = language.vocab();
    let ids = PROGRAM.split_whitespace().map(|name| vocab.id_of(name).with_context(|| name.to_owned()));
    let ids = ids.collect::<Result<Vec<_>>>()?;
    let mut renderer = Renderer::new(&language);

    let (width, height) = (2.0 * PANEL.0 + 60.0, 2.0 * PANEL.1 + 60.0);
    println!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"ui-monospace, \
         SFMono-Regular, Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"12\" fill=\"#11151c\"/>"
    );
    for (nth, len) in STEPS.into_iter().enumerate() {
        let matcher = Matcher::with_prefix(&language, &ids[..len])?;
        let x = 20.0 + (nth % 2) as f64 * (PANEL.0 + 20.0);
        let y = 20.0 + (nth / 2) as f64 * (PANEL.1 + 20.0);
        println!("<g transform=\"translate({x} {y})\">");
        println!("<rect width=\"{}\" height=\"{}\" rx=\"8\" fill=\"#1a2130\"/>", PANEL.0, PANEL.1);
        let chosen = ids[len];
        let name = vocab.name(chosen).context("a token")?;
        let count = matcher.legal_count();
        let plural = if count == 1 { "" } else { "s" };
        let title = format!("{len} tokens so far, {count} token{plural} legal, {name} is taken");
        text(14.0, 26.0, "#8a97ad", &title);
        for (row, line) in renderer.partial(&ids[..len]).lines().enumerate() {
            source(14.0, 56.0 + row as f64 * LINE, line);
        }
        menu(&matcher, chosen)?;
        println!("</g>");
    }
    println!("</svg>");
    Ok(())
}

/// The legal tokens along the lower edge, as many as fit, coloured by form; the chosen one is framed.
fn menu(matcher: &Matcher, chosen: u32) -> Result<()> {
    let vocab = matcher.language().vocab();
    let mut x = 14.0;
    let mut y = PANEL.1 - 38.0;
    for token in matcher.legal_tokens() {
        let name = vocab.name(token).context("a token")?;
        let width = name.len() as f64 * CHAR * 0.8 + 10.0;
        if x + width > PANEL.0 - 14.0 {
            x = 14.0;
            y += 24.0;
        }
        if y > PANEL.1 - 8.0 {
            text(PANEL.0 - 16.0, y - 24.0, "#8a97ad", "…");
            break;
        }
        let colour = colour(vocab.form(token).context("a token")?);
        let (fill, ink) = if token == chosen { (colour, "#11151c") } else { ("none", colour) };
        println!(
            "<rect x=\"{x}\" y=\"{}\" width=\"{width:.1}\" height=\"18\" rx=\"4\" fill=\"{fill}\" stroke=\"{colour}\" \
             stroke-opacity=\"0.5\"/>",
            y - 13.0
        );
        println!("<text x=\"{:.1}\" y=\"{y}\" fill=\"{ink}\" font-size=\"11.2\">{name}</text>", x + 5.0);
        x += width + 5.0;
    }
    Ok(())
}

fn colour(form: Form) -> &'static str {
    match form {
        Form::Var => "#7fd1b9",
        Form::Const => "#e8c07d",
        Form::BinOp | Form::Compare => "#8fb8ff",
        Form::Func | Form::Call | Form::Arity => "#d9a0f3",
        Form::Return | Form::Print | Form::Assign => "#ff9e8a",
        _ => "#c5cedd",
    }
}

/// A line of source with its holes in another colour.
fn source(x: f64, y: f64, line: &str) {
    let mut at = x;
    let mut rest = line;
    while !rest.is_empty() {
        let cut = match rest.find('<') {
            Some(0) if rest[1..].starts_with(char::is_alphabetic) => rest.find('>').map_or(rest.len(), |end| end + 1),
            Some(0) => 1,
            Some(start) => start,
            None => rest.len(),
        };
        let (part, more) = rest.split_at(cut);
        let hole = part.len() > 2 && part.starts_with('<');
        text(at, y, if hole { "#5f7396" } else { "#e6ebf5" }, part);
        at += part.chars().count() as f64 * CHAR;
        rest = more;
    }
}

fn text(x: f64, y: f64, colour: &str, text: &str) {
    // Renderers differ in how they treat leading spaces, so they become part of the position.
    let trimmed = text.trim_start();
    let x = x + (text.len() - trimmed.len()) as f64 * CHAR;
    let text = trimmed.replace('&', "&amp;").replace('<', "&lt;");
    println!("<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{colour}\" xml:space=\"preserve\">{text}</text>");
}
