// What is known of some tokens of a row: the largest logit, the sums that make log-probability and entropy, and which
// token the noise has chosen. One token after the other is added, and what threads know of different tokens is merged.
#pragma once

#include "random.cuh"

struct State {
    // The largest logit and the lowest token that has it.
    Pair most;
    uint32_t most_token;
    // Sums over all other tokens of e^d and d e^d, d = (logit - most) scale. Without the largest one itself, whose e^d
    // is 1, what little there is beside it keeps its digits.
    float rest, moment;
    // e^d / exponential variate of the token at which it is largest: there d plus Gumbel noise is; and its d.
    float best;
    uint32_t token;
    float distance;
};

INLINE State nothing() { return {{0, 0}, NONE, 0, 0, 0, NONE, 0}; }

// Has the largest logit grow by -shift: what was summed up relative to it shrinks.
INLINE void raise(State &state, float shift) {
    const float factor = exp_of(shift), all = state.rest + 1.0f;
    state.moment = factor * (state.moment + shift * all);
    state.rest = factor * all;
    state.best *= factor;
    state.distance += shift;
}

// Adds a token, greater than all that were added by the same thread.
template <bool CHOOSE> INLINE void add(State &state, Pair logit, uint32_t token, uint32_t word, float scale) {
    float d = 0.0f, weight = 1.0f;
    if (state.most_token == NONE || greater(logit, state.most)) {
        if (state.most_token != NONE) raise(state, difference(state.most, logit, scale));
        state.most = logit;
        state.most_token = token;
    } else {
        d = difference(logit, state.most, scale);
        weight = exp_of(d);
        state.rest += weight;
        state.moment += d * weight;
    }
    // -ln v is no less than 1 - v: few tokens need a logarithm. The bound counts as a little better than it is.
    if (CHOOSE && weight * 1.000001f >= state.best * complement(word)) {
        const float speed = quotient(weight, exponential(word));
        if (speed > state.best) {
            state.best = speed;
            state.token = token;
            state.distance = d;
        }
    }
}

// The same bits whichever of the two is called a: all lanes of a butterfly agree.
INLINE State merged(State a, State b, float scale) {
    const bool b_first = a.most_token == NONE || (b.most_token != NONE && greater(b.most, a.most)) ||
                         (b.most_token < a.most_token && !greater(a.most, b.most));
    State first = b_first ? b : a, second = b_first ? a : b;
    if (second.most_token == NONE) return first;
    raise(second, difference(second.most, first.most, scale));
    first.rest += second.rest;
    first.moment += second.moment;
    if (second.best > first.best || (second.best == first.best && second.token < first.token)) {
        first.best = second.best;
        first.token = second.token;
        first.distance = second.distance;
    }
    return first;
}

INLINE float shuffled(float x, uint32_t mask) { return __shfl_xor_sync(ALL, x, mask); }

INLINE uint32_t shuffled(uint32_t x, uint32_t mask) { return __shfl_xor_sync(ALL, x, mask); }

INLINE Pair shuffled(Pair x, uint32_t mask) { return {shuffled(x.hi, mask), shuffled(x.lo, mask)}; }

// What all lanes of a warp know, for each of them.
INLINE State of_warp(State state, float scale) {
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
