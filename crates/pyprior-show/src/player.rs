//! A replay in a terminal, with keys.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::{cursor, execute, terminal};

use crate::ansi::{Colours, update};
use crate::layout::layout;
use crate::replay::{Phase, Replay};
use crate::screen::Size;
use crate::timing::Timing;

const PLAYING: &str = "space pause · arrows step · +/- speed · q quit";
const PAUSED: &str = "space play · arrows step · +/- speed · q quit";
/// Least and greatest factor of the time that frames stand.
const SPEEDS: (f64, f64) = (0.05, 20.0);

/// How somebody has left a player.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quit {
    /// By `q`, `Esc` or `Ctrl-D`.
    Asked,
    /// By `Ctrl-C`, which sends no signal while a player reads the keys.
    Interrupted,
}

/// Plays a replay on the alternate screen of the terminal until `q`, `Esc`, `Ctrl-D` or `Ctrl-C`.
///
/// Space pauses and goes on; left and right step by a frame; home and end go to the ends; `+` and `-` change the speed;
/// `r` starts again. The screen follows the terminal's size.
///
/// # Errors
///
/// Those of the terminal, which is left as it was before in any case.
pub fn play(replay: &Replay, timing: &Timing, out: &mut impl Write) -> io::Result<Quit> {
    let terminal = Alternate::enter(out)?;
    let colours = Colours::detect();
    let mut player = Player { frame: 0, last: replay.frames() - 1, playing: true, slowness: 1.0 };
    let mut shown = None;
    let mut deadline = Deadline::default();
    loop {
        let (cols, rows) = terminal::size()?;
        let hint = if player.playing { PLAYING } else { PAUSED };
        let screen = layout(replay, player.frame, Size { cols, rows }, Some(hint));
        terminal.0.write_all(update(shown.as_ref(), &screen, colours).as_bytes())?;
        terminal.0.flush()?;
        shown = Some(screen);
        let stands = timing.of(replay.phase(player.frame)).mul_f64(player.slowness);
        match wait(deadline.of(&player, Instant::now(), stands))? {
            Some(Event::Resize(..)) => {
                // A terminal may reflow what it has, so all of it is drawn anew.
                execute!(terminal.0, terminal::Clear(terminal::ClearType::All))?;
                shown = None;
            }
            Some(Event::Key(key)) if key.kind != KeyEventKind::Release => {
                if let ControlFlow::Break(quit) = player.press(key) {
                    return Ok(quit);
                }
            }
            Some(_) => {}
            None => player.tick(replay),
        }
    }
}

/// An event, or none when the time has come.
fn wait(until: Option<Instant>) -> io::Result<Option<Event>> {
    match until {
        None => event::read().map(Some),
        Some(until) => {
            let left = until.saturating_duration_since(Instant::now());
            // Time that is up goes before events, or many of them would hold the frame.
            Ok(if !left.is_zero() && event::poll(left)? { Some(event::read()?) } else { None })
        }
    }
}

/// When a frame has stood its time, whatever events come in between.
#[derive(Debug, Default)]
struct Deadline(Option<(Player, Instant)>);

impl Deadline {
    /// The time is counted anew only when the frame or its pace is another than before; none while nothing plays.
    fn of(&mut self, player: &Player, now: Instant, stands: Duration) -> Option<Instant> {
        let kept = self.0.take().filter(|(before, _)| before == player);
        self.0 = player.playing.then(|| kept.unwrap_or_else(|| (player.clone(), now + stands)));
        self.0.as_ref().map(|(_, until)| *until)
    }
}

/// Where the replay is.
#[derive(Debug, Clone, PartialEq)]
struct Player {
    frame: usize,
    last: usize,
    playing: bool,
    /// Factor of the time that frames stand.
    slowness: f64,
}

impl Player {
    /// Takes a key.
    fn press(&mut self, key: KeyEvent) -> ControlFlow<Quit> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let step = |player: &mut Self, frame: usize| {
            player.playing = false;
            player.frame = frame.min(player.last);
        };
        match key.code {
            KeyCode::Char('c') if control => return ControlFlow::Break(Quit::Interrupted),
            KeyCode::Char('d') if control => return ControlFlow::Break(Quit::Asked),
            KeyCode::Char('q') | KeyCode::Esc => return ControlFlow::Break(Quit::Asked),
            KeyCode::Char(' ') if self.frame == self.last => (self.frame, self.playing) = (0, true),
            KeyCode::Char(' ') => self.playing = !self.playing,
            KeyCode::Char('r') => (self.frame, self.playing) = (0, true),
            KeyCode::Right | KeyCode::Down | KeyCode::Char('l' | 'j') => step(self, self.frame + 1),
            KeyCode::Left | KeyCode::Up | KeyCode::Char('h' | 'k') => step(self, self.frame.saturating_sub(1)),
            KeyCode::PageDown => step(self, self.frame + 10),
            KeyCode::PageUp => step(self, self.frame.saturating_sub(10)),
            KeyCode::Home => step(self, 0),
            KeyCode::End => step(self, self.last),
            KeyCode::Char('+' | '=') => self.slowness = (self.slowness / 1.5).max(SPEEDS.0),
            KeyCode::Char('-') => self.slowness = (self.slowness * 1.5).min(SPEEDS.1),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    /// The frame has stood its time.
    fn tick(&mut self, replay: &Replay) {
        match replay.phase(self.frame) {
            Phase::End => self.playing = false,
            _ => self.frame += 1,
        }
    }
}

/// The alternate screen, left again when this goes out of sight, also by a panic.
struct Alternate<'a, W: Write>(&'a mut W);

impl<'a, W: Write> Alternate<'a, W> {
    fn enter(out: &'a mut W) -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        let entered = Self(out);
        execute!(entered.0, terminal::EnterAlternateScreen, cursor::Hide, terminal::DisableLineWrap)?;
        Ok(entered)
    }
}

impl<W: Write> Drop for Alternate<'_, W> {
    fn drop(&mut self) {
        // There is nobody left to tell that this failed.
        let _ = execute!(self.0, terminal::EnableLineWrap, cursor::Show, terminal::LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let start = Player { frame: 3, last: 5, playing: true, slowness: 1.0 };
        let pressed = |code: KeyCode| {
            let mut player = start.clone();
            assert!(player.press(code.into()).is_continue());
            (player.frame, player.playing)
        };
        assert_eq!(pressed(KeyCode::Right), (4, false));
        assert_eq!(pressed(KeyCode::Left), (2, false));
        assert_eq!(pressed(KeyCode::PageDown), (5, false));
        assert_eq!(pressed(KeyCode::Home), (0, false));
        assert_eq!(pressed(KeyCode::Char(' ')), (3, false));
        assert_eq!(pressed(KeyCode::Char('r')), (0, true));
        let left = |key: KeyEvent| start.clone().press(key).break_value();
        let control = |letter| KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
        assert_eq!(left(KeyCode::Char('q').into()), Some(Quit::Asked));
        assert_eq!(left(control('d')), Some(Quit::Asked));
        assert_eq!(left(control('c')), Some(Quit::Interrupted));
        assert_eq!(left(KeyCode::Char('c').into()), None);
    }

    #[test]
    fn events_leave_the_time_of_a_frame() {
        let (start, stands) = (Instant::now(), Duration::from_secs(2));
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut player = Player { frame: 3, last: 5, playing: true, slowness: 1.0 };
        let mut deadline = Deadline::default();
        for now in 0..5 {
            // A key without a meaning.
            assert!(player.press(KeyCode::Char('x').into()).is_continue());
            assert_eq!(deadline.of(&player, at(now), stands), Some(at(2)));
        }
        player.frame += 1;
        assert_eq!(deadline.of(&player, at(5), stands), Some(at(7)));
        assert!(player.press(KeyCode::Char('+').into()).is_continue());
        assert_eq!(deadline.of(&player, at(6), stands), Some(at(8)));
        assert!(player.press(KeyCode::Char(' ').into()).is_continue());
        assert_eq!(deadline.of(&player, at(7), stands), None);
        assert!(player.press(KeyCode::Char(' ').into()).is_continue());
        assert_eq!(deadline.of(&player, at(9), stands), Some(at(11)));
    }

    #[test]
    fn speed_has_bounds() {
        let mut player = Player { frame: 0, last: 5, playing: true, slowness: 1.0 };
        assert!((0..100).all(|_| player.press(KeyCode::Char('+').into()).is_continue()));
        assert_eq!(player.slowness, SPEEDS.0);
        assert!((0..100).all(|_| player.press(KeyCode::Char('-').into()).is_continue()));
        assert_eq!(player.slowness, SPEEDS.1);
    }
}
