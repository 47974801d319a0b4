// Makes every mistake that the emulated driver is to notice, and ends with 1 if it did not notice one.
#include <cuda.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <vector>

namespace {

int missed = 0;

void expect(const char *what, int found, int expected) {
    if (found == expected) return;
    fprintf(stderr, "check of the emulated driver: %s gave %d, not %d\n", what, found, expected);
    missed = 1;
}

// How a process of its own ends that does this: its signal, or 0.
template <class F>
int signal_of(F does) {
    pid_t child = fork();
    if (child == 0) {
        does();
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

// What the driver reads of a module: names, arguments, and which of them are addresses.
const char *MODULE = R"(
.version 9.0
.visible .entry token_bitmask_f32(
	.param .u64 token_bitmask_f32_param_0,
	.param .u64 token_bitmask_f32_param_1,
	.param .u64 token_bitmask_f32_param_2,
	.param .u32 token_bitmask_f32_param_3,
	.param .u32 token_bitmask_f32_param_4
)
.maxntid 256, 1, 1
{
	ld.param.u64 	%rd1, [token_bitmask_f32_param_0];
	ld.param.u64 	%rd2, [token_bitmask_f32_param_1];
	ld.param.u64 	%rd3, [token_bitmask_f32_param_2];
	cvta.to.global.u64 	%rd4, %rd1;
	cvta.to.global.u64 	%rd5, %rd2;
	cvta.to.global.u64 	%rd6, %rd3;
}
)";

constexpr unsigned ROWS = 3, VOCAB = 70, WORDS = 3;

struct Call {
    CUfunction function;
    CUdeviceptr logits, words, rows = 0;
    unsigned count = ROWS, vocab = VOCAB, grid = ROWS, block = 64;

    int run() {
        void *arguments[] = {&logits, &words, &rows, &count, &vocab};
        return cuLaunchKernel(function, grid, 1, 1, block, 1, 1, 0, nullptr, arguments, nullptr);
    }
};

CUdeviceptr filled(const std::vector<unsigned> &words) {
    CUdeviceptr memory = 0;
    expect("an allocation", cuMemAllocAsync(&memory, words.size() * 4, nullptr), CUDA_SUCCESS);
    expect("a copy", cuMemcpyHtoDAsync(memory, words.data(), words.size() * 4, nullptr), CUDA_SUCCESS);
    return memory;
}

}  // namespace

int main() {
    cuInit(0);
    CUmodule module = nullptr;
    CUfunction function = nullptr;
    expect("a text that is no PTX", cuModuleLoadData(&module, "nothing"), CUDA_ERROR_INVALID_PTX);
    expect("a module", cuModuleLoadData(&module, MODULE), CUDA_SUCCESS);
    expect("a kernel that is not there", cuModuleGetFunction(&function, module, "token_bitmask_f64"), CUDA_ERROR_NOT_FOUND);
    expect("a kernel", cuModuleGetFunction(&function, module, "token_bitmask_f32"), CUDA_SUCCESS);

    std::vector<unsigned> logits(ROWS * VOCAB, 0x3f800000), back(ROWS * VOCAB);
    const Call call{function, filled(logits), filled(std::vector<unsigned>(ROWS * WORDS, 5))};
    auto with = [&](auto change) {
        Call changed = call;
        change(changed);
        return changed;
    };
    auto result = [&](auto change) { return with(change).run(); };
    auto signal = [&](auto change) { return signal_of([&] { with(change).run(); }); };

    expect("a launch", result([](Call &) {}), CUDA_SUCCESS);
    expect("a copy to the host", cuMemcpyDtoHAsync(back.data(), call.logits, back.size() * 4, nullptr), CUDA_SUCCESS);
    for (unsigned i = 0; i < back.size(); ++i) {
        bool legal = 5 >> i % VOCAB % 32 & 1;
        expect("a masked logit", back[i], legal ? 0x3f800000 : 0xff800000);
    }

    expect("no blocks", result([](Call &c) { c.grid = 0; }), CUDA_ERROR_INVALID_VALUE);
    expect("too many threads", result([](Call &c) { c.block = 288; }), CUDA_ERROR_INVALID_VALUE);
    expect("host memory", result([&](Call &c) { c.logits = reinterpret_cast<CUdeviceptr>(back.data()); }),
           CUDA_ERROR_ILLEGAL_ADDRESS);
    expect("memory behind the end", result([](Call &c) { c.words += WORDS * ROWS * 4; }), CUDA_ERROR_ILLEGAL_ADDRESS);
    expect("8 bytes behind the end", result([](Call &c) { c.logits += 8; }), CUDA_ERROR_ILLEGAL_ADDRESS);
    expect("too wide a row", signal([](Call &c) { c.vocab = 5000; }) != 0, 1);
    expect("a pointer that is not there", signal([](Call &c) { c.words = 0; }) != 0, 1);
    expect("a number as wide as no number", signal([](Call &c) { c.logits += 2; }) != 0, 1);

    expect("too long a copy", cuMemcpyHtoDAsync(call.words, back.data(), WORDS * ROWS * 4 + 1, nullptr), CUDA_ERROR_INVALID_VALUE);
    expect("a copy of nothing", cuMemcpyHtoDAsync(0, nullptr, 0, nullptr), CUDA_SUCCESS);
    expect("reading by the host", signal_of([&] { back[0] = *reinterpret_cast<unsigned *>(call.logits + 4096); }) != 0, 1);
    expect("freeing", cuMemFreeAsync(call.words, nullptr), CUDA_SUCCESS);
    expect("freeing again", cuMemFreeAsync(call.words, nullptr), CUDA_ERROR_INVALID_VALUE);
    expect("memory that was freed", result([](Call &) {}), CUDA_ERROR_ILLEGAL_ADDRESS);
    expect("a copy of it", cuMemcpyDtoHAsync(back.data(), call.words, 4, nullptr), CUDA_ERROR_INVALID_VALUE);
    return missed;
}
