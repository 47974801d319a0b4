// Runs a kernel on the host.
#pragma once

#include <cuda.h>

#include "module.h"

// What a launch asks for.
struct Launch {
    unsigned grid[3];
    unsigned block[3];
    unsigned shared;
    void *const *arguments;
};

// Checks a launch as a driver does, and its pointers as none could, and runs it to its end.
CUresult run(const Kernel &kernel, const Launch &launch);
