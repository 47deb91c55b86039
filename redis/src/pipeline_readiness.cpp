// What a pipeline does with a server that refuses whatever is asked: it goes to another, or waits until that passes.

#include "attempt.hpp"
#include "pipeline.hpp"
#include "refusal.hpp"

#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>

#include <string>
#include <utility>

namespace infra::redis::detail {
namespace {

const std::string not_ready = "the server is not ready";

} // namespace

// Of whose caller has left nothing is known but what the server says.
void pipeline::heed(const reply& r) {
    const auto* const asked = multiplexer_.oldest();
    const auto why = asked ? refusal_in(r, *asked) : refusal_in(r);
    const bool own = asked && ping_ && asked == &*ping_;
    if (readiness_.is_asked() && !is_not_ready(why)) // alone it was asked, so that any answer is to that
        return is_ready();
    if (common_->settings().sentinel && (why == refusal::replica || why == refusal::stale))
        leaving_ = "the server is a replica now";
    else if (is_not_ready(why) && waits_for_it())
        is_not_ready_yet(r);
    else
        return;
    if (!own)
        multiplexer_.refuse_oldest();
}

// Of a cluster's node another may take the place, and what is asked on a connection of one's own only its owner may repeat.
// Where nobody but we have asked nobody need wait: a subscription is taken all the same.
bool pipeline::waits_for_it() const noexcept {
    const auto* const asked = multiplexer_.oldest();
    const bool by_us_alone = asked && ping_ && asked == &*ping_ && readiness_.is_ready();
    return manners_.reconnects && !manners_.at && !by_us_alone;
}

void pipeline::is_not_ready_yet(const reply& r) {
    std::string words;
    attempt([&] { words = in_brief(r.error_message()); });
    if (!readiness_.refused(std::move(words), now(), random_01()))
        return;
    common_->shared_not_ready += manners_.shared ? 1 : 0;
    attempt([this] {
        problem_ = readiness_.words();
        common_->note(not_ready + ": " + problem_);
        complain(common_->troubles, not_ready, server_, problem_, now());
    });
}

void pipeline::is_ready() {
    wait_for_it_no_more();
    readiness_.ready(now());
    if (readiness_.is_doubtful())
        return;
    common_->troubles.mended(not_ready, server_);
    telemetry::log(level::info, "redis", "the server is ready", {{"server", server_}});
}

void pipeline::wait_for_it_no_more() noexcept {
    if (!readiness_.is_ready() && manners_.shared)
        --common_->shared_not_ready;
}

void pipeline::ask_if_it_is_time() {
    if (link_ && leaving_.empty() && readiness_.ask_at() <= now())
        ask_whether_it_is_ready(now());
}

// Before all who wait, who are sent once it is.
void pipeline::ask_whether_it_is_ready(steady_time at) {
    if (multiplexer_.owes_answers())
        return;
    if (multiplexer_.in_block())
        return drop_link(errc::protocol, "it answers what it has not read to its end");
    const auto ask = [&] {
        prepare_ping(at);
        multiplexer_.add_alone(*pinging_);
        readiness_.ask();
    };
    if (!attempt(ask) || !multiplexer_.owes_answers())
        drop_link(errc::lost, "no memory");
}

} // namespace infra::redis::detail
