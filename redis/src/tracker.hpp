#pragma once

// The connection on which the server tells what changes.

#include "lane.hpp"

#include <infra/redis/tracking.hpp>

#include <atomic>
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

/// All on its lane's executor but for the constructor.
class tracker : public std::enable_shared_from_this<tracker> {
public:
    tracker(const std::shared_ptr<lane>& on, std::shared_ptr<common> shared, track_request wanted,
            std::weak_ptr<change_listener> to)
        : executor_(on->get_executor()), common_(std::move(shared)), wanted_(std::move(wanted)), to_(std::move(to)) {}

    void begin();
    void close();

    /// The server that matters is there now: a connection to any other is given up.
    void leave_unless_at(const address& there) {
        if (pipeline_)
            pipeline_->leave_unless_at(there);
    }

private:
    void on_attach();
    void on_detach();
    awaitable<void> ask();
    bool hear(const reply& r);

    const executor executor_;
    const std::shared_ptr<common> common_;
    const track_request wanted_;
    const std::weak_ptr<change_listener> to_;
    std::shared_ptr<pipeline> pipeline_;
    bool listening_ = false;
    bool closed_ = false;
};

/// What a tracking is a handle of.
class tracker_handle {
public:
    tracker_handle(std::weak_ptr<lane> home, std::shared_ptr<tracker> of)
        : home_(std::move(home)), of_(std::move(of)) {}
    ~tracker_handle();
    tracker_handle(const tracker_handle&) = delete;
    tracker_handle& operator=(const tracker_handle&) = delete;

private:
    const std::weak_ptr<lane> home_;
    std::shared_ptr<tracker> of_;
};

} // namespace infra::redis::detail
