#include "module.h"

#include <algorithm>
#include <regex>
#include <sstream>

namespace {

size_t width_of(const std::string &type) {
    size_t bits = 0;
    for (char c : type) {
        if (c >= '0' && c <= '9') bits = bits * 10 + (c - '0');
    }
    return std::max<size_t>(bits / 8, 1);
}

// A register that was loaded from an argument, and is found to be a pointer when it is made an address.
struct Load {
    size_t parameter;
    size_t offset;
};

}  // namespace

std::map<std::string, Kernel> kernels_of(const std::string &ptx) {
    static const std::regex entry(R"(\.entry\s+(\w+))");
    static const std::regex param(R"(\.param\s+(?:\.align\s+\d+\s+)?\.(\w+)\s+(?:\.ptr\s+(?:\.\w+\s+)?(?:\.align\s+\d+\s+)?)?\w+_param_\d+(?:\[(\d+)\])?)");
    static const std::regex shared(R"(^\s*\.shared\s+(?:\.align\s+\d+\s+)?\.(\w+)\s+\w+(?:\[(\d+)\])?)");
    static const std::regex threads(R"(\.(?:maxntid|reqntid)\s+(\d+)(?:,\s*(\d+))?(?:,\s*(\d+))?)");
    static const std::regex load(R"(ld\.param(?:\.v\d)?\.[ub]64\s+\{?([^\[\]{}]*)\}?,\s*\[\w+_param_(\d+)(?:\+(\d+))?\])");
    static const std::regex address(R"(cvta\.to\.global\.u64\s+%\w+,\s*(%\w+))");

    std::map<std::string, Kernel> kernels;
    std::map<std::string, Load> loads;
    Kernel *kernel = nullptr;
    std::istringstream lines(ptx);
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        if (std::regex_search(line, match, entry)) {
            kernel = &kernels[match[1]];
            kernel->name = match[1];
            loads.clear();
        } else if (kernel == nullptr || line.find('.') == std::string::npos) {
            continue;
        } else if (line.find(".func") != std::string::npos) {
            kernel = nullptr;
        } else if (line.find(".param") != std::string::npos && std::regex_search(line, match, param)) {
            size_t count = match[2].matched ? std::stoul(match[2]) : 1;
            kernel->parameters.push_back({width_of(match[1]) * count, {}});
        } else if (line.find("ntid") != std::string::npos && std::regex_search(line, match, threads)) {
            kernel->threads = 1;
            for (size_t i = 1; i < match.size(); ++i) {
                if (match[i].matched) kernel->threads *= std::stoul(match[i]);
            }
        } else if (line.find(".shared") != std::string::npos && std::regex_search(line, match, shared)) {
            kernel->shared += width_of(match[1]) * (match[2].matched ? std::stoul(match[2]) : 1);
        } else if (line.find("ld.param") != std::string::npos && std::regex_search(line, match, load)) {
            std::istringstream registers(match[1]);
            size_t offset = match[3].matched ? std::stoul(match[3]) : 0;
            for (std::string name; std::getline(registers, name, ','); offset += 8) {
                name.erase(std::remove_if(name.begin(), name.end(), [](char c) { return c == ' ' || c == '\t'; }), name.end());
                loads[name] = {std::stoul(match[2]), offset};
            }
        } else if (line.find("cvta.to.global") != std::string::npos && std::regex_search(line, match, address)) {
            auto found = loads.find(match[1]);
            if (found == loads.end() || found->second.parameter >= kernel->parameters.size()) continue;
            auto &pointers = kernel->parameters[found->second.parameter].pointers;
            if (std::find(pointers.begin(), pointers.end(), found->second.offset) == pointers.end()) {
                pointers.push_back(found->second.offset);
            }
        }
    }
    return kernels;
}
