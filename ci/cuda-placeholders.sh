# For scripts that build with the feature cuda and never run candle's own kernels: source ci/cuda-placeholders.sh
#
# nvcc takes twenty minutes and more for candle's kernels, most of them products of quantised matrices that nothing
# here uses. `cargo check` asks of them that the files are there. So NVCC is a wrapper that makes placeholders for
# the crate candle-kernels and runs the true nvcc for all else, this project's kernels among it. A placeholder is
# no PTX and a driver refuses it, and what links the library of placeholders ends with its name when it calls it;
# none is left behind: at the end, if any was made, the build of candle-kernels is removed.
eval "$(bash ci/cuda-toolkit)"
placeholders=$(mkdir -p "${CARGO_TARGET_DIR:-target}/cuda-placeholders" && cd "${CARGO_TARGET_DIR:-target}/cuda-placeholders" && pwd)
rm -f "$placeholders/made"
cp ci/nvcc-placeholders.sh "$placeholders/nvcc"
chmod +x "$placeholders/nvcc"
export NVCC=$placeholders/nvcc
trap '[ ! -e "$placeholders/made" ] || cargo clean --quiet -p candle-kernels' EXIT
