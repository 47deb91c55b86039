#pragma once

/// Where a request goes, as it was sent: a signature covers the bytes of its path, not what they mean.

#include "../sigv4/sigv4.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace infra::storage::serve {

struct signed_target {
    std::string path{};    ///< below where it is mounted, encoded: "/in/a%20b.jpg"; empty or "/": the bucket
    std::string key{};     ///< empty: there is no such key
    sigv4::fields query{}; ///< decoded
};

/// Empty for what is not below `prefix` as it is written, or has a broken percent sign.
std::optional<signed_target> read_target(std::string_view target, std::string_view prefix);

/// What was signed is in the query.
bool has_signature(const signed_target& of) noexcept;

std::string value_of(const sigv4::fields& query, std::string_view name);

} // namespace infra::storage::serve
