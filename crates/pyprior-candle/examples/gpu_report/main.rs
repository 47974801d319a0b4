//! What kernels and loop take on a device, as a page of Markdown: `ci/gpu-day` runs it after the tests.
//!
//! `cargo run --release --features cuda -p pyprior-candle --example gpu_report -- [cuda:N | cpu] [GB/s]`
//!
//! The bandwidth (3,350 GB/s, that of an H100, unless given) is for the column that says how near a kernel comes to it.
//! `cpu` takes small sizes: to see that this program works.

mod kernels;
mod programs;

use candle_core::Device;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "cuda:0".to_owned());
    let device = match name.strip_prefix("cuda:") {
        Some(nth) => Device::new_cuda(nth.parse()?)?,
        None => Device::Cpu,
    };
    let bandwidth = arguments.next().map_or(Ok(3350.0), |text| text.parse::<f64>())? * 1e9;
    println!("# {name}\n\nTimes are medians, with the device waited for around each run.\n");
    kernels::report(&device, bandwidth)?;
    programs::report(&device)
}
