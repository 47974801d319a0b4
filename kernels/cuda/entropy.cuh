// The entropy of a model over the tokens in question: what mode entropy weighs model and prior by. A small mistake in it
// is multiplied by how far the two lie apart, hence `double`: for the tokens that are in question alone, and in this mode.
#pragma once

#include "number.cuh"

INLINE double double_of(uint64_t bits) {
#ifdef __CUDACC__
    return __longlong_as_double(int64_t(bits));
#else
    return std::bit_cast<double>(bits);
#endif
}

INLINE uint64_t bits_of(double x) {
#ifdef __CUDACC__
    return uint64_t(__double_as_longlong(x));
#else
    return std::bit_cast<uint64_t>(x);
#endif
}

// e to the power x of a number that is not positive, to some 1e-15; 0 from -700 on.
INLINE double exp_of(double x) {
    if (x < -700.0) return 0.0;
    constexpr double ROUND = 6755399441055744.0;
    const double rounded = fma(x, 1.4426950408889634, ROUND), n = rounded - ROUND;
    const double r = fma(n, -1.9082149292705877e-10, fma(n, -0.69314718036912382, x));
    double series = 1.0 / 6227020800.0, factorial = 479001600.0;
#pragma unroll
    for (int k = 12; k >= 0; k--) {
        series = fma(series, r, 1.0 / factorial);
        factorial /= k > 0 ? k : 1;
    }
    return series * double_of((bits_of(rounded) + 1023) << 52);
}

// The natural logarithm of a normal number, to some 1e-15.
INLINE double ln_of(double x) {
    const uint64_t bits = bits_of(x);
    const double exponent = double(int(bits >> 52) - 1023);
    const double fraction = double_of((bits & 0xfffffffffffffull) | 0x3ff0000000000000ull);
    const double s = (fraction - 1.0) / (fraction + 1.0), square = s * s;
    double series = 0.0;
#pragma unroll
    for (int k = 16; k >= 0; k--) series = fma(series, square, 1.0 / (2 * k + 1));
    return fma(exponent, 0.69314718055994531, 2.0 * s * series);
}

// The largest of some logits, and the sums of e^d and d e^d, d = logit - largest.
struct Spread {
    float most;
    double sum, moment;
};

INLINE Spread no_spread() { return {0.0f, 0.0, 0.0}; }

// The same bits whichever of the two is called a.
INLINE Spread merged(Spread a, Spread b) {
    if (a.sum == 0.0) return b;
    if (b.sum == 0.0) return a;
    const Spread first = a.most < b.most ? b : a, second = a.most < b.most ? a : b;
    const double shift = double(second.most) - double(first.most), factor = exp_of(shift);
    // 0 times a large number; not 0 times infinity, for differences of floats are finite here.
    return {first.most, first.sum + factor * second.sum, first.moment + factor * (second.moment + shift * second.sum)};
}

INLINE void add(Spread &spread, float logit) { spread = merged(spread, {logit, 1.0, 0.0}); }

INLINE double shuffled(double x, uint32_t mask) { return __shfl_xor_sync(ALL, x, mask); }

INLINE Spread of_warp(Spread spread) {
#pragma unroll 1
    for (uint32_t mask = WARP / 2; mask > 0; mask /= 2)
        spread = merged(spread, {__shfl_xor_sync(ALL, spread.most, mask), shuffled(spread.sum, mask),
                                 shuffled(spread.moment, mask)});
    return spread;
}

// Entropy divided by the largest that it can be among `count` tokens: 0 to 1.
INLINE double share_of(const Spread &spread, uint32_t count) {
    if (spread.sum == 0.0) return 0.0;
    const double entropy = ln_of(spread.sum) - spread.moment / spread.sum;
    const double share = entropy / ln_of(double(count > 2 ? count : 2));
    return share > 0.0 ? (share < 1.0 ? share : 1.0) : 0.0;
}
