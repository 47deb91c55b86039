#pragma once

/// A storage over a bucket that does what it is told, and a clock that stands still.

#include "tests/fake_bucket.hpp"
#include "tests/support.hpp"

#include <infra/storage/storage.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace infra::storage {

inline const storage_error down{infra::errc::unavailable, "no connection", {.name = "unavailable", .retryable = true}};
inline const storage_error lost{
    infra::errc::unavailable, "the answer was lost", {.name = "unavailable", .retryable = true, .uncertain = true}};
inline const storage_error slow{errc::throttled, "SlowDown", {.name = "SlowDown", .status = 503, .retryable = true}};
inline const storage_error denied{errc::denied, "not allowed", {.name = "AccessDenied", .status = 403}};

struct fake_storage : ::testing::Test {
    manual_clock time;
    std::shared_ptr<fake_bucket> to = std::make_shared<fake_bucket>(time);
    storage_options options{
        .bucket = to, .pause = {.delay = std::chrono::milliseconds(100)}, .part_size = 5 << 20, .time = &time};

    storage files() const { return storage(options); }

    template <class T>
    T get(awaitable<T> operation) {
        return run_on(time, std::move(operation));
    }
    void wait(awaitable<void> operation) {
        get([](awaitable<void> one) -> awaitable<bool> {
            co_await std::move(one);
            co_return true;
        }(std::move(operation)));
    }

    template <class T>
    std::optional<storage_error> refusal(awaitable<T> operation) {
        return refusal_of([&] {
            if constexpr (std::is_void_v<T>)
                wait(std::move(operation));
            else
                get(std::move(operation));
        });
    }

    std::string bytes_of(const std::string& key) const {
        const auto found = to->find(key);
        return found ? found->bytes : "(none)";
    }
};

/// Gives each of these, and then the end.
inline byte_source source_of(std::vector<std::string> all) {
    const auto left = std::make_shared<std::vector<std::string>>(std::move(all));
    std::ranges::reverse(*left);
    return [left]() -> awaitable<std::string> {
        if (left->empty())
            co_return std::string();
        auto next = std::move(left->back());
        left->pop_back();
        co_return next;
    };
}

/// Everything a reader gives.
inline awaitable<std::string> read_all(object_reader from) {
    std::string all;
    for (auto piece = co_await from.read(); !piece.empty(); piece = co_await from.read())
        all += piece;
    co_return all;
}

} // namespace infra::storage
