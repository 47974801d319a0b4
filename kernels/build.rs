//! Compiles the kernels: with nvcc to PTX under feature `cuda`, for the host under feature `emulation`.

fn main() {
    println!("cargo::rerun-if-changed=cuda");
    println!("cargo::rerun-if-changed=emulation");
    #[cfg(feature = "cuda")]
    if let Err(why) = nvcc::compile() {
        println!("cargo::error={why}");
        std::process::exit(1);
    }
    #[cfg(feature = "emulation")]
    cc::Build::new()
        .cpp(true)
        .std("c++20")
        .opt_level(2)
        .include("cuda")
        .include("emulation")
        .flag("-ffp-contract=off")
        .flag("-Wno-unknown-pragmas")
        .file("emulation/emulation.cpp")
        .compile("pyprior_emulation");
}

#[cfg(feature = "cuda")]
mod nvcc {
    use std::ffi::OsString;
    use std::path::PathBuf;
    use std::process::Command;

    /// A module of kernels each.
    const SOURCES: [&str; 4] = ["mask", "sample", "lines", "words"];
    /// What candle takes as well. 80 runs on Ampere and everything later.
    const CAPABILITY: &str = "CUDA_COMPUTE_CAP";
    const LEAST: u32 = 80;

    /// Where nvcc is looked for, in this order.
    fn candidates() -> Vec<PathBuf> {
        let folders = ["CUDA_HOME", "CUDA_PATH", "CUDA_ROOT", "CUDA_TOOLKIT_ROOT_DIR"];
        let mut candidates = std::env::var_os("NVCC").map(PathBuf::from).into_iter().collect::<Vec<_>>();
        candidates.extend(folders.iter().filter_map(std::env::var_os).map(|home| PathBuf::from(home).join("bin/nvcc")));
        candidates.extend(["nvcc", "/usr/local/cuda/bin/nvcc", "/opt/cuda/bin/nvcc"].map(PathBuf::from));
        for name in folders.iter().chain(&["NVCC", "PATH", CAPABILITY]) {
            println!("cargo::rerun-if-env-changed={name}");
        }
        candidates
    }

    fn capability() -> Result<u32, String> {
        let Some(asked) = std::env::var_os(CAPABILITY) else { return Ok(LEAST) };
        let number = asked.to_string_lossy().replace('.', "").parse().ok();
        number.filter(|&number| number >= LEAST).ok_or_else(|| {
            format!("{CAPABILITY} is {asked:?}; it must be a compute capability of {LEAST} or more, such as 80 or 90")
        })
    }

    pub(super) fn compile() -> Result<(), String> {
        let answers =
            |nvcc: &PathBuf| Command::new(nvcc).arg("--version").output().is_ok_and(|out| out.status.success());
        let candidates = candidates();
        let nvcc = candidates.iter().find(|nvcc| answers(nvcc)).ok_or_else(|| {
            let tried = candidates.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
            format!(
                "feature `cuda` needs NVIDIA's compiler, and none of these answers: {tried}. Install the CUDA toolkit \
                 and set CUDA_HOME, or, to compile without a GPU, run: eval \"$(bash ci/cuda-toolkit)\""
            )
        })?;
        let capability = capability()?;
        let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
        for source in SOURCES {
            let mut arguments = ["-ptx", "-O3", "-std=c++17", "-fmad=false", "-o"].map(OsString::from).to_vec();
            arguments.push(out.join(source).with_extension("ptx").into());
            arguments.extend([format!("-arch=compute_{capability}"), format!("cuda/{source}.cu")].map(OsString::from));
            let run = Command::new(nvcc).args(arguments).output().map_err(|error| format!("{nvcc:?}: {error}"))?;
            if !run.status.success() {
                let said = String::from_utf8_lossy(&run.stderr);
                // A message of cargo's is one line.
                return Err(format!("{} cuda/{source}.cu: {}", nvcc.display(), said.replace('\n', " | ")));
            }
        }
        Ok(())
    }
}
