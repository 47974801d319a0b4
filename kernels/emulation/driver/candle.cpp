#include "candle.h"

#include <cstdint>
#include <cstring>

namespace {

using Bytes = unsigned char;

template <class T>
T argument(void *const *arguments, int nth) {
    return *static_cast<const T *>(arguments[nth]);
}

// Bytes of an element of a type by candle's name for it; 0 for none.
size_t width_of(const std::string &type) {
    if (type == "u8") return 1;
    if (type == "f16" || type == "bf16" || type == "i16") return 2;
    if (type == "f32" || type == "u32" || type == "i32") return 4;
    if (type == "f64" || type == "i64") return 8;
    return 0;
}

// Where element `index` lies: `info` holds the dimensions and then their strides, or nothing is there if it is dense.
size_t place(size_t index, size_t dims, const size_t *info) {
    if (info == nullptr) return index;
    size_t at = 0;
    for (size_t d = dims; d-- > 0; index /= info[d]) at += index % info[d] * info[dims + d];
    return at;
}

// (from, to, rows, columns, stride of from, stride of to)
void copy2d(size_t width, void *const *arguments) {
    auto from = argument<const Bytes *>(arguments, 0);
    auto to = argument<Bytes *>(arguments, 1);
    auto columns = argument<uint32_t>(arguments, 3);
    for (size_t row = 0; row < argument<uint32_t>(arguments, 2); ++row) {
        memcpy(to + row * argument<uint32_t>(arguments, 5) * width, from + row * argument<uint32_t>(arguments, 4) * width,
               columns * width);
    }
}

// (elements, dimensions, info, from, to): from strided to dense.
void ucopy(size_t width, void *const *arguments) {
    auto dims = argument<size_t>(arguments, 1);
    auto info = argument<const size_t *>(arguments, 2);
    auto from = argument<const Bytes *>(arguments, 3);
    auto to = argument<Bytes *>(arguments, 4);
    for (size_t i = 0; i < argument<size_t>(arguments, 0); ++i) {
        memcpy(to + i * width, from + place(i, dims, info) * width, width);
    }
}

// (elements, dimensions, info, value, to)
void const_set(size_t width, void *const *arguments) {
    auto dims = argument<size_t>(arguments, 1);
    auto info = argument<const size_t *>(arguments, 2);
    auto to = argument<Bytes *>(arguments, 4);
    for (size_t i = 0; i < argument<size_t>(arguments, 0); ++i) {
        memcpy(to + place(i, dims, info) * width, arguments[3], width);
    }
}

}  // namespace

bool candle_kernel(const std::string &name, void *const *arguments) {
    auto split = name.rfind('_');
    if (split == std::string::npos) return false;
    auto operation = name.substr(0, split);
    auto width = width_of(name.substr(split + 1));
    if (width == 0) return false;
    if (operation == "copy2d") return copy2d(width, arguments), true;
    if (operation == "ucopy") return ucopy(width, arguments), true;
    if (operation == "const_set") return const_set(width, arguments), true;
    return false;
}
