#pragma once

/// What the proofs on the stub share: a storage that is impatient, bytes of a seed, and files.

#include "stub/server.hpp"

#include <infra/runtime/wait.hpp>
#include <infra/storage/s3.hpp>
#include <infra/storage/storage.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <string>

namespace infra::storage::proof {

using namespace std::chrono_literals;

inline constexpr std::uint64_t part_bytes = 5u << 20;

/// Of `many` in ./test --long, of `few` otherwise.
inline int rounds(int few, int many) { return std::getenv("INFRA_TEST_LONG") ? many : few; }

inline std::string bytes(std::size_t size, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::string out(size, '\0');
    for (auto& c : out)
        c = static_cast<char>(random());
    return out;
}

inline std::shared_ptr<bucket> bucket_at(const std::string& endpoint, const credentials& keys) {
    return make_s3_bucket({.bucket = "photos", .endpoint = endpoint, .keys = keys, .connect_timeout = 2s});
}

/// Waits between attempts for nearly nothing.
inline storage_options impatient(std::shared_ptr<bucket> in, int attempts = 5) {
    return {.bucket = std::move(in),
            .timeout = 5s,
            .attempt_timeout = 2s,
            .attempts = attempts,
            .pause = {.type = backoff::kind::fixed, .delay = 1ms, .jitter = 1},
            .part_size = part_bytes};
}

inline infra::storage::storage files_at(const stub::server& s3, int attempts = 5) {
    return infra::storage::storage(impatient(bucket_at(s3.endpoint(), s3.keys()), attempts));
}

/// How it failed; a code that tests false if it did not.
template <class T>
boost::system::error_code failure(awaitable<T> operation) {
    try {
        wait(std::move(operation));
    } catch (...) {
        return code_of(std::current_exception());
    }
    return {};
}

} // namespace infra::storage::proof
