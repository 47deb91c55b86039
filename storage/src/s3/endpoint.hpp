#pragma once

/// Where an S3 is. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage::s3 {

struct endpoint {
    bool secure = true;
    std::string host{};     ///< in lower case; an IPv6 address in brackets
    std::uint16_t port = 0; ///< 0: the scheme's own
    std::string path{};     ///< what stands before every bucket: empty, or "/storage/v1/s3"

    std::string authority() const; ///< as Host has it: with a port that is not the scheme's
    std::string origin() const;    ///< "https://host:port"

    friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// Of `https://host[:port][/path]`, or http. Throws infra::error with errc::misconfigured, in a sentence that begins with `name` and
/// repeats nothing, for it may hold a password.
endpoint parse_endpoint(std::string_view text, std::string_view name);

/// AWS's for a region.
endpoint endpoint_of_region(std::string_view region);

/// Whether it is one of AWS's, whose hosts are named after regions.
bool is_of_aws(const endpoint& e) noexcept;

/// A word that can stand in a signature's scope and in a host.
bool is_region(std::string_view text) noexcept;

/// What is known of a store by its host's name alone.
bool is_r2(const endpoint& e) noexcept; ///< Cloudflare
bool is_b2(const endpoint& e) noexcept; ///< Backblaze

} // namespace infra::storage::s3
