//! Tensors on the CPU as slices of f32, and where in its memory a tensor lies.

use candle_core::{Layout, Result, Storage, Tensor, bail};

/// Numbers that one thread should have at least, for a second one to be worth waking.
const WORTH_A_THREAD: usize = 1 << 14;

/// Hands the numbers of a contiguous f32 tensor on the CPU to `read`, without a copy.
pub(crate) fn with_slice<R>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> Result<R>) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(cpu) = &*storage else { bail!("expected a tensor on the CPU") };
    let Some((begin, end)) = layout.contiguous_offsets() else { bail!("expected a contiguous tensor") };
    match cpu.as_slice::<f32>()?.get(begin..end) {
        Some(slice) => read(slice),
        None => bail!("a tensor beyond its storage"),
    }
}

/// How many rows of `width` numbers one thread should take at least.
pub(super) fn rows_worth_a_thread(width: usize) -> usize {
    WORTH_A_THREAD.div_ceil(width.max(1))
}

/// The places of a contiguous tensor's numbers in its memory.
pub(crate) fn span(op: &'static str, layout: &Layout) -> Result<std::ops::Range<usize>> {
    let (start, end) = layout.contiguous_offsets().ok_or(candle_core::Error::RequiresContiguous { op })?;
    Ok(start..end)
}
