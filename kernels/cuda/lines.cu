// Lines of a tensor written to given places of another: keys and values of new tokens into the cache.
#include "platform.cuh"

// Line i of from [count, units] goes to line lines[i] of into. A thread moves one unit; lines are all different.
template <class Unit>
INLINE void copy_lines(Unit *into, const Unit *from, const uint32_t *lines, uint32_t count, uint32_t units) {
    const uint32_t thread = blockIdx.x * blockDim.x + threadIdx.x, nth = thread / units;
    if (nth >= count) return;
    into[size_t(lines[nth]) * units + thread % units] = from[thread];
}

KERNEL void write_lines_16(Vector *into, const Vector *from, const uint32_t *lines, uint32_t count, uint32_t units) {
    copy_lines(into, from, lines, count, units);
}

// Widths that are no multiple of 16 bytes, or tensors that begin elsewhere.
KERNEL void write_lines_2(uint16_t *into, const uint16_t *from, const uint32_t *lines, uint32_t count,
                          uint32_t units) {
    copy_lines(into, from, lines, count, units);
}
