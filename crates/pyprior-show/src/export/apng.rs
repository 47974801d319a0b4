//! Animated PNG (PNG specification, third edition), with a palette.

use std::io::Write;

use png::{BitDepth, BlendOp, ColorType, DisposeOp, Encoder};

use super::raster::{KEPT, Part, Rasteriser};
use super::{ExportError, Film};

pub(super) fn write(film: &Film<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
    let raster = Rasteriser::new(film.options);
    let (width, height) = raster.size(film.options.size);
    let fit = |length: usize| u32::try_from(length).map_err(|_| ExportError::TooLong);
    let mut encoder = Encoder::new(out, fit(width)?, fit(height)?);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(raster.palette.as_slice());
    // Alpha of the indices up to the one that is transparent; the others are opaque.
    encoder.set_trns(vec![0; usize::from(KEPT) + 1]);
    encoder.set_animated(fit(film.len())?, 0)?;
    encoder.set_blend_op(BlendOp::Over)?;
    encoder.set_dispose_op(DisposeOp::None)?;
    let mut writer = encoder.write_header()?;
    let mut before = None;
    for (screen, duration) in film.frames() {
        let pixels = raster.draw(&screen);
        let Part { left, top, width, height } = pixels.changed(before.as_ref());
        if before.is_some() {
            // The first frame is all of the image, and says so already.
            writer.reset_frame_position()?;
            writer.set_frame_dimension(fit(width)?, fit(height)?)?;
            writer.set_frame_position(fit(left)?, fit(top)?)?;
        }
        let hundredths = u16::try_from(duration.as_millis() / 10).map_err(|_| ExportError::TooLong)?;
        writer.set_frame_delay(hundredths, 100)?;
        writer.write_image_data(&pixels.cut(Part { left, top, width, height }, before.as_ref()))?;
        before = Some(pixels);
    }
    Ok(writer.finish()?)
}
