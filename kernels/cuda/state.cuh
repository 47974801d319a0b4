// What is known of some tokens of a row: the largest logit, the sums that make log-probability and entropy, and which
// token the noise has chosen. One token after the other is added, and what threads know of different tokens is merged.
#pragma once

#include "random.cuh"

// A logit: what model and prior say of it, not added up. However large the one is, the other keeps its digits.
struct Logit {
    float model;
    Pair prior;
};

// a - b; the largest number where it is beyond.
INLINE Pair difference(Logit a, Logit b) {
    const Pair model = two_sum(a.model, -b.model);
    if (fabsf(model.hi) > Number<float>::LARGEST)
        return {model.hi > 0.0f ? Number<float>::LARGEST : -Number<float>::LARGEST, 0.0f};
    // Where there is no prior, all lanes are through.
    if (a.prior.hi == b.prior.hi && a.prior.lo == b.prior.lo) return model;
    const Pair prior = two_sum(a.prior.hi, -b.prior.hi);
    return sum(model, {prior.hi, prior.lo + (a.prior.lo - b.prior.lo)});
}

// Where a product is beyond the numbers, this stands for it: its exponential is 0, and times 0 it is 0.
constexpr float FAR = -1e30f;

// d scale of a difference that is not positive.
INLINE Pair scaled(Pair d, Pair scale) {
    const Pair result = product(d, scale);
    // An infinite product has a rest that is not a number: that is not greater either.
    return result.hi > FAR ? result : Pair{FAR, 0.0f};
}

struct State {
    // The largest logit and the lowest token that has it.
    Logit most;
    uint32_t most_token;
    // Sums over all other tokens of e^d and d e^d, d = (logit - most) scale. Without the largest one itself, whose e^d
    // is 1, what little there is beside it keeps its digits.
    float rest, moment;
    // e^d / exponential variate of the token at which it is largest: there d plus Gumbel noise is; and its d.
    float best;
    uint32_t token;
    float distance;
};

INLINE State nothing() { return {{0, {0, 0}}, NONE, 0, 0, 0, NONE, 0}; }

// Has the largest logit grow by -shift: what was summed up relative to it shrinks.
INLINE void raise(State &state, Pair shift) {
    const float factor = exp_of(shift), all = state.rest + 1.0f;
    state.moment = factor * (state.moment + shift.hi * all);
    state.rest = factor * all;
    state.best *= factor;
    state.distance += shift.hi;
}

// Adds a token, greater than all that were added by the same thread.
INLINE void add(State &state, Logit logit, uint32_t token, uint32_t word, Pair scale) {
    float weight = 1.0f;
    Pair d = difference(logit, state.most);
    if (state.most_token == NONE || d.hi > 0.0f) {
        if (state.most_token != NONE) raise(state, scaled({-d.hi, -d.lo}, scale));
        state.most = logit;
        state.most_token = token;
        d = {0.0f, 0.0f};
    } else {
        d = scaled(d, scale);
        weight = exp_of(d);
        state.rest += weight;
        state.moment += d.hi * weight;
    }
    // -ln v is no less than 1 - v: few tokens need a logarithm. The bound counts as a little better than it is.
    if (weight * 1.000001f >= state.best * complement(word)) {
        const float speed = quotient(weight, exponential(word));
        if (speed > state.best) {
            state.best = speed;
            state.token = token;
            state.distance = d.hi;
        }
    }
}

// a or b, number by number: a choice between structures would go through memory.
INLINE State chosen(bool is_a, const State &a, const State &b) {
    return {{is_a ? a.most.model : b.most.model,
             {is_a ? a.most.prior.hi : b.most.prior.hi, is_a ? a.most.prior.lo : b.most.prior.lo}},
            is_a ? a.most_token : b.most_token,
            is_a ? a.rest : b.rest,
            is_a ? a.moment : b.moment,
            is_a ? a.best : b.best,
            is_a ? a.token : b.token,
            is_a ? a.distance : b.distance};
}

// The same bits whichever of the two is called a: all lanes of a butterfly agree.
INLINE State merged(State a, State b, Pair scale) {
    if (a.most_token == NONE) return b;
    if (b.most_token == NONE) return a;
    const Pair d = difference(b.most, a.most);
    const bool b_first = d.hi > 0.0f || (d.hi == 0.0f && b.most_token < a.most_token);
    State first = chosen(b_first, b, a), second = chosen(b_first, a, b);
    raise(second, scaled(b_first ? Pair{-d.hi, -d.lo} : d, scale));
    first.rest += second.rest;
    first.moment += second.moment;
    const bool is_better = second.best > first.best || (second.best == first.best && second.token < first.token);
    first.best = is_better ? second.best : first.best;
    first.token = is_better ? second.token : first.token;
    first.distance = is_better ? second.distance : first.distance;
    return first;
}

INLINE float shuffled(float x, uint32_t mask) { return __shfl_xor_sync(ALL, x, mask); }

INLINE uint32_t shuffled(uint32_t x, uint32_t mask) { return __shfl_xor_sync(ALL, x, mask); }

INLINE Logit shuffled(Logit x, uint32_t mask) {
    return {shuffled(x.model, mask), {shuffled(x.prior.hi, mask), shuffled(x.prior.lo, mask)}};
}

// What all lanes of a warp know, for each of them.
INLINE State of_warp(State state, Pair scale) {
#pragma unroll
    for (uint32_t mask = WARP / 2; mask > 0; mask /= 2) {
        const State other = {shuffled(state.most, mask),   shuffled(state.most_token, mask),
                             shuffled(state.rest, mask),   shuffled(state.moment, mask),
                             shuffled(state.best, mask),   shuffled(state.token, mask),
                             shuffled(state.distance, mask)};
        state = merged(state, other, scale);
    }
    return state;
}

INLINE uint32_t sum_of_warp(uint32_t x) {
#pragma unroll
    for (uint32_t mask = WARP / 2; mask > 0; mask /= 2) x += shuffled(x, mask);
    return x;
}

INLINE uint32_t least_of_warp(uint32_t x) {
#pragma unroll
    for (uint32_t mask = WARP / 2; mask > 0; mask /= 2) {
        const uint32_t other = shuffled(x, mask);
        x = other < x ? other : x;
    }
    return x;
}

// Entropy of softmax(logit scale).
INLINE float entropy_of(const State &state) {
    const float entropy = ln_1p(state.rest) - quotient(state.moment, 1.0f + state.rest);
    return entropy > 0.0f ? entropy : 0.0f;
}
