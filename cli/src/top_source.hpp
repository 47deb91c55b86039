#pragma once

/// Asks a running service how it is.
///
///     source from(co_await asio::this_coro::executor, {.url = "http://10.0.0.7:3000", .patience = 5s});
///     const auto now = co_await from.look();

#include "top_reading.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/http_client.hpp>

#include <chrono>
#include <string>

namespace infra::cli::top {

struct source_options {
    std::string url{};          ///< without a slash at the end
    std::string admin_token{};  ///< tells what the dashboard knows; without it, what anybody may know
    std::string health_token{}; ///< tells why checks fail
    std::chrono::milliseconds patience{5'000};
};

/// The address without a name and password.
std::string shown_url(std::string_view url);

/// Errors:   where /metrics cannot be had, look() throws: infra::error with a sentence for people. What else cannot be had is a note in
///           the reading.
/// Lifetime: until the awaitable it gave has ended.
class source {
public:
    source(executor ex, source_options options);
    awaitable<reading> look();

private:
    awaitable<http::client_response> ask(std::string path, std::string token, deadline until) const;
    awaitable<json::value> ask_operators(std::string path, deadline until) const;
    awaitable<void> add_for_operators(reading& to, deadline until);

    const source_options options_;
    const http::client client_;
    json::value session_;
    json::value channels_;
    double clock_ahead_ = 0; ///< of the service, in milliseconds
    std::size_t looks_ = 0;
    std::string refused_; ///< why operators are told nothing: it is not asked again
};

} // namespace infra::cli::top
