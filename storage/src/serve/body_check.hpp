#pragma once

/// Whether the bytes that come are those that a request speaks of.

#include <infra/base/http_message.hpp>
#include <infra/storage/checksum.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage::serve {

constexpr std::string_view checksum_prefix = "x-amz-checksum-";

struct expected_body {
    std::optional<std::string> md5{}; ///< 16 bytes
    std::optional<checksum> sum{};
    std::uint64_t min_size = 0;
    std::uint64_t max_size = UINT64_MAX;
};

/// Of Content-MD5 and x-amz-checksum-…. Throws refused for what cannot be one, and for checksums that nobody here computes.
expected_body expected_by(const http::headers& fields);

/// Throws refused, as soon as it is known.
class body_check {
public:
    explicit body_check(expected_body of);
    ~body_check();
    body_check(const body_check&) = delete;
    body_check& operator=(const body_check&) = delete;

    void update(std::string_view bytes);
    void finish();

private:
    struct md5;

    const expected_body expected_;
    std::unique_ptr<md5> md5_; // where it is asked for
    running_checksum sum_;
    std::uint64_t size_ = 0;
};

} // namespace infra::storage::serve
