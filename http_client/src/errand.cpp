#include "errand.hpp"

#include <infra/base/error.hpp>

#include <boost/asio/post.hpp>

#include <chrono>
#include <utility>

namespace infra::http {
namespace {

awaitable<void> wait_for_ever() {
    asio::steady_timer end(co_await asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
    boost::system::error_code woken;
    co_await end.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

error wrong_length(const outgoing& request, const char* how) {
    return {errc::invalid_input,
            request.name() + ": body_source gave " + how + " bytes than body_size announced, which cannot be sent"};
}

} // namespace

errand::errand(std::shared_ptr<engine> by, std::shared_ptr<const outgoing> request, std::size_t max_body,
               std::shared_ptr<call> from)
    : engine_(std::move(by)), call_(std::move(from)) {
    auto made = std::make_shared<transfer>(std::move(request), engine_->options(), max_body, call_);
    transfer_ = made;
    asio::post(engine_->get_executor(), [e = engine_, t = std::move(made)] { e->start(t); });
}

errand::~errand() {
    if (answered_)
        return;
    call_->reply.leave();
    asio::post(engine_->get_executor(), [e = engine_, weak = transfer_] {
        if (const auto t = weak.lock())
            e->abandon(t);
    });
}

void errand::resume(int direction) {
    asio::post(engine_->get_executor(), [e = engine_, weak = transfer_, direction] {
        if (const auto t = weak.lock())
            e->resume(t, direction);
    });
}

// --- The body that goes out -------------------------------------------------------------------------------------

awaitable<void> errand::feed(std::shared_ptr<errand> self, std::shared_ptr<const outgoing> request) {
    const auto state = co_await asio::this_coro::cancellation_state;
    try {
        co_await self->pass_on(*request);
    } catch (...) {
        if (state.cancelled() != asio::cancellation_type::none)
            throw;
        self->call_->source_failure = std::current_exception();
        self->call_->reply.fail(std::current_exception());
    }
    co_await wait_for_ever();
}

awaitable<void> errand::pass_on(const outgoing& request) {
    std::uint64_t sum = 0;
    while (true) {
        auto piece = co_await request.source();
        if (piece.empty())
            break;
        sum += piece.size();
        if (request.source_size && sum > *request.source_size)
            throw wrong_length(request, "more");
        co_await call_->upload->put(std::move(piece));
        go_on_sending();
    }
    if (request.source_size && sum < *request.source_size)
        throw wrong_length(request, "fewer");
    call_->upload->end();
    go_on_sending();
}

void errand::go_on_sending() {
    if (call_->upload->has_more_again())
        resume(CURLPAUSE_SEND);
}

// --- The body that comes in -------------------------------------------------------------------------------------

awaitable<std::string> errand::next(std::shared_ptr<errand> self) {
    auto piece = co_await self->call_->download->next();
    self->go_on_receiving();
    co_return piece;
}

std::optional<std::string> errand::next_if_there() {
    auto piece = call_->download->next_if_there();
    go_on_receiving();
    return piece;
}

void errand::go_on_receiving() {
    if (call_->download->has_room_again())
        resume(CURLPAUSE_RECV);
}

} // namespace infra::http
