// The random words by themselves: for tests.
#include "random.cuh"

// out [rows, vocab]; row_numbers, steps [rows]. One block a row.
KERNEL void random_words(uint32_t *out, const uint64_t *row_numbers, const uint32_t *steps, uint32_t vocab,
                         uint64_t seed) {
    const uint64_t row = row_numbers[blockIdx.x];
    const Source source{{uint32_t(seed), uint32_t(seed >> 32)}, {uint32_t(row), uint32_t(row >> 32)}, steps[blockIdx.x]};
    for (uint32_t block = threadIdx.x; block < (vocab + 31) / 32 * 8; block += blockDim.x) {
        const Words words = words_of(source, block / 8, block % 8);
        for (uint32_t i = 0; i < 4; i++) {
            const uint32_t token = block / 8 * 32 + block % 8 + 8 * i;
            if (token < vocab) out[size_t(blockIdx.x) * vocab + token] = words.word[i];
        }
    }
}
