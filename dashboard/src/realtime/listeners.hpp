#pragma once

// Who listens in a channel for those who look at it.

#include "../board.hpp"

#include <infra/realtime/hub.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace infra::dashboard {

/// What was heard, the newest 500 of at most 1 MiB. Filled by whichever thread publishes.
class listener final : public realtime::connection {
public:
    static constexpr std::size_t most = 500;
    static constexpr std::size_t most_bytes = 1024 * 1024;

    explicit listener(clock& time) : time_(time) {}

    void send(const realtime::frame& f) override;
    void close(realtime::close_code, std::string_view) override;
    bool closed() const;

    /// What came after `since`, a message each: {"n","at","type","offset","data":{"text","bytes","cut"}}.
    pieces after(std::uint64_t since, std::size_t limit) const;

private:
    struct heard {
        std::uint64_t number = 0;
        wall_time at{};
        realtime::frame what{};
    };
    static json::value document_of(const heard& one);

    clock& time_;
    mutable std::mutex mutex_;
    std::deque<heard> heard_; // guarded by mutex_, as what follows
    std::size_t bytes_ = 0;
    std::uint64_t last_ = 0;
    bool closed_ = false;
};

/// A client of the hub, "dashboard-…", for each channel that somebody looks at; it goes when nobody has for a while. It is among the
/// channel's subscribers like others.
///
/// Threads: any.
class listeners {
public:
    static constexpr std::size_t most = 20;
    static constexpr std::chrono::seconds patience{10};

    explicit listeners(clock& time) : time_(time) {}
    ~listeners();
    listeners(const listeners&) = delete;
    listeners& operator=(const listeners&) = delete;

    /// Throws http::error_response 503 where there are as many channels already.
    std::shared_ptr<const listener> in(const realtime::hub& of, const std::string& channel);

    /// Ends those that nobody asked for.
    void sweep();

    std::size_t size() const;

private:
    struct place {
        realtime::hub of;
        realtime::client_id id;
        std::shared_ptr<listener> ear;
        steady_time asked{};
    };
    clock& time_;
    mutable std::mutex mutex_;
    std::map<std::string, place, std::less<>> places_; // guarded by mutex_
};

} // namespace infra::dashboard
