#!/usr/bin/env bash
# nvcc, but for the crate candle-kernels: see ci/cuda-placeholders.sh, which copies it and sets NVCC.
set -euo pipefail

[[ ${CARGO_MANIFEST_DIR:-} == */candle-kernels-* ]] || exec nvcc "$@"

action= output= directory= source=
for ((i = 1; i <= $#; i++)); do
    next=$((i + 1))
    case ${!i} in
        --ptx | --lib | -c) action=${!i} ;;
        -o) output=${!next} ;;
        --output-directory) directory=${!next} ;;
        *.cu) source=${!i} ;;
    esac
done

case $action in
    --ptx)
        output=$directory/$(basename "$source" .cu).ptx
        echo "// no PTX: made by ci/cuda-placeholders.sh; cargo clean -p candle-kernels, and build again" >"$output"
        ;;
    -c) : >"$output" ;;
    --lib)
        # Every function that the crate declares.
        functions=$(sed -nE 's/^ *pub fn (\w+).*/\1/p' "$CARGO_MANIFEST_DIR/src/ffi.rs" | sort -u)
        {
            echo '#include <stdio.h>'
            echo '#include <stdlib.h>'
            for function in $functions; do
                echo "void $function(void) { fputs(\"$function: a placeholder, not a kernel\\n\", stderr); abort(); }"
            done
        } | cc -x c -fPIC -c -o "$output.o" -
        rm -f "$output"
        ar rcs "$output" "$output.o"
        ;;
    *) exec nvcc "$@" ;;
esac
touch "$(dirname "$0")/made"
