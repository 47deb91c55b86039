#pragma once

/// A public call, told: a span, and in the metrics.
///
///     return told(core_, "put", key, put_it(core_, key, std::move(what)));

#include "core.hpp"

#include <infra/base/telemetry.hpp>

#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace infra::storage {

/// From its beginning to its end.
class call {
public:
    call(core_ptr of, std::string_view op, const std::string& key);

    void succeeded();
    void failed(const std::exception_ptr& why);

private:
    void end(std::string_view status);

    const core_ptr of_;
    const std::string_view op_;
    const steady_time began_;
    telemetry::span span_;
};

/// `op` outlives it; `key` stands in the span alone.
template <class T>
awaitable<T> told(core_ptr of, std::string_view op, std::string key, awaitable<T> work) {
    call about(std::move(of), op, key);
    std::exception_ptr why;
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(work);
            about.succeeded();
            co_return;
        } else {
            auto result = co_await std::move(work);
            about.succeeded();
            co_return result;
        }
    } catch (...) {
        why = std::current_exception();
    }
    about.failed(why);
    std::rethrow_exception(why);
}

} // namespace infra::storage
