//! Weight files mapped into memory: the one place of this crate with `unsafe`.
#![allow(unsafe_code)]

use std::path::Path;

use candle_core::Result;
use candle_core::safetensors::MmapedSafetensors;

/// Maps a safetensors file and reads its header; the numbers are read when they are asked for.
pub(super) fn map(path: &Path) -> Result<MmapedSafetensors> {
    // SAFETY: a mapping is sound as long as nobody shortens or rewrites the file meanwhile, which no program can rule
    // out; candle leaves it to the caller. The mapping is private to the loading of a model, which copies every tensor
    // and then lets go of it, and files written here are renamed into place, never rewritten.
    unsafe { MmapedSafetensors::new(path) }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;

    #[test]
    fn a_mapped_tensor_outlives_its_file() {
        let path = std::env::temp_dir().join(format!("pyprior-mmap-{}.safetensors", std::process::id()));
        let tensor = Tensor::new(&[[1.5_f32, -2.0], [3.25, 4.0]], &Device::Cpu).unwrap();
        tensor.save_safetensors("t", &path).unwrap();
        let mapped = map(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let loaded = mapped.load("t", &Device::Cpu).unwrap();
        drop(mapped);
        assert_eq!(loaded.to_vec2::<f32>().unwrap(), [[1.5, -2.0], [3.25, 4.0]]);
    }

    #[test]
    fn an_empty_file_is_an_error() {
        let path = std::env::temp_dir().join(format!("pyprior-mmap-empty-{}.safetensors", std::process::id()));
        std::fs::write(&path, "").unwrap();
        assert!(map(&path).is_err());
        std::fs::remove_file(&path).unwrap();
    }
}
