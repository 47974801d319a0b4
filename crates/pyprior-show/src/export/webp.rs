//! Animated WebP, lossless. The encoder writes still images; their data becomes frames here (RFC 9649, 2.7).

use std::io::Write;

use image_webp::{ColorType, WebPEncoder};

use super::raster::{Part, Rasteriser};
use super::{ExportError, Film};

/// Bit of the header that says that there are frames.
const ANIMATED: u8 = 1 << 1;
/// Bit of the header that says that there is alpha.
const ALPHA: u8 = 1 << 4;
/// How a frame goes with what it covers: transparent pixels leave that as it is, and it stays.
const BLEND: u8 = 0;
/// Of a still image: `RIFF`, its size, `WEBP`; behind it the chunk that a frame takes over.
const STILL_HEADER: usize = 12;

pub(super) fn write(film: &Film<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
    let raster = Rasteriser::new(film.options);
    let (width, height) = raster.size(film.options.size);
    let mut chunks = Vec::new();
    let header = [&[ANIMATED | ALPHA, 0, 0, 0][..], &three(width - 1)?, &three(height - 1)?].concat();
    chunk(&mut chunks, b"VP8X", &header)?;
    // Background (blue, green, red, alpha), and 0 for without end.
    chunk(&mut chunks, b"ANIM", &[0, 0, 0, 255, 0, 0])?;
    let mut before = None;
    for (screen, duration) in film.frames() {
        let pixels = raster.draw(&screen);
        let part = pixels.changed(before.as_ref());
        let Part { left, top, width, height } = part;
        let rgba = pixels.cut(part, before.as_ref());
        let rgba = rgba.iter().flat_map(|&index| raster.rgba(index)).collect::<Vec<_>>();
        let mut still = Vec::new();
        let fit = |length: usize| u32::try_from(length).map_err(|_| ExportError::TooLong);
        WebPEncoder::new(&mut still).encode(&rgba, fit(width)?, fit(height)?, ColorType::Rgba8)?;
        let milliseconds = usize::try_from(duration.as_millis()).map_err(|_| ExportError::TooLong)?;
        let place = [three(left / 2)?, three(top / 2)?, three(width - 1)?, three(height - 1)?, three(milliseconds)?];
        let frame = [&place.concat()[..], &[BLEND], still.get(STILL_HEADER..).unwrap_or_default()].concat();
        chunk(&mut chunks, b"ANMF", &frame)?;
        before = Some(pixels);
    }
    out.write_all(b"RIFF")?;
    out.write_all(&length(chunks.len() + 4)?)?;
    out.write_all(b"WEBP")?;
    out.write_all(&chunks)?;
    Ok(())
}

/// A number of 24 bits.
fn three(value: usize) -> Result<[u8; 3], ExportError> {
    match u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes() {
        [a, b, c, 0] => Ok([a, b, c]),
        _ => Err(ExportError::TooLong),
    }
}

fn length(len: usize) -> Result<[u8; 4], ExportError> {
    Ok(u32::try_from(len).map_err(|_| ExportError::TooLong)?.to_le_bytes())
}

/// Adds a chunk, filled up to an even length.
fn chunk(chunks: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) -> Result<(), ExportError> {
    chunks.extend_from_slice(name);
    chunks.extend(length(data.len())?);
    chunks.extend_from_slice(data);
    chunks.resize(chunks.len().next_multiple_of(2), 0);
    Ok(())
}
