#include "memory.h"

#include <sys/mman.h>

#include <cstring>
#include <map>
#include <mutex>

namespace memory {
namespace {

constexpr size_t PAGE = 4096;
// What the alignment of 16 bytes leaves unused of the pages of an allocation is filled with this.
constexpr unsigned char UNUSED = 0xa5;
constexpr size_t ADDRESSES = size_t{1} << 38;

struct Allocation {
    size_t bytes;
    uint64_t pages;
    size_t length;
};

std::mutex guard;
std::map<uint64_t, Allocation> live;
// Only sizes remain of what was freed: an address is used once.
std::map<uint64_t, size_t> freed;
uint64_t base = 0;
uint64_t next = 0;

unsigned char *at(uint64_t address) { return reinterpret_cast<unsigned char *>(address); }

std::string hex(uint64_t address) {
    char text[24];
    snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(address));
    return text;
}

template <class Map>
auto below(Map &map, uint64_t address) {
    auto found = map.upper_bound(address);
    return found == map.begin() ? map.end() : std::prev(found);
}

std::string locate(uint64_t address) {
    if (auto found = below(live, address); found != live.end() && address - found->first < found->second.length) {
        auto offset = address - found->first;
        auto bytes = found->second.bytes;
        return hex(address) + (offset < bytes ? " is byte " + std::to_string(offset) + " of an allocation of "
                                              : " is " + std::to_string(offset - bytes) + " bytes behind the end of one of ") +
               std::to_string(bytes) + " bytes";
    }
    if (auto found = below(freed, address); found != freed.end() && address - found->first < found->second) {
        return hex(address) + " is in memory that was freed (" + std::to_string(found->second) + " bytes)";
    }
    bool device = base != 0 && address - base < ADDRESSES;
    return hex(address) + (device ? " is in no allocation of the device" : " is no address of the device");
}

bool is_untouched(uint64_t from, uint64_t to) {
    return from == to || (*at(from) == UNUSED && memcmp(at(from), at(from + 1), to - from - 1) == 0);
}

}  // namespace

std::optional<uint64_t> allocate(size_t bytes) {
    std::lock_guard lock(guard);
    if (base == 0) {
        void *all = mmap(nullptr, ADDRESSES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (all == MAP_FAILED) return std::nullopt;
        base = next = reinterpret_cast<uint64_t>(all);
    }
    if (bytes > ADDRESSES) return std::nullopt;
    // The end lies at the end of a page, to within 16 bytes, and the next page stays closed.
    size_t length = (bytes + PAGE - 1) / PAGE * PAGE;
    if (next + length + PAGE > base + ADDRESSES) return std::nullopt;
    if (mprotect(at(next), length, PROT_READ | PROT_WRITE) != 0) return std::nullopt;
    uint64_t address = next + (length - bytes) / 16 * 16;
    memset(at(next), UNUSED, length);
    memset(at(address), 0xff, bytes);
    live[address] = {bytes, next, length};
    next += length + PAGE;
    return address;
}

bool release(uint64_t address) {
    std::lock_guard lock(guard);
    auto found = live.find(address);
    if (found == live.end()) return false;
    auto [bytes, pages, length] = found->second;
    madvise(at(pages), length, MADV_DONTNEED);
    mprotect(at(pages), length, PROT_NONE);
    freed[address] = bytes;
    live.erase(found);
    return true;
}

std::optional<std::string> complaint(uint64_t address, size_t bytes) {
    std::lock_guard lock(guard);
    if (bytes == 0) return std::nullopt;
    auto found = below(live, address);
    if (found == live.end() || address - found->first >= found->second.bytes) return locate(address);
    if (bytes > found->second.bytes - (address - found->first)) {
        return locate(address) + ", and " + std::to_string(bytes) + " from there are too many";
    }
    return std::nullopt;
}

bool is_device(uint64_t address) {
    std::lock_guard lock(guard);
    return base != 0 && address - base < ADDRESSES;
}

std::string describe(uint64_t address) {
    std::lock_guard lock(guard);
    return locate(address);
}

std::optional<std::string> spill(uint64_t address) {
    std::lock_guard lock(guard);
    auto found = below(live, address);
    if (found == live.end() || address - found->first >= found->second.bytes) return std::nullopt;
    auto &[bytes, pages, length] = found->second;
    auto end = found->first + bytes;
    if (is_untouched(pages, found->first) && is_untouched(end, pages + length)) return std::nullopt;
    memset(at(pages), UNUSED, found->first - pages);
    memset(at(end), UNUSED, pages + length - end);
    return "bytes beside an allocation of " + std::to_string(bytes) + " bytes were written";
}

}  // namespace memory
