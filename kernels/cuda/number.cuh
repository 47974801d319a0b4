// Number types of logits; exp and ln as sequences of IEEE 754 operations, so that a device and its emulation compute
// the same bits. Contraction is off in both builds: where a fused operation is meant, it is written.
#pragma once

#include "platform.cuh"

struct Half {
    uint16_t bits;
};

struct Bf16 {
    uint16_t bits;
};

INLINE float float_of(uint32_t bits) {
#ifdef __CUDACC__
    return __uint_as_float(bits);
#else
    return std::bit_cast<float>(bits);
#endif
}

INLINE uint32_t bits_of(float x) {
#ifdef __CUDACC__
    return __float_as_uint(x);
#else
    return std::bit_cast<uint32_t>(x);
#endif
}

INLINE float to_float(float x) { return x; }

INLINE float to_float(Bf16 x) { return float_of(uint32_t(x.bits) << 16); }

INLINE float to_float(Half x) {
#ifdef __CUDACC__
    float result;
    asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(x.bits));
    return result;
#else
    const uint32_t sign = uint32_t(x.bits & 0x8000) << 16, rest = x.bits & 0x7fff;
    if (rest >= 0x7c00) return float_of(sign | 0x7f800000 | (rest & 0x3ff) << 13);
    // Subnormal numbers are multiples of 2^-24.
    if (rest < 0x400) return float_of(sign | bits_of(float(rest) * 0x1p-24f));
    return float_of(sign | ((rest << 13) + (112u << 23)));
#endif
}

// The largest finite number, and the bits of negative infinity.
template <class T> struct Number;

template <> struct Number<float> {
    static constexpr float LARGEST = 3.402823466e38f;
    static constexpr uint32_t OUT = 0xff800000u;
};

template <> struct Number<Half> {
    static constexpr float LARGEST = 65504.0f;
    static constexpr uint16_t OUT = 0xfc00;
};

template <> struct Number<Bf16> {
    static constexpr float LARGEST = 3.38953139e38f;
    static constexpr uint16_t OUT = 0xff80;
};

// A sum of two floats, the second below half a unit in the last place of the first: 48 bits.
struct alignas(8) Pair {
    float hi, lo;
};

// a + b, without error (Knuth).
INLINE Pair two_sum(float a, float b) {
    const float sum = a + b, part = sum - a;
    return {sum, (a - (sum - part)) + (b - part)};
}

// a b, without error unless it underflows.
INLINE Pair two_product(float a, float b) {
    const float product = a * b;
    return {product, fmaf(a, b, -product)};
}

INLINE Pair sum(Pair a, Pair b) {
    const Pair high = two_sum(a.hi, b.hi);
    const float low = high.lo + (a.lo + b.lo), hi = high.hi + low;
    return {hi, low - (hi - high.hi)};
}

INLINE Pair product(Pair a, Pair b) {
    const Pair high = two_product(a.hi, b.hi);
    const float low = high.lo + (a.hi * b.lo + a.lo * b.hi), hi = high.hi + low;
    return {hi, low - (hi - high.hi)};
}

// e to the power x of a number that is not positive; 0 from -87 on, where results would be subnormal.
INLINE float exp_of(Pair x) {
    if (x.hi < -87.0f) return 0.0f;
    // Added to a number of moderate size, this leaves the nearest integer in the lowest bits.
    constexpr float ROUND = 12582912.0f;
    const float rounded = fmaf(x.hi, 1.44269504f, ROUND), n = rounded - ROUND;
    // ln 2 in two parts, whose first has so few bits that its product is exact.
    const float r = fmaf(n, -1.42860677e-6f, fmaf(n, -0.693145752f, x.hi)) + x.lo;
    float series = 1.98412698e-4f;
    series = fmaf(series, r, 1.38888889e-3f);
    series = fmaf(series, r, 8.33333333e-3f);
    series = fmaf(series, r, 4.16666667e-2f);
    series = fmaf(series, r, 1.66666667e-1f);
    series = fmaf(series, r, 0.5f);
    series = fmaf(series, r * r, r);
    return (1.0f + series) * float_of((bits_of(rounded) + 127u) << 23);
}

// a / b of normal b whose reciprocal is normal too. A correctly rounded division is a call on a device, with registers saved
// around it; this is within a unit in the last place.
INLINE float quotient(float a, float b) {
    float inverse = float_of(0x7ef311c7u - bits_of(b));
#pragma unroll
    for (int i = 0; i < 3; i++) inverse = fmaf(inverse, fmaf(-b, inverse, 1.0f), inverse);
    const float q = a * inverse;
    return fmaf(fmaf(-b, q, a), inverse, q);
}

// 2 artanh(s) of |s| <= 1/3: ln((1 + s) / (1 - s)).
INLINE float twice_artanh(float s) {
    const float square = s * s;
    float series = 1.0f / 15.0f;
    series = fmaf(series, square, 1.0f / 13.0f);
    series = fmaf(series, square, 1.0f / 11.0f);
    series = fmaf(series, square, 1.0f / 9.0f);
    series = fmaf(series, square, 1.0f / 7.0f);
    series = fmaf(series, square, 1.0f / 5.0f);
    series = fmaf(series, square, 1.0f / 3.0f);
    return fmaf(2.0f * s, series * square, 2.0f * s);
}

// The natural logarithm of a normal number.
INLINE float ln_of(float x) {
    const uint32_t bits = bits_of(x);
    float exponent = float(int(bits >> 23) - 127), fraction = float_of((bits & 0x7fffffu) | 0x3f800000u);
    if (fraction > 1.41421356f) {
        fraction *= 0.5f;
        exponent += 1.0f;
    }
    const float ln = twice_artanh(quotient(fraction - 1.0f, fraction + 1.0f));
    return fmaf(exponent, 0.693147182f, fmaf(exponent, -1.90465430e-9f, ln));
}

// ln(1 + x) of a number that is not negative, as exact near 0 as anywhere (Kahan).
INLINE float ln_1p(float x) {
    const float above = 1.0f + x;
    if (above == 1.0f) return x;
    return ln_of(above) * quotient(x, above - 1.0f);
}
