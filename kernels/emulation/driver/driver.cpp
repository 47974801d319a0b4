// The functions of libcuda.so.1 that candle calls for tensors and for kernels of one's own, on the host. All work is
// done before the call returns. What is not here ends the process with its name (ci/cuda-emulated makes those).
#include <cuda.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <string>

#include "faults.h"
#include "launch.h"
#include "log.h"
#include "memory.h"
#include "module.h"

struct CUmod_st {
    // Whether its text is PTX: placeholders are not, and their kernels are known by name alone.
    bool known;
    std::map<std::string, Kernel> kernels;
};


namespace {

thread_local CUcontext current = nullptr;
int context_of_device_0;
char one_event;

// Whether these bytes are the device's to touch; says if they are not.
bool within(const char *what, CUdeviceptr address, size_t bytes) {
    auto wrong = memory::complaint(address, bytes);
    if (wrong) complain("%s: %s", what, wrong->c_str());
    return !wrong;
}

CUresult allocate(CUdeviceptr *address, size_t bytes) {
    auto found = memory::allocate(bytes);
    if (!found) return CUDA_ERROR_OUT_OF_MEMORY;
    *address = *found;
    note("allocate %zu", bytes);
    return CUDA_SUCCESS;
}

CUresult release(CUdeviceptr address) {
    if (auto wrong = memory::spill(address)) complain("when memory was freed: %s", wrong->c_str());
    if (address == 0 || memory::release(address)) return CUDA_SUCCESS;
    complain("freed: %s", memory::describe(address).c_str());
    return CUDA_ERROR_INVALID_VALUE;
}

}  // namespace

extern "C" {

// The device and its context.

CUresult cuInit(unsigned) {
    faults::watch();
    return CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int *version) {
    *version = CUDA_VERSION;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count) {
    *count = 1;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
    *device = 0;
    return ordinal == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult cuDeviceGetName(char *name, int size, CUdevice) {
    snprintf(name, size, "host emulation");
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice) {
    switch (attribute) {
        case CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED: *value = 1; break;
        case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: *value = 8; break;
        case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: *value = 0; break;
        case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: *value = 108; break;
        case CU_DEVICE_ATTRIBUTE_WARP_SIZE: *value = 32; break;
        case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK: *value = 1024; break;
        case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK: *value = 48 * 1024; break;
        default: complain("attribute %d of the device was asked for", attribute); return CUDA_ERROR_INVALID_VALUE;
    }
    return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice) {
    *context = reinterpret_cast<CUcontext>(&context_of_device_0);
    return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease(CUdevice) { return CUDA_SUCCESS; }

CUresult cuCtxGetCurrent(CUcontext *context) {
    *context = current;
    return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext context) {
    current = context;
    return CUDA_SUCCESS;
}

CUresult cuCtxSynchronize() {
    note("synchronize context");
    return CUDA_SUCCESS;
}

// Streams and events: everything is over when it is asked for.

CUresult cuStreamCreate(CUstream *stream, unsigned) {
    *stream = reinterpret_cast<CUstream>(&one_event);
    return CUDA_SUCCESS;
}

CUresult cuStreamDestroy(CUstream) { return CUDA_SUCCESS; }

CUresult cuStreamSynchronize(CUstream) {
    note("synchronize stream");
    return CUDA_SUCCESS;
}

CUresult cuStreamWaitEvent(CUstream, CUevent, unsigned) { return CUDA_SUCCESS; }

CUresult cuStreamIsCapturing(CUstream, CUstreamCaptureStatus *status) {
    *status = CU_STREAM_CAPTURE_STATUS_NONE;
    return CUDA_SUCCESS;
}

CUresult cuEventCreate(CUevent *event, unsigned) {
    *event = reinterpret_cast<CUevent>(&one_event);
    return CUDA_SUCCESS;
}

CUresult cuEventDestroy(CUevent) { return CUDA_SUCCESS; }
CUresult cuEventRecord(CUevent, CUstream) { return CUDA_SUCCESS; }
CUresult cuEventQuery(CUevent) { return CUDA_SUCCESS; }

CUresult cuEventSynchronize(CUevent) {
    note("synchronize event");
    return CUDA_SUCCESS;
}

// Memory.

CUresult cuMemAlloc(CUdeviceptr *address, size_t bytes) {
    return bytes == 0 ? CUDA_ERROR_INVALID_VALUE : allocate(address, bytes);
}

CUresult cuMemAllocAsync(CUdeviceptr *address, size_t bytes, CUstream) {
    *address = 0;
    return bytes == 0 ? CUDA_SUCCESS : allocate(address, bytes);
}

CUresult cuMemFree(CUdeviceptr address) { return release(address); }
CUresult cuMemFreeAsync(CUdeviceptr address, CUstream) { return release(address); }

CUresult cuMemcpyHtoDAsync(CUdeviceptr to, const void *from, size_t bytes, CUstream) {
    if (!within("copy to the device", to, bytes)) return CUDA_ERROR_INVALID_VALUE;
    memcpy(reinterpret_cast<void *>(to), from, bytes);
    note("to device %zu", bytes);
    return CUDA_SUCCESS;
}

CUresult cuMemcpyDtoHAsync(void *to, CUdeviceptr from, size_t bytes, CUstream) {
    if (!within("copy to the host", from, bytes)) return CUDA_ERROR_INVALID_VALUE;
    memcpy(to, reinterpret_cast<const void *>(from), bytes);
    note("to host %zu", bytes);
    return CUDA_SUCCESS;
}

CUresult cuMemcpyDtoDAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream) {
    if (!within("copy, to", to, bytes) || !within("copy, from", from, bytes)) return CUDA_ERROR_INVALID_VALUE;
    memmove(reinterpret_cast<void *>(to), reinterpret_cast<const void *>(from), bytes);
    note("on device %zu", bytes);
    return CUDA_SUCCESS;
}

CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t bytes, CUstream) {
    if (!within("setting memory", to, bytes)) return CUDA_ERROR_INVALID_VALUE;
    memset(reinterpret_cast<void *>(to), value, bytes);
    note("set %zu", bytes);
    return CUDA_SUCCESS;
}

// Modules and kernels.

CUresult cuModuleLoadData(CUmodule *module, const void *image) {
    std::string text = static_cast<const char *>(image);
    bool known = text.find(".version") != std::string::npos;
    if (!known && text.find("no PTX: made by ci/cuda-placeholders.sh") == std::string::npos) return CUDA_ERROR_INVALID_PTX;
    *module = new (std::nothrow) CUmod_st{known, kernels_of(text)};
    return *module == nullptr ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_SUCCESS;
}

CUresult cuModuleUnload(CUmodule) {
    // Its functions may be asked for still; tests load few.
    return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
    static std::mutex guard;
    std::lock_guard lock(guard);
    auto found = module->kernels.find(name);
    if (found == module->kernels.end() && module->known) {
        complain("the module has no kernel %s", name);
        return CUDA_ERROR_NOT_FOUND;
    }
    // One for every name, so that who asks at every launch takes no more memory.
    auto &kernel = module->kernels[name];
    kernel.name = name;
    *function = reinterpret_cast<CUfunction>(&kernel);
    return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                        unsigned block_y, unsigned block_z, unsigned shared, CUstream, void **arguments, void **extra) {
    if (extra != nullptr) return CUDA_ERROR_INVALID_VALUE;
    return run(*reinterpret_cast<Kernel *>(function), {{grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared, arguments});
}

// Errors.

CUresult cuGetErrorName(CUresult error, const char **name) {
    switch (error) {
        case CUDA_SUCCESS: *name = "CUDA_SUCCESS"; break;
        case CUDA_ERROR_INVALID_VALUE: *name = "CUDA_ERROR_INVALID_VALUE"; break;
        case CUDA_ERROR_OUT_OF_MEMORY: *name = "CUDA_ERROR_OUT_OF_MEMORY"; break;
        case CUDA_ERROR_INVALID_DEVICE: *name = "CUDA_ERROR_INVALID_DEVICE"; break;
        case CUDA_ERROR_INVALID_PTX: *name = "CUDA_ERROR_INVALID_PTX"; break;
        case CUDA_ERROR_NOT_FOUND: *name = "CUDA_ERROR_NOT_FOUND"; break;
        case CUDA_ERROR_ILLEGAL_ADDRESS: *name = "CUDA_ERROR_ILLEGAL_ADDRESS"; break;
        default: *name = "an error that the emulated driver does not know"; break;
    }
    return CUDA_SUCCESS;
}

CUresult cuGetErrorString(CUresult error, const char **text) { return cuGetErrorName(error, text); }

}  // extern "C"
