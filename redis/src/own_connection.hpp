#pragma once

// A connection for one caller at a time.

#include "alarm.hpp"
#include "pipeline.hpp"

#include <infra/runtime/loop_gate.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace infra::redis::detail {

class session_pool;

/// What a session is a handle of. On its executor.
class own_connection : public std::enable_shared_from_this<own_connection> {
public:
    own_connection(executor ex, std::shared_ptr<common> shared, std::optional<address> at);

    awaitable<void> open(deadline limit);
    bool is_open() const noexcept { return pipeline_->attached() && !pipeline_->closed(); }
    bool is_clean() const noexcept { return state_ == memory::clean && is_open() && pipeline_->is_idle(); }
    const address* node() const noexcept { return pipeline_->node(); } ///< of a cluster
    const executor& get_executor() const noexcept { return pipeline_->get_executor(); }
    common& shared() const noexcept { return pipeline_->shared(); }
    const std::shared_ptr<loop_gate>& gate() const noexcept { return gate_; }
    const std::weak_ptr<session_pool>& pool() const noexcept { return pool_; }

    /// What fails, times out or is cancelled takes the connection with it.
    static awaitable<std::vector<reply>> execute(std::shared_ptr<own_connection> self, std::vector<command> commands,
                                                 bool atomic, deadline limit);

    /// Returns once the server takes commands. Throws errc::not_connected.
    static awaitable<void> until_ready(std::shared_ptr<own_connection> self, deadline limit);

    void close() { pipeline_->close(); }
    void leave_unless_at(const address& there) { pipeline_->leave_unless_at(there); }

    /// Asks for its end after `idle`, unless it is leased by then.
    void rest(std::chrono::milliseconds idle, std::function<void()> over);
    void wake() { resting_.reset(); }

private:
    // What the server remembers of it. A transaction, or UNWATCH, takes WATCH off again.
    enum class memory : std::uint8_t { clean, watched, changed };
    void remember(std::span<const command> commands);
    void look_whether_ready(std::span<const command> commands, std::span<const reply> replies);
    awaitable<reply> ask(deadline limit);

    friend class session_pool;
    const std::shared_ptr<pipeline> pipeline_;
    const std::shared_ptr<loop_gate> gate_;
    std::unique_ptr<alarm> resting_;
    memory state_ = memory::clean;
    bool ready_ = false; // its server, as far as that is known
    std::weak_ptr<session_pool> pool_;
};

} // namespace infra::redis::detail
