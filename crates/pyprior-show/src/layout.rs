//! Where what stands on the screen: the step above, the source, beside or below it the menu or the output, progress.

use pyprior_core::exec::Outcome;

use crate::highlight::{Mark, highlight, wrap};
use crate::menu::groups;
use crate::replay::{Phase, Replay, View};
use crate::screen::{Screen, Size, Style, width};
use crate::theme::{self, BACK, BAR, BUSY, DIM, DONE, FAILED, FAINT, FLASH, PANEL, TEXT};

/// Columns from which on the panel stands beside the source.
const WIDE: u16 = 72;

/// Most columns and rows.
const MAX_SIDE: u16 = 1000;

/// A rectangle: columns and rows, the ends excluded.
#[derive(Clone, Copy)]
struct Area {
    left: u16,
    right: u16,
    top: u16,
    bottom: u16,
}

/// A frame of a replay on a screen of a size, of which 1,000 columns and rows are used at most; `hint` stands in the last
/// row but one, if there is one.
pub fn layout(replay: &Replay, frame: usize, size: Size, hint: Option<&str>) -> Screen {
    draw(replay, &replay.view(frame), frame, size, hint)
}

/// A frame whose view there is already.
pub(crate) fn draw(replay: &Replay, view: &View, frame: usize, size: Size, hint: Option<&str>) -> Screen {
    let size = Size { cols: size.cols.min(MAX_SIDE), rows: size.rows.min(MAX_SIDE) };
    let mut screen = Screen::new(size);
    let Size { cols, rows } = size;
    let foot = rows.saturating_sub(if hint.is_some() { 2 } else { 1 });
    let (source, panel) = if cols >= WIDE {
        let split = cols - (cols / 5 * 2).min(48);
        (
            Area { left: 2, right: split.saturating_sub(2), top: 2, bottom: foot.saturating_sub(1) },
            Area { left: split, right: cols, top: 2, bottom: foot },
        )
    } else {
        let split = foot.saturating_sub((rows / 3).max(4)).max(3);
        (
            Area { left: 1, right: cols.saturating_sub(1), top: 2, bottom: split.saturating_sub(1) },
            Area { left: 0, right: cols, top: split, bottom: foot },
        )
    };
    title(&mut screen, replay, view);
    draw_source(&mut screen, source, view);
    screen.fill(panel.left..panel.right, panel.top..panel.bottom, Style::ink(TEXT).on(PANEL));
    let inside = Area { left: panel.left + 2, right: panel.right.saturating_sub(1), ..panel };
    match replay.outcome().filter(|_| view.phase == Phase::End) {
        Some(outcome) => draw_outcome(&mut screen, inside, outcome),
        None => draw_menu(&mut screen, inside, replay, view),
    }
    if let Some(hint) = hint {
        screen.put(1, rows.saturating_sub(2), cols, hint, Style::ink(FAINT));
    }
    let frames = replay.frames().max(2) - 1;
    let reached = (usize::from(cols) * frame.min(frames)).div_ceil(frames) as u16;
    let (colour, line) = (if view.phase == Phase::End { DONE } else { BUSY }, "_".repeat(usize::from(cols)));
    screen.put(0, rows.saturating_sub(1), cols, &line, Style::ink(BAR).bold());
    screen.put(0, rows.saturating_sub(1), reached, &line, Style::ink(colour).bold());
    screen
}

fn title(screen: &mut Screen, replay: &Replay, view: &View) {
    let cols = screen.size().cols;
    let total = replay.tokens().len();
    let vocab = replay.language().vocab();
    let col = match view.token.and_then(|token| Some((vocab.name(token)?, vocab.form(token)?))) {
        Some((name, form)) => {
            let number = format!("token {} of {total}  ", view.position + 1);
            let col = screen.put(1, 0, cols, &number, Style::ink(DIM));
            match view.phase {
                Phase::Legal => col,
                _ => screen.put(col, 0, cols, name, Style::ink(theme::of(form)).bold()),
            }
        }
        None if view.frontier.is_none() => {
            screen.put(1, 0, cols, &format!("finished: {total} tokens"), Style::ink(DONE).bold())
        }
        None => screen.put(1, 0, cols, &format!("{total} tokens, not finished"), Style::ink(DIM)),
    };
    let Some(frontier) = view.frontier else { return };
    let mut right = format!("hole {}, depth {}", frontier.kind.name(), frontier.expr_depth);
    if let Some(remaining) = view.remaining {
        right += &format!(", {remaining} left");
    }
    let start = cols.saturating_sub(right.len() as u16 + 1);
    if start > col + 1 {
        screen.put(start, 0, cols, &right, Style::ink(DIM));
    }
}

fn draw_source(screen: &mut Screen, area: Area, view: &View) {
    let mark = if view.phase == Phase::Taken { Mark::Flash } else { Mark::Target };
    let (lines, marked) = highlight(&view.source, &view.marks, mark);
    let number = lines.len().to_string().len().max(2) as u16;
    let text = area.left + number + 2;
    let rows = wrap(&lines, usize::from(area.right.saturating_sub(text)));
    let height = usize::from(area.bottom.saturating_sub(area.top));
    // What is worked on stays in sight, with some of what follows.
    let line = marked.unwrap_or(if view.phase == Phase::End { 0 } else { lines.len() - 1 });
    let focus = rows.iter().position(|row| row.line == line).unwrap_or(0);
    let first = focus.saturating_sub(height * 2 / 3).min(rows.len().saturating_sub(height));
    for (row, found) in (area.top..area.bottom).zip(&rows[first..]) {
        if found.begins {
            let label = format!("{:>width$}", found.line + 1, width = usize::from(number));
            screen.put(area.left, row, area.right, &label, Style::ink(BAR));
        }
        let mut col = text;
        for &(letter, style) in found.letters {
            col = screen.put(col, row, area.right, letter.encode_utf8(&mut [0; 4]), style);
        }
    }
}

fn draw_menu(screen: &mut Screen, area: Area, replay: &Replay, view: &View) {
    let vocab = replay.language().vocab();
    let heading = match view.legal.len() {
        1 => "the only legal token".to_owned(),
        count => format!("{count} of {} tokens legal", vocab.len()),
    };
    let mut row = area.top;
    if area.top >= area.bottom {
        return;
    }
    screen.put(area.left, row, area.right, &heading, Style::ink(DIM).on(PANEL));
    row += 1 + u16::from(area.bottom - area.top > 8);
    let label = 9.min(area.right.saturating_sub(area.left) / 3);
    for group in groups(vocab, &view.legal, view.token) {
        if row >= area.bottom {
            screen.put(area.right.saturating_sub(2), area.bottom - 1, area.right, "..", Style::ink(DIM).on(PANEL));
            return;
        }
        let ink = Style::ink(theme::of(group.form)).on(PANEL);
        screen.put(area.left, row, area.left + label, group.form.name(), Style::ink(FAINT).on(PANEL));
        let start = area.left + label;
        let mut col = start;
        for word in &group.words {
            let len = word.text.chars().map(width).sum::<u16>();
            if col > start && col + len > area.right {
                row += 1;
                col = start;
            }
            if row >= area.bottom {
                break;
            }
            let taken = view.phase == Phase::Taken && word.token.is_some() && word.token == view.token;
            let style = if taken { Style::ink(BACK).on(FLASH).bold() } else { ink };
            col = screen.put(col, row, area.right, word.text, style) + 1;
        }
        row += 1;
    }
}

fn draw_outcome(screen: &mut Screen, area: Area, outcome: &Outcome) {
    let height = usize::from(area.bottom.saturating_sub(area.top));
    if height == 0 {
        return;
    }
    screen.put(area.left, area.top, area.right, "output", Style::ink(DIM).on(PANEL));
    let lines = outcome.stdout.lines().collect::<Vec<_>>();
    // One row for the heading, one for how it ended.
    let room = height.saturating_sub(2);
    let shown = if lines.len() > room { room.saturating_sub(1) } else { lines.len() };
    let mut row = area.top + 1;
    for line in &lines[..shown] {
        let end = screen.put(area.left, row, area.right, line, Style::ink(TEXT).on(PANEL).bold());
        if usize::from(end - area.left) < line.len() {
            screen.put(area.right.saturating_sub(2), row, area.right, "..", Style::ink(DIM).on(PANEL));
        }
        row += 1;
    }
    if shown < lines.len() {
        let more = format!("and {} lines more", lines.len() - shown);
        screen.put(area.left, row, area.right, &more, Style::ink(DIM).on(PANEL));
        row += 1;
    }
    let (text, ink) = match &outcome.error {
        Some(error) => (error.to_string(), FAILED),
        None if outcome.stdout.is_empty() => (format!("nothing, in {}", steps(outcome.steps)), DIM),
        None => (format!("in {}", steps(outcome.steps)), DIM),
    };
    screen.put(area.left, row, area.right, &text, Style::ink(ink).on(PANEL));
}

fn steps(steps: u64) -> String {
    if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") }
}
