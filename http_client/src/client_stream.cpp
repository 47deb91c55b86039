#include "stream_state.hpp"

#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>

#include <utility>

namespace infra::http {

awaitable<std::string> client_stream::state::read(std::shared_ptr<state> self, deadline limit) {
    try {
        auto piece = self->rest->next_if_there();
        if (!piece)
            piece = co_await with_deadline(errand::next(self->rest), limit, self->time);
        if (piece->empty()) {
            self->rest->answered();
            self->of_it->answered(self->head.status);
        }
        co_return std::move(*piece);
    } catch (const boost::system::system_error& e) {
        self->fail(e, limit.passed(self->time.steady()));
    }
}

// To be cancelled or late is the reader's affair, and not yet the end of the response.
void client_stream::state::fail(const boost::system::system_error& e, bool late) {
    if (e.code() == asio::error::operation_aborted)
        throw client_error(e.code(), name + ": cancelled while receiving the response", true);
    if (e.code() == errc::timed_out && late)
        throw client_error(e.code(), name + ": the deadline passed while receiving the response", true);
    const client_error failure(e.code(), e.what(), true);
    of_it->failed(std::make_exception_ptr(failure));
    throw failure;
}

client_stream::client_stream(std::shared_ptr<state> s) noexcept : state_(std::move(s)) {}
client_stream::client_stream() noexcept = default;
client_stream::client_stream(client_stream&&) noexcept = default;
client_stream& client_stream::operator=(client_stream&&) noexcept = default;
client_stream::~client_stream() = default;

const client_response& client_stream::head() const noexcept { return state_->head; }

awaitable<std::string> client_stream::read(std::optional<deadline> limit) {
    return state::read(state_, limit.value_or(deadline::after(state_->patience, state_->time.steady())));
}

awaitable<std::string> client_stream::read_all(std::size_t most, std::optional<deadline> limit) {
    return state::read_all(state_, most, limit.value_or(deadline::after(state_->patience, state_->time.steady())));
}

awaitable<std::string> client_stream::state::read_all(std::shared_ptr<state> self, std::size_t most, deadline limit) {
    std::string all;
    while (true) {
        auto piece = co_await read(self, limit);
        if (piece.empty())
            co_return all;
        if (piece.size() > most - all.size())
            throw client_error(client_errc::too_large,
                               self->name + ": the body is over the limit of " + std::to_string(most) + " bytes", true);
        all.append(piece);
    }
}

} // namespace infra::http
