#include "log.h"

#include <cstdio>
#include <cstdlib>
#include <mutex>

void complain(const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "emulated driver: %s\n", text);
}

void note(const char *format, ...) {
    static FILE *file = [] {
        const char *path = getenv("PYPRIOR_DRIVER_LOG");
        return path == nullptr ? nullptr : fopen(path, "a");
    }();
    if (file == nullptr) return;
    static std::mutex guard;
    std::lock_guard lock(guard);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(file, format, arguments);
    va_end(arguments);
    fputc('\n', file);
    fflush(file);
}
