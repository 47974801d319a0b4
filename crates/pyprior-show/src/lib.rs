#![doc = include_str!("../README.md")]

mod ansi;
mod export;
mod font;
mod highlight;
mod holes;
mod layout;
mod marks;
mod menu;
mod plain;
mod player;
mod replay;
mod screen;
mod theme;
mod timing;
mod views;

pub use ansi::{Colours, update};
pub use export::{ExportError, ExportOptions, Format, export};
pub use font::FontSize;
pub use layout::layout;
pub use plain::write_plain;
pub use player::{Quit, play};
pub use replay::{Phase, Replay, View};
pub use screen::{Cell, Screen, Size, Style};
pub use theme::Rgb;
pub use timing::Timing;
pub use views::Views;
