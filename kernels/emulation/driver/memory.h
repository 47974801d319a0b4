// The memory of the device that is not there: addresses of their own, with nothing readable between allocations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace memory {

// New memory, filled with 0xff bytes (NaN in every type of float, and no token); nothing if the addresses are used up.
std::optional<uint64_t> allocate(size_t bytes);

// Whether `address` was the beginning of an allocation; it is none from now on, and nothing can be read there.
bool release(uint64_t address);

// What is wrong with touching these bytes; nothing if they lie in one allocation, or are none.
std::optional<std::string> complaint(uint64_t address, size_t bytes);

// Whether the address is one of the device's, allocated or not.
bool is_device(uint64_t address);

// Where the address lies, in words.
std::string describe(uint64_t address);

// What was written beside the allocation in which the address lies; nothing if nothing was, or if it lies in none.
std::optional<std::string> spill(uint64_t address);

}  // namespace memory
