#pragma once

// What all connections of one client share.

#include "complaints.hpp"
#include "connector.hpp"
#include "instruments.hpp"
#include "presence.hpp"
#include "topology.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace infra::redis::detail {

/// Threads: any.
class common {
public:
    common(const options& o, clock& time)
        : connect(o, time),
          cluster(o.cluster ? std::make_shared<topology>(connect, describe(o)) : nullptr),
          server(describe(o)) {
        if (cluster)
            connect.look_in(std::make_unique<any_node>(*cluster));
    }
    common(const options& o, clock& time, std::unique_ptr<place> where, std::string name)
        : connect(o, time, std::move(where)), server(std::move(name)) {}

    const options& settings() const noexcept { return connect.settings(); }
    clock& time() const noexcept { return connect.time(); }

    void note(std::string problem) {
        const std::scoped_lock lock(mutex_);
        problem_ = std::move(problem);
    }
    std::string last_problem() const {
        const std::scoped_lock lock(mutex_);
        return problem_;
    }

    connector connect;
    const std::shared_ptr<topology> cluster; ///< null unless it is one
    const instruments count;
    complaints troubles;
    presence present;
    const std::string server; ///< for messages
    std::atomic<std::size_t> shared_up{0};
    std::atomic<std::size_t> shared_expected{0};
    std::atomic<std::size_t> shared_not_ready{0}; ///< of those that are up
    std::atomic<std::size_t> commands{0};
    std::atomic<std::uint64_t> losses{0};
    std::atomic<bool> let_go{false}; ///< found by each connection at its next sign of life, if it was not told

private:
    mutable std::mutex mutex_;
    std::string problem_; // guarded by mutex_
};

} // namespace infra::redis::detail
