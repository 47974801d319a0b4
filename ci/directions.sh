#!/usr/bin/env bash
# Asserts which way dependencies point: nobody below knows anybody above.
set -euo pipefail
cd "$(dirname "$0")/.."

# never CRATE OTHER...: CRATE must not depend on any OTHER, directly or not, in a normal build.
never() {
    local crate=$1
    shift
    local tree
    tree=$(cargo tree -p "$crate" -e normal,build --prefix none --format '{p}' | awk '{print $1}' | sort -u)
    for other in "$@"; do
        if grep -qx "$other" <<<"$tree"; then
            echo "$crate depends on $other" >&2
            exit 1
        fi
        echo "$crate does not depend on $other"
    done
}

never pyprior-core pyprior pyprior-naive pyprior-show clap anyhow candle-core tokenizers
never pyprior-show pyprior pyprior-naive clap anyhow candle-core tokenizers
never pyprior-compare pyprior pyprior-naive pyprior-show pyprior-candle clap anyhow candle-core
never pyprior-naive pyprior pyprior-core pyprior-show
never pyprior-logic pyprior pyprior-core pyprior-naive pyprior-show clap anyhow candle-core tokenizers
never pyprior-sketch pyprior pyprior-naive pyprior-show pyprior-candle clap anyhow candle-core tokenizers

# The oracle must share nothing with what it is to contradict, not even a library.
count=$(cargo tree -p pyprior-naive -e normal,build --prefix none | sort -u | wc -l)
[ "$count" -eq 1 ] || { echo "pyprior-naive has dependencies" >&2; exit 1; }
echo "pyprior-naive depends on nothing"

# Datasets are above the core; a model comes to them behind a trait.
never pyprior-data pyprior pyprior-naive pyprior-show clap anyhow candle-core tokenizers object_store reqwest tokio

# Kernels know nothing of what launches them.
never pyprior-kernels pyprior pyprior-core pyprior-candle candle-core cudarc half

# candle is above the core, and below the command line.
never pyprior-candle pyprior pyprior-naive pyprior-show clap anyhow

# The package for Python stands above core, data, show, logic and sketch, beside the command line.
never pyprior-python pyprior pyprior-naive pyprior-compare object_store clap anyhow candle-core tokenizers

# unsafe stands where the design has it: instructions that are chosen at run time, weights that are mapped, launches of
# kernels on a device and in the emulation.
places='crates/pyprior-core/src/isa/
crates/pyprior-candle/src/files/mmap.rs
crates/pyprior-candle/src/mask.rs
crates/pyprior-candle/src/ops/lines.rs
crates/pyprior-candle/src/sample/fused.rs
kernels/src/emulation.rs
kernels/tests/emulation.rs'
found=$(grep -rlnE --include='*.rs' 'unsafe( \{| fn| impl| extern|_code)' crates kernels src examples benches tests |
    grep -vF "$places" || true)
[ -z "$found" ] || { echo "unsafe elsewhere: $found" >&2; exit 1; }
echo "unsafe stands in these places alone:" $places
