#include "inflow.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace infra::http {
namespace {

constexpr std::size_t most_in_a_piece = 256 * 1024;

} // namespace

inflow::inflow(executor loop, std::size_t budget)
    : loop_(std::move(loop)), budget_(budget), piece_(std::min(most_in_a_piece, budget)) {}

// --- libcurl's side ---------------------------------------------------------------------------------------------

bool inflow::add(std::string_view bytes) {
    const std::scoped_lock lock(mutex_);
    if (held_ > 0 && bytes.size() > budget_ - std::min(held_, budget_)) {
        refused_ = true;
        return false;
    }
    room_for(bytes.size()).append(bytes);
    held_ += bytes.size();
    received_ += bytes.size();
    // Not at once: what libcurl reads in one go comes in many calls, and is one piece for the reader.
    if (reader_ && !std::exchange(waking_, true))
        asio::post(loop_, [self = shared_from_this()] { self->wake(); });
    return true;
}

// The more has come, the larger the next piece is expected to be.
std::string& inflow::room_for(std::size_t more) {
    if (pieces_.empty() || pieces_.back().size() + more > piece_)
        pieces_.emplace_back().reserve(std::max(more, std::min(received_, piece_)));
    return pieces_.back();
}

void inflow::end(std::exception_ptr failure) {
    {
        const std::scoped_lock lock(mutex_);
        if (std::exchange(ended_, true))
            return;
        failure_ = std::move(failure);
    }
    wake();
}

void inflow::wake() {
    std::optional<promise<void>> waiting;
    {
        const std::scoped_lock lock(mutex_);
        waking_ = false;
        waiting = std::exchange(reader_, std::nullopt);
    }
    if (waiting)
        waiting->set_value();
}

// --- The reader's side ------------------------------------------------------------------------------------------

awaitable<std::string> inflow::next() {
    const auto self = shared_from_this();
    const auto ex = co_await asio::this_coro::executor;
    while (true) {
        if (auto piece = next_if_there())
            co_return std::move(*piece);
        if (const auto arrival = begin_to_wait(ex))
            co_await arrival->get();
    }
}

std::optional<std::string> inflow::next_if_there() {
    const std::scoped_lock lock(mutex_);
    return take();
}

std::optional<std::string> inflow::take() {
    if (!pieces_.empty()) {
        auto piece = std::move(pieces_.front());
        pieces_.pop_front();
        held_ -= piece.size();
        return piece;
    }
    if (failure_)
        std::rethrow_exception(failure_);
    return ended_ ? std::optional<std::string>(std::in_place) : std::nullopt;
}

// Nothing to wait for if something has come meanwhile.
std::optional<promise<void>> inflow::begin_to_wait(const executor& reader) {
    promise<void> arrival(reader);
    const std::scoped_lock lock(mutex_);
    if (!pieces_.empty() || ended_)
        return std::nullopt;
    reader_ = arrival;
    return arrival;
}

bool inflow::has_room_again() {
    const std::scoped_lock lock(mutex_);
    return refused_ && held_ <= budget_ / 2 && std::exchange(refused_, false);
}

} // namespace infra::http
