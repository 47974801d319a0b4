// Logits of tokens that are not legal become negative infinity, in place.
#include "number.cuh"

// A thread looks after 16 aligned bytes. Groups in which all is legal are neither read nor written, those in which
// nothing is are written only. Rows begin anywhere: groups across a border are done number by number, so that no thread
// touches another's.
//
// logits [.., vocab]; words [count, ceil(vocab / 32)]; rows [count], the row of logits that each row of words is for, or
// null: the same. Launched with at least count * (vocab / G + 2) threads.
template <class T, class Bits>
INLINE void mask_logits(T *logits, const uint32_t *words, const uint32_t *rows, uint32_t count, uint32_t vocab) {
    constexpr uint32_t G = 16 / sizeof(T);
    const uint32_t groups = vocab / G + 2, thread = blockIdx.x * blockDim.x + threadIdx.x;
    const uint32_t nth = thread / groups, group = thread % groups;
    if (nth >= count) return;
    const size_t row = rows ? rows[nth] : nth;
    const uint32_t *mine = words + size_t(nth) * ((vocab + 31) / 32);
    Bits *begin = reinterpret_cast<Bits *>(logits) + row * vocab;
    // Numbers of the first group that belong to whatever lies before the row.
    const uint32_t before = uint32_t(reinterpret_cast<uintptr_t>(begin) / sizeof(T) % G);
    const uint32_t end = (group + 1) * G - before;
    if (end >= G && end <= vocab) {
        const uint32_t first = end - G, at = first % 32;
        const uint32_t low = mine[first / 32], high = at + G > 32 ? mine[first / 32 + 1] : 0;
        const uint32_t legal = __funnelshift_r(low, high, at) & ((1u << G) - 1);
        if (legal == (1u << G) - 1) return;
        Vector *place = reinterpret_cast<Vector *>(begin + first), vector{};
        if (legal != 0) vector = *place;
#pragma unroll
        for (uint32_t i = 0; i < G; i++) {
            constexpr uint32_t BITS = 8 * sizeof(T), ONES = ALL >> (32 - BITS);
            const uint32_t at = BITS * i % 32;
            uint32_t &word = vector.words[BITS * i / 32];
            if (!(legal >> i & 1)) word = (word & ~(ONES << at)) | uint32_t(Number<T>::OUT) << at;
        }
        *place = vector;
        return;
    }
    for (uint32_t token = end > G ? end - G : 0; token < end && token < vocab; token++)
        if (!(mine[token / 32] >> token % 32 & 1)) begin[token] = Number<T>::OUT;
}

KERNEL void token_bitmask_f32(float *logits, const uint32_t *words, const uint32_t *rows, uint32_t count,
                              uint32_t vocab) {
    mask_logits<float, uint32_t>(logits, words, rows, count, vocab);
}

KERNEL void token_bitmask_f16(Half *logits, const uint32_t *words, const uint32_t *rows, uint32_t count,
                              uint32_t vocab) {
    mask_logits<Half, uint16_t>(logits, words, rows, count, vocab);
}

KERNEL void token_bitmask_bf16(Bf16 *logits, const uint32_t *words, const uint32_t *rows, uint32_t count,
                               uint32_t vocab) {
    mask_logits<Bf16, uint16_t>(logits, words, rows, count, vocab);
}
