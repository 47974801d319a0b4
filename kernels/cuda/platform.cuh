// What differs between a device and the host emulation. Everything else is one source for both.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __CUDACC__
#define INLINE __device__ __forceinline__
#define KERNEL extern "C" __global__
#else
#include "fibers.h"
#define INLINE inline
#define KERNEL static
#endif

// All lanes of a warp.
constexpr uint32_t ALL = 0xffffffffu;
constexpr uint32_t WARP = 32;
// No token has this number.
constexpr uint32_t NONE = 0xffffffffu;

// 16 bytes, moved by one instruction.
struct alignas(16) Vector {
    uint32_t words[4];
};

INLINE uint32_t lane_id() { return threadIdx.x % WARP; }

INLINE uint32_t warp_id() { return threadIdx.x / WARP; }
