// Says which kernel was running when the processor refused what it did.
#pragma once

namespace faults {

// Watches from now on; a second call does nothing.
void watch();

// While it lives, this thread runs the kernel of that name.
class Running {
   public:
    explicit Running(const char *kernel);
    ~Running();
};

}  // namespace faults
