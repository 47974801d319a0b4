// The few of candle's own kernels that the tests need.
#pragma once

#include <string>

// Runs the kernel of that name; false if it is none of the few.
bool candle_kernel(const std::string &name, void *const *arguments);
