// CUDA's threads on the host: one fiber each, on one thread of the operating system, switched at barriers and collectives
// alone. So a run is the same every time, in any schedule that is asked for.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include <ucontext.h>

#define __launch_bounds__(...)
#define __shared__ static thread_local

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};

inline thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

using std::fma;
using std::fmaf;

namespace fibers {

// In which order blocks, and in every round the threads of a block, have their turn.
enum class Schedule { InOrder, Reversed, Shuffled };

// What threads of a warp, or of a block, do together; those who meet must do the same.
enum class Meeting : unsigned { None, Block, Shuffle, ShuffleXor, Ballot, Any };

struct Group {
    unsigned size, arrived = 0, turn = 0;
    Meeting meeting = Meeting::None;
    // Two, so that nobody writes what others have not read: whoever is one meeting ahead waits for them there.
    uint32_t values[2][32];

    explicit Group(unsigned size = 0) : size(size) {}
};

struct Fiber {
    ucontext_t context;
    std::unique_ptr<char[]> stack;
    bool is_done = true;
};

constexpr size_t STACK = 64 << 10;

struct Scheduler {
    std::vector<Fiber> fibers;
    std::vector<unsigned> order;
    std::vector<Group> warps;
    Group block;
    ucontext_t main;
    unsigned current = 0;
    // Whether anything has moved since a round began; whether threads have met who do different things.
    bool has_moved = false, has_diverged = false;
    std::function<void()> body;

    void resume(unsigned thread) {
        current = thread;
        threadIdx.x = thread;
        swapcontext(&main, &fibers[thread].context);
    }

    void yield() {
        swapcontext(&fibers[current].context, &main);
    }

    // Waits until all of a group are here; leaves `value` for them and returns which of the two sets of values it is in.
    unsigned meet(Group &group, Meeting meeting, unsigned place, uint32_t value) {
        const unsigned turn = group.turn;
        if (group.arrived == 0) group.meeting = meeting;
        has_diverged |= group.meeting != meeting;
        if (meeting != Meeting::Block) group.values[turn % 2][place] = value;
        has_moved = true;
        if (++group.arrived == group.size) {
            group.arrived = 0;
            group.turn++;
        } else {
            while (group.turn == turn) yield();
        }
        return turn % 2;
    }

    const uint32_t *meet_warp(Meeting meeting, uint32_t value) {
        Group &warp = warps[current / 32];
        return warp.values[meet(warp, meeting, current % 32, value)];
    }
};

inline thread_local Scheduler scheduler;

inline void begin() {
    scheduler.body();
    scheduler.fibers[scheduler.current].is_done = true;
    scheduler.has_moved = true;
}

enum class Outcome { Done, Stuck, Diverged };

inline void arrange(std::vector<unsigned> &order, unsigned count, Schedule schedule, std::mt19937_64 &random) {
    order.resize(count);
    for (unsigned i = 0; i < count; i++) order[i] = schedule == Schedule::Reversed ? count - 1 - i : i;
    // Not std::shuffle: what that does differs from library to library.
    if (schedule == Schedule::Shuffled)
        for (unsigned i = count; i > 1; i--) std::swap(order[i - 1], order[random() % i]);
}

// Runs one block to its end. Threads that have ended are not waited for in a round, but are at barriers: a kernel whose
// threads leave before others meet is stuck here, as CUDA leaves it undefined.
inline Outcome run_block(unsigned threads, Schedule schedule, std::mt19937_64 &random) {
    Scheduler &all = scheduler;
    all.block = Group(threads);
    all.warps.assign((threads + 31) / 32, Group(32));
    if (threads % 32) all.warps.back().size = threads % 32;
    for (unsigned thread = 0; thread < threads; thread++) {
        Fiber &fiber = all.fibers[thread];
        if (!fiber.stack) fiber.stack.reset(new char[STACK]);
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.get();
        fiber.context.uc_stack.ss_size = STACK;
        fiber.context.uc_link = &all.main;
        makecontext(&fiber.context, begin, 0);
        fiber.is_done = false;
    }
    for (bool is_over = false; !is_over;) {
        arrange(all.order, threads, schedule, random);
        all.has_moved = false;
        is_over = true;
        for (unsigned thread : all.order) {
            if (all.fibers[thread].is_done) continue;
            all.resume(thread);
            if (all.has_diverged) return Outcome::Diverged;
            is_over &= all.fibers[thread].is_done;
        }
        if (!is_over && !all.has_moved) return Outcome::Stuck;
    }
    return Outcome::Done;
}

inline Outcome launch(unsigned blocks, unsigned threads, Schedule schedule, uint64_t seed, std::function<void()> body) {
    Scheduler &all = scheduler;
    if (all.fibers.size() < threads) all.fibers.resize(threads);
    all.body = std::move(body);
    all.has_diverged = false;
    gridDim = {blocks};
    blockDim = {threads};
    std::mt19937_64 random(seed);
    std::vector<unsigned> order;
    arrange(order, blocks, schedule, random);
    for (unsigned block : order) {
        blockIdx = {block, 0, 0};
        const Outcome outcome = run_block(threads, schedule, random);
        if (outcome != Outcome::Done) return outcome;
    }
    return Outcome::Done;
}

}  // namespace fibers

inline void __syncthreads() { fibers::scheduler.meet(fibers::scheduler.block, fibers::Meeting::Block, 0, 0); }

template <class T> T __shfl_xor_sync(uint32_t, T value, unsigned mask) {
    const unsigned lane = threadIdx.x % 32;
    return std::bit_cast<T>(
        fibers::scheduler.meet_warp(fibers::Meeting::ShuffleXor, std::bit_cast<uint32_t>(value))[lane ^ mask]);
}

inline double __shfl_xor_sync(uint32_t, double value, unsigned mask) {
    const uint64_t bits = std::bit_cast<uint64_t>(value);
    const uint64_t low = __shfl_xor_sync(0u, uint32_t(bits), mask), high = __shfl_xor_sync(0u, uint32_t(bits >> 32), mask);
    return std::bit_cast<double>(high << 32 | low);
}

template <class T> T __shfl_sync(uint32_t, T value, unsigned lane) {
    return std::bit_cast<T>(
        fibers::scheduler.meet_warp(fibers::Meeting::Shuffle, std::bit_cast<uint32_t>(value))[lane % 32]);
}

inline uint32_t __ballot_sync(uint32_t, bool value) {
    const uint32_t *values = fibers::scheduler.meet_warp(fibers::Meeting::Ballot, value);
    uint32_t bits = 0;
    for (unsigned lane = 0; lane < 32; lane++) bits |= values[lane] << lane;
    return bits;
}

inline bool __any_sync(uint32_t, bool value) {
    const uint32_t *values = fibers::scheduler.meet_warp(fibers::Meeting::Any, value);
    bool any = false;
    for (unsigned lane = 0; lane < 32; lane++) any |= values[lane] != 0;
    return any;
}

inline int __popc(uint32_t x) { return std::popcount(x); }

inline uint32_t __umulhi(uint32_t a, uint32_t b) { return uint64_t(a) * b >> 32; }

inline uint32_t __funnelshift_r(uint32_t low, uint32_t high, uint32_t shift) {
    return uint32_t((uint64_t(high) << 32 | low) >> shift % 32);
}

inline void atomicMin(uint32_t *place, uint32_t value) { *place = value < *place ? value : *place; }
