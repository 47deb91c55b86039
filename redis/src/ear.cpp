#include "ear.hpp"

#include "supervisor.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <utility>

namespace infra::redis::detail {
namespace {

bool same_verb(std::string_view upper, std::string_view lower) {
    return std::ranges::equal(upper, lower, [](char a, char b) { return (a | 0x20) == b; });
}

} // namespace

ear::ear(executor ex, std::shared_ptr<common> shared, ear_events events, std::optional<address> at)
    : executor_(std::move(ex)),
      common_(std::move(shared)),
      pipeline_(std::make_shared<pipeline>(executor_, common_, pipeline_manners{.shared = false, .at = std::move(at)})),
      events_(std::move(events)) {}

void ear::begin() {
    if (std::exchange(begun_, true))
        return;
    pipeline_->on_push = [weak = weak_from_this()](reply& r) {
        const auto self = weak.lock();
        return self && !self->closed_ && self->hear(r);
    };
    keep_connected(pipeline_, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self && ++self->connections_ > 1 && !self->closed_)
            self->events_.on_again();
    });
}

awaitable<ear::answers> ear::say(std::vector<command> commands, deadline limit) {
    const auto self = shared_from_this();
    begin();
    std::vector<reply> replies(commands.size());
    waiter w(*pipeline_, commands, replies, limit, common_->time().steady());
    co_await w.done();
    w.throw_failure();
    co_return answers{.replies = std::move(replies), .on_one_connection = commands.size() == 1 || w.replays == 0};
}

void ear::murmur(std::vector<command> commands) {
    if (commands.empty() || pipeline_->closed())
        return;
    const auto limit = deadline::after(common_->settings().response_timeout, common_->time().steady());
    asio::co_spawn(executor_, say(std::move(commands), limit), [](std::exception_ptr, const answers&) {});
}

bool ear::hear(reply& r) {
    if (const auto heard = publication_in(r)) {
        events_.on_message(heard->first, heard->second);
        return true;
    }
    if (confirmed_by(r).empty() || r.type() != reply::kind::push)
        return false;
    if (!is_answer(r)) {
        if (const auto off = taken_off_by(r))
            events_.on_taken_off(*off);
        return true;
    }
    r = reply(std::move(r).take_items());
    return false;
}

// What the server takes off unasked may have the name of the command that is due, of another channel.
bool ear::is_answer(const reply& r) const {
    const auto* const due = pipeline_->oldest();
    if (!due)
        return pipeline_->owes_answers();
    const auto named = channel_confirmed_by(r);
    return same_verb(due->name(), confirmed_by(r)) && (named.empty() || due->words().back() == named);
}

void ear::close() {
    closed_ = true;
    pipeline_->close();
}

} // namespace infra::redis::detail
