#include "launch.h"

#include <sys/uio.h>
#include <unistd.h>

#include <cstring>
#include <mutex>

#include "candle.h"
#include "faults.h"
#include "log.h"
#include "memory.h"

// The emulation of this project's kernels.
extern "C" int pyprior_emulate(const char *kernel, const unsigned grid[3], const unsigned block[3],
                               void *const *arguments, int schedule, unsigned long long seed);

namespace {

// Reads memory of this process that may not be there.
bool read(const void *from, void *into, size_t bytes) {
    iovec local = {into, bytes};
    iovec remote = {const_cast<void *>(from), bytes};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
}

bool fits(const Kernel &kernel, const Launch &launch) {
    const unsigned *grid = launch.grid, *block = launch.block;
    auto threads = static_cast<uint64_t>(block[0]) * block[1] * block[2];
    const char *wrong = nullptr;
    if (grid[0] == 0 || grid[1] == 0 || grid[2] == 0 || threads == 0) wrong = "nothing to launch";
    if (grid[0] > 0x7fffffff || grid[1] > 65535 || grid[2] > 65535) wrong = "too many blocks";
    if (threads > kernel.threads || block[2] > 64) wrong = "too many threads in a block";
    if (launch.shared + kernel.shared > 48 * 1024) wrong = "too much shared memory";
    if (wrong == nullptr) return true;
    complain("kernel %s: %s: grid %u %u %u, block %u %u %u, %u bytes of shared memory", kernel.name.c_str(), wrong, grid[0],
             grid[1], grid[2], block[0], block[1], block[2], launch.shared);
    return false;
}

// A null pointer is an argument that is left out; others must lie in memory of the device, and are put into `pointers`.
bool lie_well(const Kernel &kernel, const Launch &launch, std::vector<uint64_t> &pointers) {
    for (size_t i = 0; i < kernel.parameters.size(); ++i) {
        auto &parameter = kernel.parameters[i];
        std::string value(parameter.bytes, '\0');
        void *argument = nullptr;
        if (!read(launch.arguments + i, &argument, sizeof argument) || !read(argument, value.data(), value.size())) {
            complain("kernel %s: argument %zu of %zu is not there", kernel.name.c_str(), i, kernel.parameters.size());
            return false;
        }
        for (size_t offset : parameter.pointers) {
            uint64_t address = 0;
            memcpy(&address, value.data() + offset, sizeof address);
            if (address == 0) continue;
            if (auto wrong = memory::complaint(address, 1)) {
                complain("kernel %s, argument %zu: %s", kernel.name.c_str(), i, wrong->c_str());
                return false;
            }
            pointers.push_back(address);
        }
    }
    return true;
}

}  // namespace

CUresult run(const Kernel &kernel, const Launch &launch) {
    auto name = kernel.name.c_str();
    if (!fits(kernel, launch)) return CUDA_ERROR_INVALID_VALUE;
    std::vector<uint64_t> pointers;
    if (!lie_well(kernel, launch, pointers)) return CUDA_ERROR_ILLEGAL_ADDRESS;
    note("launch %s grid %u %u %u block %u %u %u shared %u", name, launch.grid[0], launch.grid[1], launch.grid[2],
         launch.block[0], launch.block[1], launch.block[2], launch.shared);
    // One at a time: the emulation has one set of threads.
    static std::mutex guard;
    std::lock_guard lock(guard);
    {
        faults::Running running(name);
        bool done = candle_kernel(kernel.name, launch.arguments) ||
                    pyprior_emulate(name, launch.grid, launch.block, launch.arguments, 0, 0) == 0;
        if (!done) {
            complain("kernel %s: not emulated, or its threads wait for each other for ever", name);
            return CUDA_ERROR_NOT_FOUND;
        }
    }
    for (uint64_t pointer : pointers) {
        auto wrong = memory::spill(pointer);
        if (!wrong) continue;
        complain("kernel %s: %s", name, wrong->c_str());
        return CUDA_ERROR_ILLEGAL_ADDRESS;
    }
    return CUDA_SUCCESS;
}
