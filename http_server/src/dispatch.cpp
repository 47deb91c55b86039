#include "dispatch.hpp"
#include "file.hpp"
#include "text.hpp"

#include <infra/base/telemetry.hpp>

#include <limits>
#include <utility>

namespace infra::http {
namespace detail {
namespace {

void log_failure(std::string_view message, std::string_view route, std::string_view request_id,
                 std::string_view error) {
    telemetry::log(level::error, "http", message, {{"route", route}, {"request_id", request_id}, {"error", error}});
}

response internal_error() {
    return response::error(500, "internal_error", "something went wrong; the request's id helps to find out what");
}

} // namespace

response answer_unmatched(const request& r, const route_match& found) {
    if (r.method() == method::connect)
        return response::error(501, "not_implemented", "this server is not a proxy");
    if (r.method() == method::options && (!found.allowed.empty() || r.path() == "*")) {
        auto made = response::no_content();
        made.headers.append("Allow", found.allowed.to_allow());
        return made;
    }
    if (found.allowed.empty())
        return response::not_found();
    auto made = response::error(405, "method_not_allowed", "there is something here, but not for this method");
    made.headers.append("Allow", found.allowed.to_allow());
    return made;
}

response answer_without_upgrade() {
    auto made = response::error(426, "upgrade_required", "this is spoken to over a WebSocket");
    made.headers.append("Upgrade", "websocket");
    return made;
}

response answer_exception(std::exception_ptr thrown, std::string_view route, std::string_view request_id) {
    try {
        std::rethrow_exception(thrown);
    } catch (const error_response& refused) {
        return refused.to_response();
    } catch (...) {
        log_failure("a handler failed", route, request_id, describe(thrown));
        return internal_error();
    }
}

response run_plain(const route& to, request& r) {
    for (const auto& guard : to.guards)
        if (auto stopped = guard->plain(r))
            return std::move(*stopped);
    return to.handler.plain(r);
}

awaitable<std::optional<response>> run_guards(const route& to, request& r) {
    for (const auto& guard : to.guards) {
        std::optional<response> stopped;
        if (guard->plain)
            stopped = guard->plain(r);
        else
            stopped = co_await guard->coroutine(r);
        if (stopped)
            co_return stopped;
    }
    co_return std::nullopt;
}

awaitable<response> run(const route& to, request r, body_input& body) {
    if (!to.guards.empty())
        if (auto stopped = co_await run_guards(to, r))
            co_return std::move(*stopped);
    if (to.handler.plain)
        co_return to.handler.plain(r);
    if (to.handler.streamed)
        co_return co_await to.handler.streamed(std::move(r), body_reader(body));
    co_return co_await to.handler.coroutine(std::move(r));
}

response checked(response made, std::string_view route, std::string_view request_id) {
    if (made.status >= 200 && made.status <= 599)
        return made;
    log_failure("a handler gave a status outside of 200 to 599", route, request_id, std::to_string(made.status));
    return internal_error();
}

bool wants_upgrade(const request& r) noexcept {
    if (r.version() == 0 || r.header("Upgrade").empty())
        return false;
    for (auto options = r.header("Connection"); !options.empty();)
        if (equals_without_case(trimmed(take_item(options, ',')), "upgrade"))
            return true;
    return false;
}

namespace {

// A body that is there, given in one piece.
class whole_input final : public body_input {
public:
    explicit whole_input(std::string all) : left_(std::move(all)), size_(left_.size()) {}

    std::optional<std::uint64_t> announced() const override { return size_; }
    void set_limit(std::uint64_t bytes) override { limit_ = bytes; }
    awaitable<std::string> read() override {
        if (size_ > limit_)
            throw error_response(413, "body_too_large", "the body is larger than this server accepts");
        co_return std::exchange(left_, {});
    }

private:
    std::string left_;
    const std::uint64_t size_;
    std::uint64_t limit_ = std::numeric_limits<std::uint64_t>::max();
};

awaitable<response> answer(const route_table& table, request r) {
    const auto found = request_access::match(r, table);
    if (!found.route)
        co_return answer_unmatched(r, found);
    if (found.route->upgrade)
        co_return answer_without_upgrade();
    whole_input body(found.route->handler.streamed ? r.take_body() : std::string());
    co_return co_await run(*found.route, std::move(r), body);
}

// What a streamed body writes, kept.
class collecting_sink final : public body_sink {
public:
    awaitable<void> write(std::string piece) override {
        text += piece;
        co_return;
    }
    std::string text;
};

awaitable<response> with_whole_body(response made, method m, headers of_request) {
    if (const auto file = request_access::file(made))
        co_return co_await load_file(file, m, std::move(of_request), head_alone(std::move(made)));
    if (const auto streamed = request_access::streamed(made)) {
        collecting_sink sink;
        co_await streamed->produce(body_writer(sink));
        made.body = std::move(sink.text);
    }
    co_return made;
}

} // namespace
} // namespace detail

awaitable<response> router::handle(request_parts parts) const {
    const auto table = table_;
    auto r = request::make(std::move(parts));
    const auto id = r.request_id();
    const auto m = r.method();
    auto of_request = r.headers();
    const context_scope in(context::current().with_request_id(id));
    std::exception_ptr thrown;
    try {
        auto made = co_await detail::answer(*table, std::move(r));
        made = detail::checked(std::move(made), "", id);
        co_return co_await detail::with_whole_body(std::move(made), m, std::move(of_request));
    } catch (...) {
        thrown = std::current_exception();
    }
    co_return detail::answer_exception(thrown, "", id);
}

} // namespace infra::http
