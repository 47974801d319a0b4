// What the driver has to say.
#pragma once

#include <cstdarg>

// Says on standard error what was asked wrongly.
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

// A line for the file that PYPRIOR_DRIVER_LOG names, if it does: one for every call that a device would be busy with.
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
