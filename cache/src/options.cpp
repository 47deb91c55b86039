#include <infra/cache/options.hpp>

#include "keys.hpp"

#include <infra/base/encoding.hpp>

#include <stdexcept>
#include <string_view>

namespace infra::cache {
namespace {

using std::chrono::milliseconds;

void require(bool holds, std::string_view option, std::string_view demand) {
    if (!holds)
        throw std::invalid_argument(std::string("cache::").append(option).append(" ").append(demand));
}

void require_positive(const std::optional<milliseconds>& d, std::string_view option) {
    require(!d || *d > milliseconds::zero(), option, "must be positive");
}

void require_share(double share, std::string_view option) {
    require(share >= 0 && share <= 1, option, "must be from 0 to 1"); // so not for NaN
}

void check_tags(const string_list& tags, std::string_view option) {
    require(tags.size() <= 64, option, "must be at most 64");
    for (const auto& each : tags)
        require(!each.empty() && each.size() <= 255 && encoding::is_utf8(each) && !has_controls(each), option,
                "must have 1 to 255 bytes of UTF-8 without control characters each");
}

} // namespace

void check(const cache_options& options) {
    check_prefix("cache_options::prefix", options.prefix);
    require_positive(options.default_ttl, "cache_options::default_ttl");
    require(options.max_bytes >= 65536, "cache_options::max_bytes", "must be at least 64 KiB");
    require_positive(options.timeout, "cache_options::timeout");
}

void check(const set_options& options) {
    require_positive(options.ttl, "set_options::ttl");
    check_tags(options.tags, "set_options::tags");
}

void check(const load_options& options) {
    require_positive(options.ttl, "load_options::ttl");
    require_positive(options.soft_timeout, "load_options::soft_timeout");
    require_positive(options.hard_timeout, "load_options::hard_timeout");
    require_positive(options.none_ttl, "load_options::none_ttl");
    require(options.stale >= milliseconds::zero(), "load_options::stale", "must not be negative");
    require(options.grace >= milliseconds::zero(), "load_options::grace", "must not be negative");
    require_positive(options.throttle, "load_options::throttle");
    require_share(options.eager, "load_options::eager");
    require_share(options.jitter, "load_options::jitter");
    check_tags(options.tags, "load_options::tags");
}

} // namespace infra::cache
