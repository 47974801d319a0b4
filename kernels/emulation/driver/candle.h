// Those of candle's own kernels that the tests need, for whole tensors at a time: what is tested is who calls them, and
// with what.
#pragma once

#include <cstddef>
#include <string>

// Runs the kernel of that name; false if it is not here.
bool candle_kernel(const std::string &name, void *const *arguments);

namespace candle {

template <class T>
T argument(void *const *arguments, int nth) {
    return *static_cast<const T *>(arguments[nth]);
}

// Where element `index` lies: `info` holds the dimensions, and `strides` their strides; null if it is dense.
inline size_t place(size_t index, size_t dims, const size_t *info, const size_t *strides) {
    if (info == nullptr) return index;
    size_t at = 0;
    for (size_t d = dims; d-- > 0; index /= info[d]) at += index % info[d] * strides[d];
    return at;
}

inline size_t place(size_t index, size_t dims, const size_t *info) { return place(index, dims, info, info + dims); }

}  // namespace candle
