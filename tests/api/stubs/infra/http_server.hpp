#pragma once

/// Incoming HTTP: a router of plain functions and coroutines.
///
///     app.http().get("/users/{id}", [](infra::http::request req) { return infra::http::response::ok(find(req.param("id"))); });

#include <infra/base.hpp>

#include <functional>

namespace infra::http {

/// Thrown by a handler: this status, with these words for the client.
class error : public std::runtime_error {
public:
    error(int status, std::string detail) : std::runtime_error(std::move(detail)), status_(status) {}
    int status() const { return status_; }

private:
    int status_;
};

class request {
public:
    std::string method{};
    std::string path{};
    std::map<std::string, std::string, std::less<>> params{};
    std::map<std::string, std::string, std::less<>> headers{};
    std::string body{};

    const std::string& param(std::string_view name) const { return params.find(name)->second; }
    std::optional<std::string> header(std::string_view name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? std::nullopt : std::optional(found->second);
    }

    /// The body as T; throws error(422) naming the field, or 400 when it is no JSON.
    template <class T = infra::json::value>
    T json() const {
        try {
            return infra::json::parse<T>(body);
        } catch (const infra::json::invalid& wrong) {
            throw error(wrong.why().path.empty() ? 400 : 422, wrong.what());
        }
    }
};

struct response {
    int status = 200;
    std::map<std::string, std::string, std::less<>> headers{};
    std::string body{};

    template <class T = infra::json::value>
    static response json(int status, const T& from) {
        return {
            .status = status, .headers = {{"content-type", "application/json"}}, .body = infra::json::to_text(from)};
    }
    template <class T = infra::json::value>
    static response ok(const T& from) {
        return json(200, from);
    }
    template <class T = infra::json::value>
    static response created(const T& from) {
        return json(201, from);
    }
    template <class T = infra::json::value>
    static response accepted(const T& from) {
        return json(202, from);
    }
    static response no_content() { return {.status = 204}; }
    static response text(int status, std::string body, std::string content_type = "text/plain; charset=utf-8") {
        return {.status = status, .headers = {{"content-type", std::move(content_type)}}, .body = std::move(body)};
    }
    static response not_found() { return text(404, "not found"); }
};

/// Plain or coroutine; taking request (by value or const&) or nothing; returning response.
class handler {
public:
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, handler>)
    handler(F function) {
        static_assert(std::is_invocable_v<F&, request> || std::is_invocable_v<F&>,
                      "infra::http: a handler takes request, by value or const&, or nothing");
        auto kept = std::make_shared<F>(std::move(function));
        if constexpr (std::is_invocable_v<F&, request>)
            run_ = [kept](request received) { return detail::call<F, request>(kept, std::move(received)); };
        else
            run_ = [kept](request) { return detail::call<F>(kept); };
    }
    awaitable<response> operator()(request received) const { return run_(std::move(received)); }

private:
    std::function<awaitable<response>(request)> run_;
};

class router {
public:
    router& get(std::string path, handler with) { return add("GET", std::move(path), std::move(with)); }
    router& post(std::string path, handler with) { return add("POST", std::move(path), std::move(with)); }
    router& put(std::string path, handler with) { return add("PUT", std::move(path), std::move(with)); }
    router& patch(std::string path, handler with) { return add("PATCH", std::move(path), std::move(with)); }
    router& del(std::string path, handler with) { return add("DELETE", std::move(path), std::move(with)); }
    router& add(std::string method, std::string path, handler with) {
        routes_.insert_or_assign(method + " " + path, std::move(with));
        return *this;
    }

    [[nodiscard]] awaitable<response> handle(request received) const { return answer(routes_, std::move(received)); }

private:
    using table = std::map<std::string, handler, std::less<>>;
    static awaitable<response> answer(table routes, request received) {
        const auto found = routes.find(received.method + " " + received.path);
        if (found == routes.end())
            co_return response::not_found();
        try {
            co_return co_await found->second(std::move(received));
        } catch (const error& refused) {
            co_return response::text(refused.status(), refused.what());
        }
    }
    table routes_;
};

} // namespace infra::http
