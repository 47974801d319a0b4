// A row of logits as kernels see it: which tokens are in question, what model and prior say of them, and what comes out.
#pragma once

#include "entropy.cuh"
#include "state.cuh"

// What a launch is given, the same for all rows. Pointers of the prior are null where it has no say.
template <class T> struct Call {
    const T *logits;             // [rows, vocab]
    const uint32_t *words;       // [rows, ceil(vocab / 32)]
    const Pair *base;            // [vocab]: the prior's logits before shifts
    const uint8_t *group;        // [vocab]: which shift is added to each
    const uint32_t *positive;    // [ceil(vocab / 32)]: tokens whose weight is not 0
    const float *shifts;         // [rows, GROUPS]
    const uint64_t *row_numbers; // [rows]
    const uint32_t *steps;       // [rows]
    uint32_t *out;               // [rows, 4]
    uint32_t rows, vocab;
    uint32_t is_entropy, is_greedy;
    float model;                 // 1, -1 or 0
    double prior, scale;
    uint64_t seed;
};

constexpr uint32_t GROUPS = 17;

// How the logits of model m and prior p become one: model m + prior p, later times scale. That the model's have no
// factor but a sign keeps them exact.
struct Mixing {
    float model;
    Pair prior, scale;
};

INLINE Pair pair_of(double x) {
    const float hi = float(x);
    return {hi, float(x - double(hi))};
}

INLINE Mixing weighted(float model, double prior, double scale) { return {model, pair_of(prior), pair_of(scale)}; }

// Entropy mode: (1 - share) m + share p.
INLINE Mixing by_entropy(double share, double scale) {
    if (share == 1.0) return weighted(0.0f, 1.0, scale);
    return weighted(1.0f, share / (1.0 - share), (1.0 - share) * scale);
}

template <class T> struct Row {
    const Call<T> &call;
    const T *logits;
    const uint32_t *words;
    const float *shifts;
    Source source;
    // Whether the prior tells tokens apart: whether a legal one has a weight.
    bool weighs;

    INLINE Row(const Call<T> &call, uint32_t row)
        : call(call), logits(call.logits + size_t(row) * call.vocab), words(call.words + size_t(row) * width()),
          shifts(call.shifts + size_t(row) * GROUPS), weighs(false) {
        const uint64_t number = call.row_numbers[row];
        source = {{uint32_t(call.seed), uint32_t(call.seed >> 32)},
                  {uint32_t(number), uint32_t(number >> 32)},
                  call.steps[row]};
    }

    INLINE uint32_t width() const { return (call.vocab + 31) / 32; }

    // Bits of the legal tokens of a word.
    INLINE uint32_t legal(uint32_t word) const {
        if (word >= width()) return 0;
        const uint32_t over = call.vocab % 32;
        return words[word] & (over && word == width() - 1 ? (1u << over) - 1 : ALL);
    }

    // Bits of the legal tokens of a word whose weight is not 0.
    INLINE uint32_t positive(uint32_t word) const {
        return call.positive && word < width() ? call.positive[word] & legal(word) : 0;
    }

    INLINE uint32_t question(uint32_t word) const { return weighs ? positive(word) : legal(word); }

    // The model's logit of a token, finite; where it is NaN, `nan` is told.
    template <class Told> INLINE float model(uint32_t token, Told &nan) const {
        const float logit = to_float(logits[token]);
        if (logit != logit) nan.tell(token);
        const float bounded = logit < Number<T>::LARGEST ? logit : Number<T>::LARGEST;
        return bounded > -Number<T>::LARGEST ? bounded : -Number<T>::LARGEST;
    }

    INLINE Logit mixed(float logit, uint32_t token, const Mixing &mixing) const {
        const float model = mixing.model * logit;
        if (!weighs || mixing.prior.hi == 0.0f) return {model, {0.0f, 0.0f}};
        return {model, product(mixing.prior, sum(call.base[token], {shifts[call.group[token]], 0.0f}))};
    }

    // Four numbers: token, bits of its log-probability, bits of the entropy, number of legal tokens. Where a logit is
    // NaN: NONE, the first such token, 0, number of legal tokens.
    INLINE void write(uint32_t row, const State &state, uint32_t nan, uint32_t legal) const {
        const bool fails = nan != NONE || state.most_token == NONE;
        const float rest = ln_1p(state.rest);
        const float log_probability = state.distance - rest;
        Vector out = {{state.token, bits_of(log_probability), bits_of(entropy_of(state)), legal}};
        if (call.is_greedy) out = {{state.most_token, 0, 0, legal}};
        if (fails) out = {{NONE, nan, 0, legal}};
        reinterpret_cast<Vector *>(call.out)[row] = out;
    }
};
