#include <infra/app/checks.hpp>

#include <infra/base/error.hpp>
#include <infra/http_client.hpp>
#include <infra/queue.hpp>

#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

namespace infra::app {
namespace {

constexpr std::size_t max_body = 64 * 1024;

health::health_status judge(std::size_t waiting, const queue_check_options& options) noexcept {
    if (options.unhealthy_above && waiting > *options.unhealthy_above)
        return health::health_status::unhealthy;
    return waiting > options.degraded_above ? health::health_status::degraded : health::health_status::healthy;
}

double in_milliseconds(std::chrono::nanoseconds d) { return std::chrono::duration<double, std::milli>(d).count(); }

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

queue_check::queue_check(queue_check_options options) : options_(std::move(options)) {
    if (options_.unhealthy_above && *options_.unhealthy_above < options_.degraded_above)
        throw std::invalid_argument("app::queue_check_options::unhealthy_above must not be less than degraded_above");
}

awaitable<health::check_result> queue_check::operator()() const {
    queue::queue_counts all;
    for (const auto& each : co_await queue::counts(options_.queues)) {
        all.waiting += each.waiting;
        all.delayed += each.delayed;
        all.active += each.active;
        all.failed += each.failed;
    }
    health::check_result out{
        .status = judge(all.waiting, options_),
        .details = {
            {"waiting", all.waiting}, {"delayed", all.delayed}, {"active", all.active}, {"failed", all.failed}}};
    if (out.status != health::health_status::healthy)
        out.message = std::to_string(all.waiting) + " jobs wait";
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
    health::check_result out{.details = {{"server", doing.server},
                                         {"ping_ms", in_milliseconds(took)},
                                         {"connections", doing.connections},
                                         {"commands", doing.commands},
                                         {"reconnects", doing.reconnects}}};
    if (took > options_.degraded_above) {
        out.status = health::health_status::degraded;
        out.message = "a PING took " + std::to_string(std::llround(in_milliseconds(took))) + " ms";
    }
    co_return out;
}

} // namespace infra::app
