#include "store.hpp"

#include <infra/queue/error.hpp>

namespace infra::queue::redis_backend {
namespace {

template <class Replies, class What>
awaitable<Replies> ask_within(const store& s, What what, deadline limit) {
    s.check_open();
    try {
        co_return co_await s.redis().execute(std::move(what), limit);
    } catch (const error& e) {
        throw_as_queue_error(e);
    }
}

} // namespace

store::store(redis_queue_options options, std::vector<executor> loops, clock& time)
    : options_(std::move(options)),
      time_(time),
      client_(loops.empty() ? redis::client(options_.server, time)
                            : redis::client(std::move(loops), options_.server, time)) {}

void store::check_open() const {
    if (closed_)
        throw error(infra::errc::closed, "the queue's storage was stopped and does nothing more");
}

deadline store::limit() const { return deadline::after(options_.timeout, time_.steady()); }

awaitable<redis::reply> store::ask(redis::command c) const {
    auto answer = co_await ask_within<redis::reply>(*this, std::move(c), limit());
    try {
        redis::throw_if_error(answer);
    } catch (const error& e) {
        throw_as_queue_error(e);
    }
    co_return answer;
}

awaitable<std::vector<redis::reply>> store::ask(redis::batch all) const {
    return ask_within<std::vector<redis::reply>>(*this, std::move(all), limit());
}

void throw_as_queue_error(const error& e) {
    const auto code = e.code();
    if (code == infra::errc::closed || code == infra::errc::overloaded || code == infra::errc::invalid_input ||
        code.category() == queue_category())
        throw e;
    throw error(errc::unavailable, e.what());
}

} // namespace infra::queue::redis_backend
