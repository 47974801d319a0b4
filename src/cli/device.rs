//! `--device`: where a model computes.

use std::io::Write as _;
use std::str::FromStr;

use anyhow::{Context as _, bail};
use candle_core::Device;

/// Where a model computes, as the flag says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum DeviceArg {
    /// A GPU if this build can use one and one is there, else the CPU.
    #[default]
    Auto,
    Cpu,
    /// The nth CUDA device.
    Cuda(usize),
    Metal,
}

impl FromStr for DeviceArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "metal" => Ok(Self::Metal),
            "cuda" => Ok(Self::Cuda(0)),
            _ => text
                .strip_prefix("cuda:")
                .and_then(|nth| nth.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| "expected auto, cpu, cuda:N or metal".to_owned()),
        }
    }
}

impl DeviceArg {
    /// The device. What was asked for by name is there or an error; `auto` falls back to the CPU, and says so on
    /// standard error. Candle's own `cuda_if_available` asks how it was built, not what is there.
    pub(crate) fn open(self) -> anyhow::Result<Device> {
        match self {
            Self::Cpu => Ok(Device::Cpu),
            Self::Cuda(nth) => cuda(nth),
            Self::Metal => metal(),
            Self::Auto => {
                let found = if cfg!(feature = "metal") { metal() } else { cuda(0) };
                found.or_else(|error| {
                    // A notice that cannot be written is not worth failing for.
                    let _ = writeln!(std::io::stderr(), "note: computing on the CPU: {error:#}");
                    Ok(Device::Cpu)
                })
            }
        }
    }
}

fn cuda(nth: usize) -> anyhow::Result<Device> {
    if !cfg!(feature = "cuda") {
        bail!("this build cannot use CUDA devices (build it with --features cuda)");
    }
    Device::new_cuda(nth).with_context(|| format!("no CUDA device {nth}"))
}

fn metal() -> anyhow::Result<Device> {
    if !cfg!(feature = "metal") {
        bail!("this build cannot use Metal devices (build it with --features metal)");
    }
    Device::new_metal(0).context("no Metal device")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let parsed = ["auto", "cpu", "cuda", "cuda:3", "metal"].map(|text| text.parse());
        let wanted = [DeviceArg::Auto, DeviceArg::Cpu, DeviceArg::Cuda(0), DeviceArg::Cuda(3), DeviceArg::Metal];
        assert_eq!(parsed, wanted.map(Ok));
        for text in ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "CPU"] {
            assert!(text.parse::<DeviceArg>().is_err(), "{text}");
        }
    }

    #[test]
    fn auto_always_finds_a_device() -> anyhow::Result<()> {
        DeviceArg::Auto.open().map(drop)
    }
}
