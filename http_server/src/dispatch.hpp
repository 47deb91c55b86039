#pragma once

// From a matched request to a response: guards, handler, and what becomes of their exceptions. No sockets.

#include "message_access.hpp"

#include <exception>

namespace infra::http::detail {

/// 404, 405 with Allow, the answer to OPTIONS, 501 for CONNECT.
response answer_unmatched(const request& r, const route_match& found);

/// 426: the route is for Upgrade, the request was not.
response answer_without_upgrade();

/// Of an error_response what it says; of anything else a 500 that says nothing, while the log says all.
response answer_exception(std::exception_ptr thrown, std::string_view route, std::string_view request_id);

/// Guards and handler of a plain route. Throws what they throw. The handler may have moved the request away.
response run_plain(const route& to, request& r);

/// The same for every route with a handler; `body` for one that takes it while it comes.
awaitable<response> run(const route& to, request r, body_input& body);

/// The guards alone; empty means go on.
awaitable<std::optional<response>> run_guards(const route& to, request& r);

/// `made`, or a 500 if no status of it could be sent.
response checked(response made, std::string_view route, std::string_view request_id);

/// Whether the client asks to leave HTTP (RFC 9110 section 7.8).
bool wants_upgrade(const request& r) noexcept;

} // namespace infra::http::detail
