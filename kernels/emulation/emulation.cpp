// The kernels, compiled for the host, and one entry by name: arguments are given as cuLaunchKernel takes them.
#include "fibers.h"

// The sources are included together; on a device they are modules of their own.
#include "lines.cu"
#include "mask.cu"
#include "sample.cu"
#include "words.cu"

#include "faulty.cu"

namespace {

template <class... A, size_t... I>
void call(void (*kernel)(A...), void *const *arguments, std::index_sequence<I...>) {
    kernel(*static_cast<A *>(arguments[I])...);
}

template <class... A> std::function<void()> bound(void (*kernel)(A...), void *const *arguments) {
    return [=] { call(kernel, arguments, std::index_sequence_for<A...>()); };
}

struct Entry {
    const char *name;
    unsigned arguments;
    std::function<void()> (*bind)(void *const *);
};

template <class... A> constexpr unsigned count(void (*)(A...)) { return sizeof...(A); }

#define ENTRY(kernel) {#kernel, count(kernel), [](void *const *arguments) { return bound(kernel, arguments); }}
#define ENTRIES(kernel) ENTRY(kernel##_f32), ENTRY(kernel##_f16), ENTRY(kernel##_bf16)

const Entry KERNELS_BY_NAME[] = {
    ENTRIES(token_bitmask), ENTRIES(sample_128),   ENTRIES(sample_384),   ENTRIES(sample_1024),
    ENTRIES(sample_any),    ENTRY(write_lines_16), ENTRY(write_lines_2), ENTRY(random_words),
    ENTRY(faulty_leaves),   ENTRY(faulty_diverges), ENTRY(faulty_races),
};

const Entry *entry(const char *name) {
    for (const Entry &entry : KERNELS_BY_NAME)
        if (!std::strcmp(entry.name, name)) return &entry;
    return nullptr;
}

}  // namespace

// Number of arguments of a kernel, or -1 if there is none of that name.
extern "C" int pyprior_arguments(const char *kernel) {
    const Entry *found = entry(kernel);
    return found ? int(found->arguments) : -1;
}

// Runs a kernel. 0: done; 1: no such kernel, or a grid of more than one dimension; 2: threads wait for others who do
// not come; 3: threads of a warp meet in different operations.
extern "C" int pyprior_emulate(const char *kernel, const unsigned grid[3], const unsigned block[3],
                               void *const *arguments, int schedule, unsigned long long seed) {
    const Entry *found = entry(kernel);
    if (!found || grid[1] != 1 || grid[2] != 1 || block[1] != 1 || block[2] != 1) return 1;
    switch (fibers::launch(grid[0], block[0], fibers::Schedule(schedule), seed, found->bind(arguments))) {
    case fibers::Outcome::Done: return 0;
    case fibers::Outcome::Stuck: return 2;
    default: return 3;
    }
}
