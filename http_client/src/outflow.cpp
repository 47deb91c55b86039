#include "outflow.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace infra::http {

// --- The feeder's side ------------------------------------------------------------------------------------------

awaitable<void> outflow::put(std::string piece) {
    const auto self = shared_from_this();
    const auto ex = co_await asio::this_coro::executor;
    while (const auto room = add_or_wait(piece, ex))
        co_await room->get();
}

std::optional<promise<void>> outflow::add_or_wait(std::string& piece, const executor& feeder) {
    const std::scoped_lock lock(mutex_);
    if (has_room(piece.size())) {
        held_ += piece.size();
        pieces_.push_back(std::move(piece));
        return std::nullopt;
    }
    wanted_ = piece.size();
    feeder_.emplace(feeder);
    return feeder_;
}

void outflow::end() {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
}

bool outflow::has_more_again() {
    const std::scoped_lock lock(mutex_);
    return missed_ && (held_ > 0 || ended_) && std::exchange(missed_, false);
}

// --- libcurl's side ---------------------------------------------------------------------------------------------

std::optional<std::size_t> outflow::give(char* to, std::size_t room) {
    std::optional<promise<void>> waiting;
    std::size_t given = 0;
    {
        const std::scoped_lock lock(mutex_);
        if (held_ == 0) {
            missed_ = !ended_;
            return ended_ ? std::optional<std::size_t>(0) : std::nullopt;
        }
        given = give_some(to, room);
        if (feeder_ && has_room(wanted_))
            waiting = std::exchange(feeder_, std::nullopt);
    }
    if (waiting)
        waiting->set_value();
    return given;
}

std::size_t outflow::give_some(char* to, std::size_t room) {
    std::size_t given = 0;
    while (given < room && !pieces_.empty()) {
        const auto& first = pieces_.front();
        const auto size = std::min(room - given, first.size() - offset_);
        std::memcpy(to + given, first.data() + offset_, size);
        given += size;
        offset_ += size;
        if (offset_ < first.size())
            break;
        pieces_.pop_front();
        offset_ = 0;
    }
    held_ -= given;
    begun_ = true;
    return given;
}

bool outflow::begun() const {
    const std::scoped_lock lock(mutex_);
    return begun_;
}

bool outflow::done() const {
    const std::scoped_lock lock(mutex_);
    return ended_ && held_ == 0;
}

} // namespace infra::http
