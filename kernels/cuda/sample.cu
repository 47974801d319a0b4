// Mask, symbolic prior, temperature and choice in one pass over the logits. pyprior-candle's sample module says what
// is computed; a token's noise depends on (seed, row, step, token) alone.
//
// The 32 tokens of a word are looked after by eight lanes: lane i by i, i + 8, i + 16 and i + 24, whose random words are
// one Philox block. A warp takes four words at a time. Tokens that are not in question are not read.
#include "row.cuh"

// Up to four tokens of a lane: of word `group`, the bits `bits`.
struct Four {
    float logits[4];
    uint32_t group, bits;

    INLINE bool has(uint32_t i) const { return bits >> (lane_id() % 8 + 8 * i) & 1; }

    INLINE uint32_t token(uint32_t i) const { return 32 * group + lane_id() % 8 + 8 * i; }
};

// The first token whose logit is NaN, of those that a thread has seen.
struct OfThread {
    uint32_t token;

    INLINE void tell(uint32_t other) { token = other < token ? other : token; }
};

// The same of a block.
struct OfBlock {
    uint32_t *token;

    INLINE void tell(uint32_t other) { atomicMin(token, other); }
};

template <class T, class Told> INLINE void load(const Row<T> &row, Four &four, Told &nan) {
#pragma unroll
    for (uint32_t i = 0; i < 4; i++) four.logits[i] = four.has(i) ? row.model(four.token(i), nan) : 0.0f;
}

template <class T> INLINE void add(const Row<T> &row, const Four &four, const Mixing &mixing, State &state) {
    if (!(four.bits & 0x01010101u << lane_id() % 8)) return;
    const Words words = words_of(row.source, four.group, lane_id() % 8);
#pragma unroll
    for (uint32_t i = 0; i < 4; i++)
        if (four.has(i))
            add(state, row.mixed(four.logits[i], four.token(i), mixing), four.token(i), words.word[i], mixing.scale);
}

INLINE void add(const Four &four, Spread &spread) {
#pragma unroll
    for (uint32_t i = 0; i < 4; i++)
        if (four.has(i)) add(spread, four.logits[i]);
}

// A warp a row, vocabularies of at most 128 K tokens: logits are read into registers before anything is done.
template <int K, class T> INLINE void sample_in_registers(const Call<T> &call) {
    const uint32_t nth = blockIdx.x * (blockDim.x / WARP) + warp_id(), lane = lane_id();
    if (nth >= call.rows) return;
    Row<T> row(call, nth);
    row.weighs = __any_sync(ALL, row.positive(lane) != 0);
    const uint32_t question = row.question(lane);
    const uint32_t legal = sum_of_warp(__popc(row.legal(lane)));
    OfThread nan{NONE};
    float logits[4 * K];
#pragma unroll
    for (int k = 0; k < K; k++) {
        Four four = {{}, 4 * k + lane / 8, __shfl_sync(ALL, question, 4 * k + lane / 8)};
        load(row, four, nan);
#pragma unroll
        for (int i = 0; i < 4; i++) logits[4 * k + i] = four.logits[i];
    }
    // One body for all k: the logits move on, so that they keep their registers.
    const auto next = [&](int k) {
        const Four four = {{logits[0], logits[1], logits[2], logits[3]},
                           4 * k + lane / 8,
                           __shfl_sync(ALL, question, 4 * k + lane / 8)};
#pragma unroll
        for (int i = 0; i < 4 * K - 4; i++) logits[i] = logits[i + 4];
#pragma unroll
        for (int i = 0; i < 4; i++) logits[4 * K - 4 + i] = four.logits[i];
        return four;
    };
    Mixing mixing = weighted(call.model, call.prior, call.scale);
    if (call.is_entropy) {
        Spread spread = no_spread();
#pragma unroll 1
        for (int k = 0; k < K; k++) add(next(k), spread);
        mixing = by_entropy(share_of(of_warp(spread), sum_of_warp(__popc(question))), call.scale);
    }
    State state = nothing();
#pragma unroll 1
    for (int k = 0; k < K; k++) add(row, next(k), mixing, state);
    state = of_warp(state, mixing.scale);
    nan.token = least_of_warp(nan.token);
    if (lane == 0) row.write(nth, state, nan.token, legal);
}

constexpr uint32_t THREADS = 512, WARPS = THREADS / WARP;
// Logits that a thread keeps between the two passes of entropy mode; those beyond are read again.
constexpr uint32_t KEPT = 20;

// What all threads of a block know, for each of them: `merge` is that of a warp.
template <class Known, class Merge> INLINE Known of_block(Known known, Known none, Known *shared, Merge merge) {
    known = merge(known);
    if (lane_id() == 0) shared[warp_id()] = known;
    __syncthreads();
    known = merge(lane_id() < WARPS ? shared[lane_id()] : none);
    __syncthreads();
    return known;
}

// Hands a row's tokens in question to `take`, four at a time.
template <class T, class Take> INLINE void stream(const Row<T> &row, Take take) {
    for (uint32_t first = warp_id() * WARP; first < row.width(); first += THREADS) {
        const uint32_t question = row.question(first + lane_id());
        const uint32_t occupied = __ballot_sync(ALL, question != 0);
        for (uint32_t k = 0; k < 8; k++) {
            if (!(occupied >> 4 * k & 15)) continue;
            take(Four{{}, first + 4 * k + lane_id() / 8, __shfl_sync(ALL, question, 4 * k + lane_id() / 8)});
        }
    }
}

// A block of 512 threads a row, any vocabulary. In entropy mode what prior and model weigh is known after a first pass.
template <class T> INLINE void sample_streaming(const Call<T> &call) {
    __shared__ State states[WARPS];
    __shared__ Spread spreads[WARPS];
    __shared__ float kept[KEPT * THREADS];
    __shared__ uint32_t counts[WARPS][2];
    __shared__ uint32_t nan;
    if (blockIdx.x >= call.rows) return;
    Row<T> row(call, blockIdx.x);
    if (threadIdx.x == 0) nan = NONE;
    uint32_t legal = 0, positive = 0;
    for (uint32_t word = threadIdx.x; word < row.width(); word += THREADS) {
        legal += __popc(row.legal(word));
        positive += __popc(row.positive(word));
    }
    legal = sum_of_warp(legal);
    positive = sum_of_warp(positive);
    if (lane_id() == 0) {
        counts[warp_id()][0] = legal;
        counts[warp_id()][1] = positive;
    }
    __syncthreads();
    legal = sum_of_warp(lane_id() < WARPS ? counts[lane_id()][0] : 0);
    positive = sum_of_warp(lane_id() < WARPS ? counts[lane_id()][1] : 0);
    row.weighs = positive != 0;
    Mixing mixing = weighted(call.model, call.prior, call.scale);
    OfBlock told{&nan};
    if (call.is_entropy) {
        Spread spread = no_spread();
        uint32_t seen = 0;
        stream(row, [&](Four four) {
            load(row, four, told);
#pragma unroll
            for (uint32_t i = 0; i < 4; i++) {
                if (!four.has(i)) continue;
                if (seen < KEPT) kept[seen * THREADS + threadIdx.x] = four.logits[i];
                seen++;
            }
            add(four, spread);
        });
        spread = of_block(spread, no_spread(), spreads, [](Spread known) { return of_warp(known); });
        mixing = by_entropy(share_of(spread, row.weighs ? positive : legal), call.scale);
    }
    State state = nothing();
    uint32_t seen = 0;
    stream(row, [&](Four four) {
        if (call.is_entropy) {
#pragma unroll
            for (uint32_t i = 0; i < 4; i++) {
                if (!four.has(i)) continue;
                four.logits[i] =
                    seen < KEPT ? kept[seen * THREADS + threadIdx.x] : row.model(four.token(i), told);
                seen++;
            }
        } else {
            load(row, four, told);
        }
        add(row, four, mixing, state);
    });
    state = of_block(state, nothing(), states, [&](State known) { return of_warp(known, mixing.scale); });
    if (threadIdx.x == 0) row.write(blockIdx.x, state, nan, legal);
}

#define PARAMETERS(T)                                                                                                  \
    const T *logits, const uint32_t *words, const Pair *base, const uint8_t *group, const uint32_t *positive,         \
        const float *shifts, const uint64_t *row_numbers, const uint32_t *steps, uint32_t *out, uint32_t rows,         \
        uint32_t vocab, uint32_t is_entropy, uint32_t is_greedy, float model, double prior, double scale, uint64_t seed
#define CALL                                                                                                           \
    {logits, words, base, group, positive, shifts, row_numbers, steps, out, rows, vocab, is_entropy, is_greedy, model, \
     prior, scale, seed}

#define KERNELS(T, NAME)                                                                                               \
    KERNEL void __launch_bounds__(128) sample_128_##NAME(PARAMETERS(T)) { sample_in_registers<1, T>(CALL); }           \
    KERNEL void __launch_bounds__(128, 5) sample_384_##NAME(PARAMETERS(T)) { sample_in_registers<3, T>(CALL); }        \
    KERNEL void __launch_bounds__(128) sample_1024_##NAME(PARAMETERS(T)) { sample_in_registers<8, T>(CALL); }          \
    KERNEL void __launch_bounds__(512, 2) sample_any_##NAME(PARAMETERS(T)) { sample_streaming<T>(CALL); }

KERNELS(float, f32)
KERNELS(Half, f16)
KERNELS(Bf16, bf16)
