// Kernels that move numbers of any type, and which is which.
#include "candle.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "log.h"

namespace candle {

bool computes(const std::string &operation, void *const *arguments);

namespace {

using Bytes = unsigned char;

// Bytes of an element of a type by candle's name for it; 0 for none.
size_t width_of(const std::string &type) {
    if (type == "u8") return 1;
    if (type == "f16" || type == "bf16" || type == "i16") return 2;
    if (type == "f32" || type == "u32" || type == "i32") return 4;
    if (type == "f64" || type == "i64") return 8;
    return 0;
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

// (elements, dimensions, info, ids, from, to, left, lines, count, right): lines of `from` [left, lines, right]. A
// device stops at a line that is not there.
bool index_select(size_t width, void *const *arguments) {
    auto ids = argument<const uint32_t *>(arguments, 3);
    auto from = argument<const Bytes *>(arguments, 4);
    auto to = argument<Bytes *>(arguments, 5);
    auto [left, lines, count, right] = std::array{argument<size_t>(arguments, 6), argument<size_t>(arguments, 7),
                                                  argument<size_t>(arguments, 8), argument<size_t>(arguments, 9)};
    for (size_t i = 0; i < left * count; ++i) {
        uint32_t id = ids[i % count];
        if (id >= lines) {
            complain("line %u of %zu was asked for", id, lines);
            return false;
        }
        memcpy(to + i * right * width, from + (i / count * lines + id) * right * width, right * width);
    }
    return true;
}

}  // namespace
}  // namespace candle

bool candle_kernel(const std::string &name, void *const *arguments) {
    using namespace candle;
    auto split = name.rfind('_');
    if (split == std::string::npos) return false;
    auto operation = name.substr(0, split);
    auto width = width_of(name.substr(split + 1));
    if (width == 0) return false;
    if (operation == "copy2d") return copy2d(width, arguments), true;
    if (operation == "ucopy") return ucopy(width, arguments), true;
    if (operation == "const_set") return const_set(width, arguments), true;
    if (operation == "is_u32") return index_select(width, arguments);
    return name.ends_with("_f32") && computes(operation, arguments);
}
