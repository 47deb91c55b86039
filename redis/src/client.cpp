#include "client_state.hpp"

#include <infra/runtime/default_runtime.hpp>

#include <utility>

namespace infra::redis {
namespace {

std::vector<executor> all_default_loops() {
    std::vector<executor> out;
    auto& loops = default_loops();
    for (std::size_t i = 0; i < loops.size(); ++i)
        out.push_back(loops[i].get_executor());
    return out;
}

awaitable<std::chrono::nanoseconds> time_ping(std::shared_ptr<detail::client_state> s, clock& time,
                                              std::optional<deadline> limit) {
    const auto began = time.steady();
    to<void>(co_await detail::client_state::one(std::move(s), command{"PING"}, limit));
    co_return time.steady() - began;
}

} // namespace

client::client(options to, clock& time) : client(all_default_loops(), std::move(to), time) {}

client::client(std::vector<executor> loops, options to, clock& time)
    : state_(std::make_shared<detail::client_state>(std::move(loops), to, time)) {}

client::~client() {
    if (state_)
        state_->let_go();
}

client::client(client&&) noexcept = default;

client& client::operator=(client&& other) noexcept {
    const client former(std::move(*this));
    state_ = std::move(other.state_);
    return *this;
}

awaitable<reply> client::execute(command c, std::optional<deadline> limit) const {
    return detail::client_state::one(state_, std::move(c), limit);
}

awaitable<std::vector<reply>> client::execute(batch b, std::optional<deadline> limit) const {
    return detail::client_state::all(state_, std::move(b), limit);
}

awaitable<std::vector<reply>> client::transaction(batch b, std::optional<deadline> limit) const {
    return detail::client_state::transaction(state_, std::move(b), limit);
}

awaitable<session> client::lease(std::optional<deadline> limit) const {
    return detail::client_state::lease(state_, limit);
}

awaitable<std::vector<std::string>> client::masters(std::optional<deadline> limit) const {
    return detail::client_state::masters(state_, limit);
}

awaitable<reply> client::execute_at(std::string master, command c, std::optional<deadline> limit) const {
    return detail::client_state::at_master(state_, std::move(master), std::move(c), limit);
}

awaitable<session> client::lease_for(std::string key, std::optional<deadline> limit) const {
    return detail::client_state::lease_for(state_, std::move(key), limit);
}

awaitable<subscription> client::subscribe(subscribe_request request, std::optional<deadline> limit) const {
    return detail::client_state::subscribe(state_, std::move(request), limit);
}

tracking client::track(track_request request, std::weak_ptr<change_listener> to) const {
    return state_->track(std::move(request), std::move(to));
}

awaitable<std::chrono::nanoseconds> client::ping(std::optional<deadline> limit) const {
    return time_ping(state_, state_->time(), limit);
}

client_status client::status() const { return state_->status(); }

awaitable<void> client::stop(deadline limit) const { return detail::client_state::stop(state_, limit); }

} // namespace infra::redis
