//! Colours: one for each form of tokens, in the menu and in the source alike.

use std::collections::BTreeSet;

use pyprior_core::Form;

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rgb(pub u8, pub u8, pub u8);

pub(crate) const BACK: Rgb = Rgb(0x11, 0x15, 0x1c);
pub(crate) const PANEL: Rgb = Rgb(0x1a, 0x21, 0x30);
pub(crate) const TEXT: Rgb = Rgb(0xe6, 0xeb, 0xf5);
pub(crate) const DIM: Rgb = Rgb(0x8a, 0x97, 0xad);
pub(crate) const FAINT: Rgb = Rgb(0x5f, 0x73, 0x96);
/// What lies behind the hole that is to be filled.
pub(crate) const TARGET: Rgb = Rgb(0x3b, 0x52, 0x84);
/// What lies behind the token taken, and behind what it has written.
pub(crate) const FLASH: Rgb = Rgb(0xff, 0xd7, 0x5f);
pub(crate) const BAR: Rgb = Rgb(0x2a, 0x35, 0x4b);
pub(crate) const BUSY: Rgb = Rgb(0x8f, 0xb8, 0xff);
pub(crate) const DONE: Rgb = Rgb(0x7f, 0xd1, 0xb9);
pub(crate) const FAILED: Rgb = Rgb(0xff, 0x8f, 0x7a);

/// The colour of a form.
pub(crate) const fn of(form: Form) -> Rgb {
    match form {
        Form::Var => Rgb(0x7f, 0xd1, 0xb9),
        Form::Const => Rgb(0xe8, 0xc0, 0x7d),
        Form::BinOp | Form::Compare => Rgb(0x8f, 0xb8, 0xff),
        Form::Func | Form::Call | Form::Arity => Rgb(0xd9, 0xa0, 0xf3),
        Form::Return | Form::Print | Form::Assign => Rgb(0xff, 0x9e, 0x8a),
        Form::If | Form::For => Rgb(0xf2, 0x8f, 0xb8),
        _ => Rgb(0xc5, 0xce, 0xdd),
    }
}

/// All pairs of a background and the ink on it that a screen has.
pub(crate) fn pairs() -> BTreeSet<(Rgb, Rgb)> {
    let own = [TEXT, DIM, FAINT, BAR, BUSY, DONE, FAILED];
    let inks = || own.into_iter().chain(Form::ALL.into_iter().map(of));
    let plain = [BACK, PANEL].into_iter().flat_map(|back| inks().map(move |ink| (back, ink)));
    plain.chain([(TARGET, TEXT), (FLASH, BACK)]).collect()
}
