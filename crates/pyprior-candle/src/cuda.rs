//! Kernels of `pyprior-kernels` launched on candle's CUDA devices.
//!
//! A device of candle's has one stream for each thread of the host. On it copies, candle's operations and these launches run
//! in the order in which they are made: what a kernel reads is there, and memory that is freed on the host while a kernel
//! still uses it is given back behind the kernel. Between threads nothing orders them: whoever hands a device's tensors to
//! another thread calls `device.synchronize()` first.

use std::sync::Arc;

use candle_core::cuda_backend::CudaDevice;
use candle_core::cuda_backend::cudarc::driver::{CudaFunction, CudaStream, LaunchArgs, LaunchConfig};
use candle_core::{DType, Error, Result};
use pyprior_kernels::{Element, Launch, LaunchError, ptx};

/// A function and the stream that it runs on: what candle gives of both has no name outside of candle.
pub(crate) struct Function {
    function: CudaFunction,
    stream: Arc<CudaStream>,
}

impl Function {
    /// A launch without arguments.
    pub(crate) fn builder(&self) -> LaunchArgs<'_> {
        self.stream.launch_builder(&self.function)
    }
}

/// A function ready to be launched, and its grid.
pub(crate) fn prepare(
    device: &CudaDevice,
    launch: std::result::Result<Launch, LaunchError>,
) -> Result<(Function, LaunchConfig)> {
    let Launch { kernel, module, blocks, threads } = launch.map_err(Error::wrap)?;
    let grid = LaunchConfig { grid_dim: (blocks, 1, 1), block_dim: (threads, 1, 1), shared_mem_bytes: 0 };
    // Modules of others on the same device have names too.
    let function = device.get_or_load_custom_func(kernel, &format!("pyprior-{module}"), ptx::of(module))?;
    Ok((Function { function: function.into_cuda_function(), stream: device.cuda_stream() }, grid))
}

/// The kernels' name of a type.
pub(crate) fn element(dtype: DType) -> Result<Element> {
    match dtype {
        DType::F32 => Ok(Element::F32),
        DType::F16 => Ok(Element::F16),
        DType::BF16 => Ok(Element::Bf16),
        _ => Err(Error::UnsupportedDTypeForOp(dtype, "a kernel of logits").bt()),
    }
}

/// What a pointer is that no memory stands behind.
pub(crate) const NULL: u64 = 0;
