#include <infra/app/checks.hpp>

#include <infra/base/error.hpp>
#include <infra/http_client.hpp>

#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace infra::app {
namespace {

constexpr std::size_t max_body = 64 * 1024;
constexpr std::chrono::seconds time_to_answer{5};

health::check_result soon_enough(const std::string& what, std::chrono::nanoseconds took,
                                 std::chrono::milliseconds degraded_above) {
    const auto ms = std::chrono::duration<double, std::milli>(took).count();
    health::check_result out{.details = {{"ping_ms", ms}}};
    if (took > degraded_above) {
        out.status = health::health_status::degraded;
        out.message = what + " took " + std::to_string(std::llround(ms)) + " ms";
    }
    return out;
}

} // namespace

http_check::http_check(http_check_options options) : options_(std::move(options)) {
    if (!options_.url.starts_with("http://") && !options_.url.starts_with("https://"))
        throw std::invalid_argument("app::http_check_options::url must begin with http:// or https://");
    if (options_.lowest < 100 || options_.lowest > options_.highest || options_.highest > 599)
        throw std::invalid_argument(
            "app::http_check_options::lowest must be from 100 to highest, which is at most 599");
}

awaitable<health::check_result> http_check::operator()() const {
    const http::client client(co_await asio::this_coro::executor);
    const auto response = co_await client.send({.url = options_.url, .max_response_body = max_body});
    const bool well = response.status >= options_.lowest && response.status <= options_.highest;
    const auto status = std::to_string(response.status);
    co_return well ? health::healthy(status) : health::unhealthy(options_.url + " answered " + status);
}

cache_check::cache_check(cache::cache asked, cache_check_options options)
    : asked_(std::move(asked)), options_(options) {
    if (options_.degraded_above.count() <= 0)
        throw std::invalid_argument("app::cache_check_options::degraded_above must be more than zero");
}

awaitable<health::check_result> cache_check::operator()() const {
    const auto& stored = asked_.stored();
    auto out = soon_enough("a sign of life", co_await stored->ping(), options_.degraded_above);
    const auto kept = stored->stats();
    out.details["store"] = stored->description();
    out.details["entries"] = kept.entries; // in this process
    out.details["bytes"] = kept.bytes;
    co_return out;
}

storage_check::storage_check(storage::storage asked, storage_check_options options)
    : asked_(std::move(asked)), options_(options) {
    if (options_.degraded_above.count() <= 0)
        throw std::invalid_argument("app::storage_check_options::degraded_above must be more than zero");
}

// One question, not storage's several: what it says is why.
awaitable<health::check_result> storage_check::operator()() const {
    const auto begun = std::chrono::steady_clock::now();
    co_await asked_.bucket()->ping(deadline::after(time_to_answer, begun));
    auto out = soon_enough("a sign of life", std::chrono::steady_clock::now() - begun, options_.degraded_above);
    out.details["store"] = asked_.description();
    co_return out;
}

realtime_check::realtime_check(realtime::hub asked) : asked_(std::move(asked)) {}

awaitable<health::check_result> realtime_check::operator()() const {
    const auto& others = asked_.options().broker;
    auto out = !others || others->is_up()
                   ? health::healthy()
                   : health::unhealthy("no link to the other nodes: what is said stays on this one");
    out.details["broker"] = asked_.description();
    co_return out;
}

redis_check::redis_check(std::shared_ptr<const redis::client> asked, redis_check_options options)
    : asked_(std::move(asked)), options_(options) {
    if (!asked_)
        throw std::invalid_argument("app::redis_check needs a client");
    if (options_.degraded_above.count() <= 0)
        throw std::invalid_argument("app::redis_check_options::degraded_above must be more than zero");
}

awaitable<health::check_result> redis_check::operator()() const {
    const auto took = co_await asked_->ping();
    const auto doing = asked_->status();
    auto out = soon_enough("a PING", took, options_.degraded_above);
    out.details["server"] = doing.server;
    out.details["connections"] = doing.connections;
    out.details["commands"] = doing.commands;
    out.details["reconnects"] = doing.reconnects;
    co_return out;
}

} // namespace infra::app
