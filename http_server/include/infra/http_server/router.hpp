#pragma once

/// Which handler answers which request.
///
///     http::router routes;
///     routes.get("/users/{id}", [](const http::request& req) { return http::response::ok(find(req.param("id"))); });
///     routes.post("/users", [&](http::request req) -> infra::awaitable<http::response> { … co_return … });
///     auto admin = routes.group("/admin");
///     admin.use([](http::request& req) { return authorised(req) ? std::nullopt : std::optional(http::response(403)); });
///     admin.files("/assets", {.directory = "public"});

#include <infra/base/awaitable.hpp>
#include <infra/http_server/request.hpp>
#include <infra/http_server/response.hpp>
#include <infra/http_server/static_files.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace infra::http {

struct upgrade;

namespace detail {

class route_table;

/// One of them is set. What needs no suspension pays for no coroutine.
struct handler {
    std::function<response(request&)> plain{};
    std::function<awaitable<response>(request)> coroutine{};
    std::function<awaitable<response>(request, body_reader)> streamed{}; // what takes its body while it comes
};
struct guard {
    std::function<std::optional<response>(request&)> plain{};
    std::function<awaitable<std::optional<response>>(request&)> coroutine{};
};
using upgrade_handler = std::function<awaitable<void>(upgrade)>;

template <class F>
concept takes_request_by_reference = std::invocable<const F&, request&>;
template <class F>
concept takes_request_by_value = std::invocable<const F&, request> && !takes_request_by_reference<F>;
template <class F>
concept takes_body = std::invocable<const F&, request&, body_reader> || std::invocable<const F&, request, body_reader>;

template <class F>
handler make_handler(F f) {
    if constexpr (takes_body<F>) {
        if constexpr (std::invocable<const F&, request&, body_reader>)
            return {.streamed = [f = std::move(f)](request r, body_reader body) -> awaitable<response> {
                co_return co_await f(r, body);
            }};
        else
            return {.streamed = std::move(f)};
    } else if constexpr (takes_request_by_reference<F>) {
        using result = std::invoke_result_t<const F&, request&>;
        if constexpr (std::convertible_to<result, response>)
            return {.plain = std::move(f)};
        else // the request lives in this frame for as long as the handler looks at it
            return {.coroutine = [f = std::move(f)](request r) -> awaitable<response> { co_return co_await f(r); }};
    } else if constexpr (takes_request_by_value<F>) {
        using result = std::invoke_result_t<const F&, request>;
        if constexpr (std::convertible_to<result, response>)
            return {.plain = [f = std::move(f)](request& r) -> response { return f(std::move(r)); }};
        else
            return {.coroutine = std::move(f)};
    } else {
        static_assert(std::invocable<const F&>, "a handler is called with an http::request, or with nothing");
        using result = std::invoke_result_t<const F&>;
        if constexpr (std::convertible_to<result, response>)
            return {.plain = [f = std::move(f)](request&) -> response { return f(); }};
        else
            return {.coroutine = [f = std::move(f)](request) { return f(); }};
    }
}

template <class F>
guard make_guard(F f) {
    if constexpr (std::convertible_to<std::invoke_result_t<const F&, request&>, std::optional<response>>)
        return {.plain = std::move(f)};
    else
        return {.coroutine = std::move(f)};
}

} // namespace detail

/// A table of patterns and handlers, or a part of one under a common prefix.
///
/// A pattern is a path of literal segments, `{name}` for one segment that is not empty, and at its end `{name...}` for all
/// that is left, which may be empty. Literals win over `{name}`, `{name}` over a tail. "/users" and "/users/" differ.
/// HEAD is answered by the handler for GET, OPTIONS by the table itself unless any() has taken it.
///
/// A handler is called with `request`, `request&`, `const request&` or nothing and gives a `response` or an
/// `awaitable<response>`. A plain one runs on the loop and must not block. It is called from every loop at once, as const.
/// One that also takes a `body_reader` (request.hpp) is called as soon as the head is there, and gives an awaitable.
///
/// Threads:  one thread until a server has it; then nobody changes it (std::logic_error).
/// Errors:   std::invalid_argument for a bad pattern, or for one that is there already.
/// Lifetime: copies and groups share one table.
class router {
public:
    router();

    template <class F>
    router& get(std::string_view pattern, F f) {
        return add(method::get, pattern, detail::make_handler(std::move(f)));
    }
    template <class F>
    router& post(std::string_view pattern, F f) {
        return add(method::post, pattern, detail::make_handler(std::move(f)));
    }
    template <class F>
    router& put(std::string_view pattern, F f) {
        return add(method::put, pattern, detail::make_handler(std::move(f)));
    }
    template <class F>
    router& patch(std::string_view pattern, F f) {
        return add(method::patch, pattern, detail::make_handler(std::move(f)));
    }
    template <class F>
    router& del(std::string_view pattern, F f) {
        return add(method::delete_, pattern, detail::make_handler(std::move(f)));
    }

    /// GET, POST, PUT, PATCH, DELETE and OPTIONS.
    template <class F>
    router& any(std::string_view pattern, F f) {
        return add_any(pattern, detail::make_handler(std::move(f)));
    }

    /// What comes before the handlers added to this router (and groups made of it) from now on, in order: a function of
    /// `request&` that gives `std::optional<response>` or an awaitable of it. A response ends it there.
    template <class F>
    void use(F f) {
        guards_.push_back(std::make_shared<const detail::guard>(detail::make_guard(std::move(f))));
    }

    /// The same table under `prefix`, with the guards so far. "/api" or "/shops/{shop}"; no slash at the end.
    router group(std::string_view prefix) const;

    /// `f(upgrade)` gives an `awaitable<void>` and owns the connection. A request without `Upgrade` is answered 426.
    /// Guards come first.
    template <class F>
    router& on_upgrade(std::string_view pattern, F f) {
        return add_upgrade(pattern, std::move(f));
    }

    /// Serves a directory under `prefix`; see static_files.hpp.
    router& files(std::string_view prefix, static_files options);

    /// What a server would answer, without a server, for tests: `co_await routes.handle({.target = "/users/7"})`.
    awaitable<response> handle(request_parts parts) const;

private:
    friend struct detail::request_access;
    router& add(method m, std::string_view pattern, detail::handler h);
    router& add_any(std::string_view pattern, detail::handler h);
    router& add_upgrade(std::string_view pattern, detail::upgrade_handler h);

    std::shared_ptr<detail::route_table> table_;
    std::string prefix_;
    std::vector<std::shared_ptr<const detail::guard>> guards_;
};

} // namespace infra::http
