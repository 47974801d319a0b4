// What candle asks of cuBLAS and cuRAND when it opens a device: handles. It multiplies and draws with neither here. And
// what kernels that nvcc linked ask of the runtime before anything runs: to know them.
extern "C" {

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
