// What a module's PTX says of its kernels.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

// One argument.
struct Parameter {
    size_t bytes;
    // Where in it pointers to global memory are, in bytes from its beginning.
    std::vector<size_t> pointers;
};

struct Kernel {
    std::string name;
    std::vector<Parameter> parameters;
    // Threads that a block has at most; 1,024 if nothing is said.
    unsigned threads = 1024;
    // Bytes of shared memory that it declares.
    size_t shared = 0;
};

// The kernels of a module by name. None for a text that is no PTX.
std::map<std::string, Kernel> kernels_of(const std::string &ptx);
