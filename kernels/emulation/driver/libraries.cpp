// What candle asks of cuBLAS and cuRAND when it opens a device: handles, and products of matrices in f32. And what
// kernels that nvcc linked ask of the runtime before anything runs: to know them.
#include <cstddef>
#include <cstdint>

#include "log.h"
#include "memory.h"

namespace {

// Matrices one behind the other, column by column, as cuBLAS has them.
template <class T>
struct Matrices {
    T *numbers;
    bool is_transposed;
    long long line, stride;

    T &at(long long nth, long long row, long long column) const {
        return numbers[nth * stride + (is_transposed ? column + row * line : row + column * line)];
    }

    // Whether all that is asked of them is there.
    bool lies_well(const char *name, long long count, long long rows, long long columns) const {
        auto last = reinterpret_cast<uint64_t>(&at(count - 1, rows - 1, columns - 1)) + sizeof(T);
        auto first = reinterpret_cast<uint64_t>(numbers);
        auto wrong = memory::complaint(first, last - first);
        if (wrong) complain("a product of matrices, %s: %s", name, wrong->c_str());
        return !wrong;
    }
};

constexpr int FLOAT = 0, TRANSPOSED = 1;
constexpr int SUCCESS = 0, INVALID_VALUE = 7, NOT_SUPPORTED = 15;

}  // namespace

extern "C" {

int cublasGemmStridedBatchedEx(void *, int left_is, int right_is, int rows, int columns, int inner, const void *alpha,
                               const void *left, int left_type, int left_line, long long left_stride, const void *right,
                               int right_type, int right_line, long long right_stride, const void *beta, void *out,
                               int out_type, int out_line, long long out_stride, int count, int, int) {
    if (left_type != FLOAT || right_type != FLOAT || out_type != FLOAT || *static_cast<const float *>(beta) != 0) {
        complain("a product of matrices that are not f32, or one that is added");
        return NOT_SUPPORTED;
    }
    if (rows <= 0 || columns <= 0 || inner <= 0 || count <= 0) return SUCCESS;
    using In = Matrices<const float>;
    const In a{static_cast<const float *>(left), left_is == TRANSPOSED, left_line, left_stride};
    const In b{static_cast<const float *>(right), right_is == TRANSPOSED, right_line, right_stride};
    const Matrices<float> c{static_cast<float *>(out), false, out_line, out_stride};
    if (!a.lies_well("left", count, rows, inner) || !b.lies_well("right", count, inner, columns) ||
        !c.lies_well("out", count, rows, columns)) {
        return INVALID_VALUE;
    }
    note("multiply %d times %d %d %d", count, rows, columns, inner);
    const float factor = *static_cast<const float *>(alpha);
    for (int nth = 0; nth < count; ++nth) {
        for (int column = 0; column < columns; ++column) {
            for (int row = 0; row < rows; ++row) {
                float sum = 0;
                for (int i = 0; i < inner; ++i) sum += a.at(nth, row, i) * b.at(nth, i, column);
                c.at(nth, row, column) = factor * sum;
            }
        }
    }
    return SUCCESS;
}

int cublasCreate_v2(void **handle) {
    static char one;
    *handle = &one;
    return 0;
}

int cublasDestroy_v2(void *) { return 0; }
int cublasSetStream_v2(void *, void *) { return 0; }

int curandCreateGenerator(void **generator, int) {
    static char one;
    *generator = &one;
    return 0;
}

int curandDestroyGenerator(void *) { return 0; }
int curandSetStream(void *, void *) { return 0; }
int curandSetPseudoRandomGeneratorSeed(void *, unsigned long long) { return 0; }

void **__cudaRegisterFatBinary(void *) {
    static void *one;
    return &one;
}

void __cudaRegisterFatBinaryEnd(void **) {}
void __cudaUnregisterFatBinary(void **) {}
void __cudaRegisterFunction(...) {}
void __cudaRegisterVar(...) {}

}  // extern "C"
