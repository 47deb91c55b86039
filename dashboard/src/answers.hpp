#pragma once

// How everything that leaves the dashboard looks: its header fields, and what thrown things become.

#include <infra/base/awaitable.hpp>
#include <infra/http_server/response.hpp>

#include <exception>
#include <string_view>

namespace infra::dashboard {

/// Adds what every answer has: no sniffing, no frames, no referrer, no other site, and a policy that knows only our own files. What
/// an answer says itself of Content-Security-Policy (then it may be framed as that says) or Cache-Control stays.
http::response sealed(http::response made);

/// What a panel threw, for who asked: see board.hpp. Rethrows a cancellation.
http::response answer_of(std::exception_ptr thrown, std::string_view route);

} // namespace infra::dashboard
