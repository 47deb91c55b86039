#include <infra/redis/session.hpp>

#include "exchange.hpp"
#include "session_pool.hpp"

#include <utility>

namespace infra::redis {
namespace {

using through = std::shared_ptr<detail::own_connection>;

deadline limit_of(std::span<const command> commands, const detail::own_connection& c, std::optional<deadline> limit) {
    const auto& shared = c.shared();
    return detail::limit_in_session(commands, limit, shared.settings().default_deadline, shared.time().steady());
}

awaitable<reply> run_one(through c, command one, std::optional<deadline> limit) {
    std::vector<command> commands;
    commands.push_back(std::move(one));
    detail::refuse_in_session(commands);
    const auto by = limit_of(commands, *c, limit);
    auto replies = co_await detail::own_connection::execute(c, commands, false, by);
    if (detail::unknown_scripts(commands, replies).empty())
        co_return std::move(replies.front());
    commands.front() = detail::in_full(commands.front());
    replies = co_await detail::own_connection::execute(std::move(c), std::move(commands), false, by);
    co_return std::move(replies.front());
}

// What follows a script that the server has forgotten in the middle of a batch.
awaitable<std::vector<reply>> run_unknown(through c, std::vector<command> commands, std::vector<reply> replies,
                                          deadline limit) {
    try {
        for (const auto i : detail::unknown_scripts(commands, replies)) {
            std::vector<command> again{detail::in_full(commands[i])};
            auto one = co_await detail::own_connection::execute(c, std::move(again), false, limit);
            replies[i] = std::move(one.front());
        }
    } catch (const boost::system::system_error& e) {
        throw detail::partly_executed(e);
    }
    co_return replies;
}

awaitable<std::vector<reply>> run_all(through c, batch b, std::optional<deadline> limit) {
    detail::refuse_in_session(b.commands());
    if (b.empty())
        co_return std::vector<reply>();
    std::vector<command> commands(b.commands().begin(), b.commands().end());
    const auto by = limit_of(commands, *c, limit);
    auto travelling = detail::known_from_the_first(commands);
    auto replies = co_await detail::own_connection::execute(c, std::move(travelling), false, by);
    co_return co_await run_unknown(std::move(c), std::move(commands), std::move(replies), by);
}

awaitable<std::optional<std::vector<reply>>> run_atomically(through c, batch b, std::optional<deadline> limit) {
    detail::refuse_in_transaction(b.commands());
    const auto by = limit_of({}, *c, limit); // within a transaction nothing blocks
    auto commands = detail::as_transaction(b.commands());
    auto replies = co_await detail::own_connection::execute(std::move(c), commands, true, by);
    co_return detail::result_of_transaction(commands, replies);
}

} // namespace

session::session(std::shared_ptr<detail::own_connection> through) noexcept : through_(std::move(through)) {}

session::~session() {
    if (!through_)
        return;
    if (const auto pool = through_->pool().lock())
        pool->give_back(std::move(through_));
    else
        through_->close();
}

session& session::operator=(session&& other) noexcept {
    const session former(std::move(*this));
    through_ = std::move(other.through_);
    return *this;
}

awaitable<reply> session::execute(command c, std::optional<deadline> limit) const {
    return run_one(through_, std::move(c), limit);
}

awaitable<std::vector<reply>> session::execute(batch b, std::optional<deadline> limit) const {
    return run_all(through_, std::move(b), limit);
}

awaitable<std::optional<std::vector<reply>>> session::transaction(batch b, std::optional<deadline> limit) const {
    return run_atomically(through_, std::move(b), limit);
}

bool session::is_open() const noexcept { return through_ && through_->is_open(); }

} // namespace infra::redis
