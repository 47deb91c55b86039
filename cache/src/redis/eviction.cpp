#include "eviction.hpp"

#include <algorithm>

namespace infra::cache::redis_backend {
namespace {

// `name:value` is a line of its own.
std::string_view value_of(std::string_view info, std::string_view name) {
    while (!info.empty()) {
        const auto line = info.substr(0, info.find_first_of("\r\n"));
        if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':')
            return line.substr(name.size() + 1);
        info.remove_prefix(std::min(info.size(), line.size() + 1));
    }
    return {};
}

} // namespace

std::string evicts_all_by(std::string_view info) {
    const auto bound = value_of(info, "maxmemory");
    const auto policy = value_of(info, "maxmemory_policy");
    const bool evicts = !bound.empty() && bound != "0" && policy.starts_with("allkeys-");
    return std::string(evicts ? policy : "");
}

} // namespace infra::cache::redis_backend
