#include "log_lines.hpp"
#include "speaker.hpp"

#include <infra/base/context.hpp>

#include <boost/asio/this_coro.hpp>

#include <stdexcept>
#include <utility>

namespace infra::realtime {
namespace feeds {
namespace {

// A span of each line, or a line about one, would be a line again.
void say_lines(speaker& says, const std::string& channel, log_lines::batch what) {
    const context_scope quiet(context::current().with_telemetry_suppressed());
    for (auto& each : what.lines)
        what.dropped += !says.say(channel, std::move(each));
    if (what.dropped > 0)
        says.say(channel, {.type = "logs_missed", .data = {{"dropped", what.dropped}}});
}

awaitable<void> follow_lines(speaker says, std::string channel, log_feed_options options, logging::pipeline* of) {
    const auto lines = std::make_shared<log_lines>(co_await asio::this_coro::executor, std::move(options));
    const struct leaving {
        log_lines& from;
        ~leaving() { from.close(); }
    } at_the_end{*lines};
    of->add_output({.records = lines});
    while (true)
        say_lines(says, channel, co_await lines->take());
}

} // namespace
} // namespace feeds

awaitable<void> publish_logs(hub to, std::string channel, log_feed_options options, logging::pipeline& of) {
    if (options.max_waiting == 0)
        throw std::invalid_argument("log_feed_options::max_waiting must be at least 1");
    feeds::speaker says(std::move(to), "logs", channel);
    return feeds::follow_lines(std::move(says), std::move(channel), std::move(options), &of);
}

} // namespace infra::realtime
