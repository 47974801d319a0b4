//! Lines of a tensor written to given places of another, in place: new keys and values into a cache.

use candle_core::{CpuStorage, Device, InplaceOp3, Layout, Result, Tensor};

use super::span;

/// Name of the operation.
const NAME: &str = "write-lines";

/// Which line of a tensor each line of another goes to; all different.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    /// `[count]`, `u32`
    places: Tensor,
    /// The last of them and the ones before lie below this.
    end: usize,
}

impl Lines {
    /// Places on a device.
    pub(crate) fn new(places: &[u32], device: &Device) -> Result<Self> {
        let end = places.iter().max().map_or(0, |&last| last as usize + 1);
        Ok(Self { places: Tensor::new(places, device)?, end })
    }

    /// Writes line i of `from` `[count, width]` to line i of these of `into` `[lines, width]`, in the memory that `into`
    /// shares with others.
    ///
    /// # Errors
    ///
    /// An error if shapes, types, devices or strides do not fit, or if there is no such line; nothing has been written.
    pub(crate) fn write(&self, into: &Tensor, from: &Tensor) -> Result<()> {
        let ((lines, width), (count, from_width)) = (into.dims2()?, from.dims2()?);
        let same_device = |other: &Tensor| into.device().same_device(other.device());
        if (count, width) != (self.places.dim(0)?, from_width) || into.dtype() != from.dtype() {
            candle_core::bail!("lines of {from:?} do not fit into {into:?}");
        }
        if self.end > lines {
            candle_core::bail!("there is no line {}: there are {lines}", self.end - 1);
        }
        if !(into.is_contiguous() && from.is_contiguous() && same_device(from) && same_device(&self.places)) {
            candle_core::bail!("lines are moved between contiguous tensors of one device");
        }
        if from.elem_count() == 0 {
            return Ok(());
        }
        match into.device() {
            Device::Metal(_) => {
                into.scatter_set(&self.places.reshape((count, 1))?.broadcast_as((count, width))?.contiguous()?, from, 0)
            }
            _ => into.inplace_op3(from, &self.places, &Write),
        }
    }
}

/// The operation: into, from, places; all has been checked.
struct Write;

impl InplaceOp3 for Write {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        into: &mut CpuStorage,
        into_layout: &Layout,
        from: &CpuStorage,
        from_layout: &Layout,
        places: &CpuStorage,
        places_layout: &Layout,
    ) -> Result<()> {
        fn copy<T: Copy>(into: &mut [T], from: &[T], places: &[u32], width: usize) {
            for (from, &place) in from.chunks_exact(width).zip(places) {
                into[place as usize * width..][..width].copy_from_slice(from);
            }
        }
        let (_, width) = into_layout.shape().dims2()?;
        let places = &places.as_slice::<u32>()?[span(NAME, places_layout)?];
        let (to, there) = (span(NAME, into_layout)?, span(NAME, from_layout)?);
        match (into, from) {
            (CpuStorage::F32(into), CpuStorage::F32(from)) => copy(&mut into[to], &from[there], places, width),
            (CpuStorage::F16(into), CpuStorage::F16(from)) => copy(&mut into[to], &from[there], places, width),
            (CpuStorage::BF16(into), CpuStorage::BF16(from)) => copy(&mut into[to], &from[there], places, width),
            _ => candle_core::bail!("lines of a type that models do not have"),
        }
        Ok(())
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        into: &mut candle_core::CudaStorage,
        into_layout: &Layout,
        from: &candle_core::CudaStorage,
        from_layout: &Layout,
        places: &candle_core::CudaStorage,
        places_layout: &Layout,
    ) -> Result<()> {
        use candle_core::backend::BackendStorage;
        use candle_core::cuda_backend::cudarc::driver::PushKernelArg;
        use candle_core::cuda_backend::{CudaStorageSlice, WrapErr};

        use crate::cuda::prepare;

        let (count, width) = from_layout.shape().dims2()?;
        let size = into.dtype().size_in_bytes();
        let (to, there) = (span(NAME, into_layout)?, span(NAME, from_layout)?);
        let places = places.as_cuda_slice::<u32>()?.slice(span(NAME, places_layout)?);
        // Memory itself begins at multiples of 256 bytes.
        let is_aligned = (to.start * size).is_multiple_of(16) && (there.start * size).is_multiple_of(16);
        let (launch, units) =
            pyprior_kernels::write_lines(count, width * size, is_aligned).map_err(candle_core::Error::wrap)?;
        let (function, grid) = prepare(into.device(), Ok(launch))?;
        let count = count as u32;
        macro_rules! launch {
            ($into:expr, $from:expr) => {{
                let (mut into, from) = ($into.slice_mut(to), $from.slice(there));
                let mut launch = function.builder();
                launch.arg(&mut into).arg(&from).arg(&places).arg(&count).arg(&units);
                // SAFETY: these are the kernel's arguments; places are lines of `into`, which are as wide as those of `from`.
                #[allow(unsafe_code)]
                unsafe { launch.launch(grid) }.w()?;
            }};
        }
        match (&mut into.slice, &from.slice) {
            (CudaStorageSlice::F32(into), CudaStorageSlice::F32(from)) => launch!(into, from),
            (CudaStorageSlice::F16(into), CudaStorageSlice::F16(from)) => launch!(into, from),
            (CudaStorageSlice::BF16(into), CudaStorageSlice::BF16(from)) => launch!(into, from),
            _ => candle_core::bail!("lines of a type that models do not have"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use candle_core::DType;

    use super::*;

    #[test]
    fn lines_go_to_their_places_or_nowhere() {
        let lines = Lines::new(&[3, 0], &Device::Cpu).unwrap();
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            let memory = Tensor::zeros((6, 3), dtype, &Device::Cpu).unwrap();
            let into = memory.narrow(0, 1, 4).unwrap();
            let from = Tensor::arange(1_f32, 7.0, &Device::Cpu).unwrap().reshape((2, 3)).unwrap();
            let from = from.to_dtype(dtype).unwrap();
            lines.write(&into, &from).unwrap();
            let numbers = memory.to_dtype(DType::F32).unwrap().to_vec2::<f32>().unwrap();
            let none = [0.0; 3];
            assert_eq!(numbers, [none, [4.0, 5.0, 6.0], none, none, [1.0, 2.0, 3.0], none]);
        }
        let zeros = |shape: (usize, usize), dtype| Tensor::zeros(shape, dtype, &Device::Cpu).unwrap();
        let into = zeros((4, 3), DType::F32);
        let ones = Tensor::ones((2, 3), DType::F32, &Device::Cpu).unwrap();
        for from in [zeros((3, 3), DType::F32), zeros((2, 4), DType::F32), zeros((2, 3), DType::F16)] {
            assert!(lines.write(&into, &from).is_err());
        }
        assert!(lines.write(&into.narrow(0, 0, 3).unwrap(), &ones).is_err());
        assert!(lines.write(&into.t().unwrap().contiguous().unwrap().t().unwrap(), &ones).is_err());
        let strided = Tensor::ones((3, 2), DType::F32, &Device::Cpu).unwrap().t().unwrap();
        assert!(lines.write(&into, &strided).is_err());
        assert_eq!(into.to_vec2::<f32>().unwrap(), [[0.0; 3]; 4]);
    }
}
