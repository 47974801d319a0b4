#include "faults.h"

#include <signal.h>

#include <cstdint>
#include <mutex>

#include "log.h"
#include "memory.h"

namespace faults {
namespace {

thread_local const char *running = nullptr;
struct sigaction before[64];

void handle(int signal, siginfo_t *info, void *context) {
    auto address = reinterpret_cast<uint64_t>(info->si_addr);
    bool memory = signal == SIGSEGV || signal == SIGBUS;
    const char *kernel = running;
    running = nullptr;
    // Whoever held a lock is not this thread: kernels run without any.
    if (kernel != nullptr && memory) {
        complain("kernel %s: %s", kernel, memory::describe(address).c_str());
    } else if (kernel != nullptr) {
        complain("kernel %s: a misaligned address, an index out of range or what else a device does not define", kernel);
    } else if (memory && memory::is_device(address)) {
        complain("touched by the host: %s", memory::describe(address).c_str());
    }
    // The handler that was there before ends the process, or is Rust's, which knows of stacks that overflow.
    sigaction(signal, &before[signal], nullptr);
    if (kernel != nullptr) raise(signal);
    (void)context;
}

}  // namespace

void watch() {
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction action = {};
        action.sa_sigaction = handle;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) sigaction(signal, &action, &before[signal]);
    });
}

Running::Running(const char *kernel) { running = kernel; }

Running::~Running() { running = nullptr; }

}  // namespace faults
