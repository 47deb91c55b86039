#pragma once

/// SHA-256, plain and with a key.

#include <array>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st; // OpenSSL's

namespace infra::storage::sigv4 {

using digest = std::array<unsigned char, 32>;

digest sha256(std::string_view bytes);
digest hmac_sha256(std::string_view key, std::string_view bytes);

/// Of what comes piece by piece.
///
/// Threads: one at a time.
class running_sha256 {
public:
    running_sha256();
    running_sha256(const running_sha256& other);
    running_sha256& operator=(const running_sha256&) = delete;

    void update(std::string_view bytes);
    digest value() const; ///< of all until now

private:
    struct release {
        void operator()(evp_md_ctx_st* context) const noexcept;
    };
    std::unique_ptr<evp_md_ctx_st, release> context_;
};

/// In hex.
std::string hex(const digest& of);

inline std::string_view bytes_of(const digest& d) noexcept {
    return {reinterpret_cast<const char*>(d.data()), d.size()};
}

/// In a time that tells nothing of where they differ.
bool are_equal(std::string_view a, std::string_view b) noexcept;

} // namespace infra::storage::sigv4
