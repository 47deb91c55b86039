#pragma once

// How much modules say for a while, because somebody wants to see more: what is changed goes back by itself.

#include <infra/base/time.hpp>
#include <infra/logging/levels.hpp>

#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace infra::logging {
class pipeline;
}

namespace infra::dashboard {

struct level_change {
    std::string module{}; ///< empty: all that have no rule of their own
    level to = level::info;
    wall_time until{};
    std::string by{};
};

/// The rules with what is changed on top.
logging::level_rules with(logging::level_rules rules, const std::vector<level_change>& changes);

/// Threads:  any member from any thread.
/// Lifetime: the pipeline outlives it. What is changed when it is destroyed goes back then.
class level_changes {
public:
    static constexpr std::size_t most = 100;

    explicit level_changes(logging::pipeline& of) noexcept : pipeline_(of) {}
    ~level_changes() { undo(); }

    /// Of two for one module the later counts. False where there are too many already.
    bool change(level_change to);

    /// All goes back now.
    void undo() noexcept;

    /// What has had its time goes back.
    void expire(wall_time now);

    std::vector<level_change> now() const;

private:
    void apply();

    logging::pipeline& pipeline_;
    mutable std::mutex mutex_;
    std::vector<level_change> changes_; // guarded by mutex_
    // Without any change; set by somebody else meanwhile, they are what we go back to.
    std::optional<logging::level_rules> before_, ours_;
};

} // namespace infra::dashboard
