//! GIF89a (W3C, 1990), looping by the NETSCAPE2.0 extension.

use std::io::Write;

use ::gif::{DisposalMethod, Encoder, Frame, Repeat};

use super::raster::{KEPT, Rasteriser};
use super::{ExportError, Film};

pub(super) fn write(film: &Film<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
    let raster = Rasteriser::new(film.options);
    let (width, height) = raster.size(film.options.size);
    let fit = |length: usize| u16::try_from(length).map_err(|_| ExportError::TooLong);
    let mut encoder = Encoder::new(out, fit(width)?, fit(height)?, &raster.palette)?;
    encoder.set_repeat(Repeat::Infinite)?;
    let mut before = None;
    for (screen, duration) in film.frames() {
        let pixels = raster.draw(&screen);
        let part = pixels.changed(before.as_ref());
        let frame = Frame {
            delay: u16::try_from(duration.as_millis() / 10).map_err(|_| ExportError::TooLong)?,
            dispose: DisposalMethod::Keep,
            left: fit(part.left)?,
            top: fit(part.top)?,
            width: fit(part.width)?,
            height: fit(part.height)?,
            transparent: before.is_some().then_some(KEPT),
            buffer: pixels.cut(part, before.as_ref()).into(),
            ..Frame::default()
        };
        encoder.write_frame(&frame)?;
        before = Some(pixels);
    }
    Ok(())
}
