#pragma once

// Who of this node is where, as the server shall know it, and keeps to know it.

#include "bell.hpp"
#include "ground.hpp"

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace infra::realtime::over_redis {

/// What has changed is told as soon as there is a link, all of it again when the server knows less than there is, and that this
/// node lives, a third of the expiry after it was told last.
///
/// Threads: join() and leave() from any; the rest on the loop.
class company {
public:
    explicit company(ground& on) : on_(on) {}

    void join(const std::string& channel, member who);
    void leave(const std::string& channel, const std::string& user);

    void begin(const executor& ex) { bell_.begin(ex); }
    awaitable<void> keep();
    awaitable<void> quit(deadline limit); ///< all have left, as far as others can see
    void link_is_up();
    void close() { bell_.close(); }

private:
    struct place {
        std::map<std::string, std::string> shares{}; ///< user to text
        std::map<std::string, std::size_t> connections{};
        std::set<std::string> changed{}; ///< users
        std::size_t all_connections = 0;
    };
    /// What is said of one channel in one go.
    struct report {
        std::string channel{};
        std::vector<std::string> users{};
        bool is_all = false; ///< nothing is left to be told of it
    };
    std::vector<std::string> to_report(bool all) const;
    std::vector<report> next_reports(std::vector<std::string>& channels, redis::batch& into);
    awaitable<bool> send(std::vector<std::string> channels);
    void took(const report& said, const redis::reply& r);
    void forget_if_empty(const std::string& channel);

    ground& on_;
    bell bell_;
    bool renew_ = false;
    mutable std::mutex mutex_;
    std::map<std::string, place> places_; // guarded by mutex_
};

} // namespace infra::realtime::over_redis
