// Kernels with mistakes that the emulation must find: for its tests alone.
#include "platform.cuh"

// Half of a warp has left when the others ask it something.
KERNEL void faulty_leaves(uint32_t *out) {
    if (lane_id() >= 16) return;
    out[threadIdx.x] = __shfl_xor_sync(ALL, threadIdx.x, 1);
}

// Half of a warp asks one thing, half another.
KERNEL void faulty_diverges(uint32_t *out) {
    if (lane_id() < 16)
        out[threadIdx.x] = __shfl_xor_sync(ALL, threadIdx.x, 1);
    else
        out[threadIdx.x] = __ballot_sync(ALL, true);
}

// Reads what another warp writes without waiting for it.
KERNEL void faulty_races(uint32_t *out) {
    __shared__ uint32_t shared[2];
    if (lane_id() == 0) shared[warp_id()] = blockIdx.x + 1;
    out[blockIdx.x * blockDim.x + threadIdx.x] = shared[1 - warp_id()];
}
