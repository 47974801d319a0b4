// Kernels that compute, in f32.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "candle.h"

namespace candle {
namespace {

using Unary = float (*)(float);
using Binary = float (*)(float, float);

const std::map<std::string, Unary> UNARY = {
    {"uexp", [](float x) { return std::exp(x); }},
    {"uneg", [](float x) { return -x; }},
    {"urecip", [](float x) { return 1 / x; }},
    {"usilu", [](float x) { return x / (1 + std::exp(-x)); }},
    {"usqr", [](float x) { return x * x; }},
    {"usqrt", [](float x) { return std::sqrt(x); }},
};

const std::map<std::string, Binary> BINARY = {
    {"badd", [](float x, float y) { return x + y; }},
    {"bdiv", [](float x, float y) { return x / y; }},
    {"bmul", [](float x, float y) { return x * y; }},
    {"bsub", [](float x, float y) { return x - y; }},
};

// (elements, dimensions, info, from, to)
void unary(Unary apply, void *const *arguments) {
    auto dims = argument<size_t>(arguments, 1);
    auto info = argument<const size_t *>(arguments, 2);
    auto from = argument<const float *>(arguments, 3);
    auto to = argument<float *>(arguments, 4);
    for (size_t i = 0; i < argument<size_t>(arguments, 0); ++i) to[i] = apply(from[place(i, dims, info)]);
}

// (elements, dimensions, info, left, right, to): info holds dimensions and the strides of both.
void binary(Binary apply, void *const *arguments) {
    auto dims = argument<size_t>(arguments, 1);
    auto info = argument<const size_t *>(arguments, 2);
    auto left = argument<const float *>(arguments, 3);
    auto right = argument<const float *>(arguments, 4);
    auto to = argument<float *>(arguments, 5);
    for (size_t i = 0; i < argument<size_t>(arguments, 0); ++i) {
        to[i] = apply(left[place(i, dims, info, info + dims)], right[place(i, dims, info, info + 2 * dims)]);
    }
}

// (elements, dimensions, info, from, to, factor, summand)
void affine(void *const *arguments) {
    auto dims = argument<size_t>(arguments, 1);
    auto info = argument<const size_t *>(arguments, 2);
    auto from = argument<const float *>(arguments, 3);
    auto to = argument<float *>(arguments, 4);
    for (size_t i = 0; i < argument<size_t>(arguments, 0); ++i) {
        to[i] = from[place(i, dims, info)] * argument<float>(arguments, 5) + argument<float>(arguments, 6);
    }
}

// (elements of `to` if `is_small` and of `from` if not, how many are one, dimensions, info, from, to)
void reduce(bool is_small, float first, Binary join, void *const *arguments) {
    auto each = argument<size_t>(arguments, 1);
    auto dims = argument<size_t>(arguments, 2);
    auto info = argument<const size_t *>(arguments, 3);
    auto from = argument<const float *>(arguments, 4);
    auto to = argument<float *>(arguments, 5);
    auto count = argument<size_t>(arguments, 0) / (is_small ? 1 : each);
    for (size_t i = 0; i < count; ++i) {
        float all = first;
        for (size_t j = i * each; j < (i + 1) * each; ++j) all = join(all, from[place(j, dims, info)]);
        to[i] = all;
    }
}

}  // namespace

bool computes(const std::string &operation, void *const *arguments) {
    if (auto found = UNARY.find(operation); found != UNARY.end()) return unary(found->second, arguments), true;
    if (auto found = BINARY.find(operation); found != BINARY.end()) return binary(found->second, arguments), true;
    if (operation == "affine") return affine(arguments), true;
    bool is_small = operation == "fast_sum_small";
    if (is_small || operation == "fast_sum") return reduce(is_small, 0, BINARY.at("badd"), arguments), true;
    auto larger = [](float x, float y) { return std::max(x, y); };
    if (operation == "fast_max") return reduce(false, -std::numeric_limits<float>::infinity(), larger, arguments), true;
    return false;
}

}  // namespace candle
