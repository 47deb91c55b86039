#pragma once

// One connection on which a server tells what changes there.

#include "pipeline.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::redis::detail {

/// The keys of `>2 invalidate [key …]`; all keys where it names none. Empty for all else.
struct invalidation {
    bool all = false;
    std::vector<std::string> keys{};
};
std::optional<invalidation> invalidation_in(const reply& r);

command tracking_command(const std::vector<std::string>& prefixes);

/// Called on its executor, and not after close().
struct tracking_events {
    std::function<void()> on_hearing{}; ///< hears() may have changed
    std::function<void(const invalidation&)> on_change{};
};

/// Connects until it is closed, and has the server tell on each connection. All on its executor.
class tracking_line : public std::enable_shared_from_this<tracking_line> {
public:
    /// `at`: a cluster's node; otherwise where the client's server is.
    tracking_line(executor ex, std::shared_ptr<common> shared, std::vector<std::string> prefixes,
                  tracking_events events, std::optional<address> at = {});

    void begin();
    void close();

    /// The server tells, as far as anybody knows.
    bool hears() const noexcept { return hears_ && pipeline_->attached(); }

    /// Somebody has lost a connection to this server: is it still the one that tells? It hears again once that answers.
    void doubt();

    /// Null when there is no connection.
    const address* peer() const noexcept { return pipeline_->peer(); }
    void leave_unless_at(const address& there) { pipeline_->leave_unless_at(there); }
    void connect_anew(std::string why) { pipeline_->connect_anew(std::move(why)); }

private:
    void on_attach();
    void on_detach();
    void begin_to_ask(command words);
    void stop_asking();
    awaitable<void> ask();
    awaitable<bool> is_answered(command words);
    awaitable<void> say(command words);
    void set_hearing(bool hears);
    void complain_of(const std::string& why) const;

    const executor executor_;
    const std::shared_ptr<common> common_;
    const std::vector<std::string> prefixes_;
    const tracking_events events_;
    const std::shared_ptr<pipeline> pipeline_;
    std::shared_ptr<asio::cancellation_signal> stop_; // of what is asked on this connection
    std::uint64_t doubts_ = 0;
    command due_{"PING"};  // what is asked on this connection, or is to be once more
    bool resting_ = false; // before it is
    bool hears_ = false;
    bool closed_ = false;
};

} // namespace infra::redis::detail
