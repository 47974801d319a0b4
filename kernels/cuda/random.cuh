// Random words of tokens, and the exponential variates made of them: what pyprior-core's logits/noise.rs computes.
#pragma once

#include "number.cuh"

// Where the random words of a row's step come from.
struct Source {
    uint32_t key[2];
    uint32_t row[2];
    uint32_t step;
};

struct Words {
    uint32_t word[4];
};

// Philox4x32-10: J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
INLINE Words philox(const Source &source, uint32_t lane) {
    uint32_t a = source.row[0], b = source.row[1], c = source.step, d = lane;
    uint32_t key_0 = source.key[0], key_1 = source.key[1];
#pragma unroll
    for (int round = 0; round < 10; round++) {
        const uint32_t p_high = __umulhi(a, 0xD2511F53u), p_low = a * 0xD2511F53u;
        const uint32_t q_high = __umulhi(c, 0xCD9E8D57u), q_low = c * 0xCD9E8D57u;
        a = q_high ^ b ^ key_0;
        c = p_high ^ d ^ key_1;
        b = q_low;
        d = p_low;
        key_0 += 0x9E3779B9u;
        key_1 += 0xBB67AE85u;
    }
    return {{a, b, c, d}};
}

// The words of tokens 32 group + place + 0, 8, 16 and 24, place below 8: one block.
INLINE Words words_of(const Source &source, uint32_t group, uint32_t place) {
    return philox(source, 0xC0000000u + 8 * group + place);
}

constexpr float TWO_32 = 0x1p-32f;

// 1 - v of the fraction v = (word + 1/2) 2^-32: a lower bound of -ln v.
INLINE float complement(uint32_t word) { return (float(~word) + 0.5f) * TWO_32; }

// The exponential variate -ln v.
INLINE float exponential(uint32_t word) {
    if (word < 0x80000000u) return -ln_of((float(word) + 0.5f) * TWO_32);
    const float q = complement(word);
    return twice_artanh(quotient(q, 2.0f - q));
}
