#include "hub/hub_state.hpp"

#include <infra/base/with_deadline.hpp>

#include <boost/asio/this_coro.hpp>

#include <stdexcept>
#include <utility>

namespace infra::realtime {
namespace {

void refuse_type(const message& m) {
    if (m.type.empty() || is_reserved_type(m.type))
        throw std::invalid_argument("realtime::hub::request: the type \"" + m.type +
                                    "\" must not be empty or one that the protocol uses itself");
}

error gone(errc what, const client_id& who) {
    return {what, what == errc::no_client ? "there is no client " + who + " here"
                                          : "the client " + who + " has gone before it answered"};
}

awaitable<void> dispatch_in(std::shared_ptr<detail::hub_state> state, client_id from, message received) {
    auto rest = detail::dispatch(state->handlers.now(), std::move(from), std::move(received),
                                 {state->options.limits.handler_time, &state->time()});
    if (rest)
        co_await std::move(*rest);
}

// Of those who no longer wait, nothing is counted.
void count_failure(const detail::instruments& counts, const error& why, steady_time::duration after) {
    if (why.code() == errc::failed)
        counts.refused(after);
    else if (why.code() == infra::errc::timed_out || why.code() == errc::no_reply)
        counts.unanswered(after);
}

awaitable<json::value> request_in(std::shared_ptr<detail::hub_state> state, client_id to, message question,
                                  deadline limit) {
    refuse_type(question);
    const auto whom = state->clients.find(to);
    if (!whom)
        throw gone(errc::no_client, to);
    const auto asked = state->requests.ask(to, co_await asio::this_coro::executor);
    const auto began = state->time().steady();
    state->send(whom, {to_text(question, asked.ref()), {.control = true}});
    if (!state->clients.find(to)) // it went before it could be counted among those who wait
        throw gone(errc::no_reply, to);
    try {
        auto answer = co_await with_deadline(asked.answer(), limit, state->time());
        state->counts.answered(state->time().steady() - began);
        co_return answer;
    } catch (const error& e) {
        count_failure(state->counts, e, state->time().steady() - began);
        throw;
    }
}

} // namespace

void hub::on_message(message_handler handler) { state_->handlers.on_message({}, std::move(handler)); }

void hub::on_message(std::string type, message_handler handler) {
    state_->handlers.on_message(std::move(type), std::move(handler));
}

void hub::on_request(std::string type, request_handler handler) {
    state_->handlers.on_request(std::move(type), std::move(handler));
}

void hub::on_connect(client_handler handler) { state_->handlers.on_connect(std::move(handler)); }

void hub::on_disconnect(client_handler handler) { state_->handlers.on_disconnect(std::move(handler)); }

// What is awaited later must not need the hub it was asked of, which may be a copy that has gone by then.
awaitable<void> hub::dispatch_message(client_id from, message received) {
    return dispatch_in(state_, std::move(from), std::move(received));
}

awaitable<json::value> hub::request(client_id to, message question, deadline limit) {
    return request_in(state_, std::move(to), std::move(question), limit);
}

} // namespace infra::realtime
