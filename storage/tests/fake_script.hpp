#pragma once

/// What a test tells a fake bucket to do, and what came of it.
///
///     fake->fail("put", down);                       // the next put is not done
///     fake->lose("put", lost);                       // the next is done, and its answer lost
///     fake->hang("head");                            // the next waits until it is cancelled
///     EXPECT_EQ(fake->count("put"), 3u);

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/storage/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::storage {

/// Threads: any.
class fake_script {
public:
    explicit fake_script(clock& time) : time_(time) {}

    void fail(std::string op, storage_error why) { plan(std::move(op), {.before = std::move(why)}); }
    void lose(std::string op, storage_error why) { plan(std::move(op), {.after = std::move(why)}); }
    void hang(std::string op) { plan(std::move(op), {.hangs = true}); }
    void delay(std::string op, std::chrono::milliseconds by, std::optional<storage_error> why = {}) {
        plan(std::move(op), {.before = std::move(why), .late = by});
    }
    void hang_after(std::string op) { plan(std::move(op), {.hangs_after = true}); }
    void after(std::string op, std::function<void()> happens) { plan(std::move(op), {.then = std::move(happens)}); }
    void pass(std::string op) { plan(std::move(op), {}); } ///< one is done as it should be, before what is planned next

    /// The next body of a get ends after so many bytes: by `why`, or too soon where there is none.
    void cut(std::uint64_t after, std::optional<storage_error> why = {}) {
        const std::scoped_lock lock(mutex_);
        bodies_.push_back({.cut = after, .why = std::move(why)});
    }
    /// The next body of a get gives so many bytes, and then nothing until it is cancelled.
    void stall_after(std::uint64_t bytes) {
        const std::scoped_lock lock(mutex_);
        bodies_.push_back({.cut = bytes, .stalls = true});
    }
    /// One bit of that byte of the next body is another.
    void flip(std::uint64_t at) {
        const std::scoped_lock lock(mutex_);
        bodies_.push_back({.flip = at});
    }

    // --- What came of it ---

    struct call {
        std::string op;
        std::string key;
        deadline limit;
        steady_time at;
        std::uint64_t bytes = 0;
    };

    std::vector<call> calls() const {
        const std::scoped_lock lock(mutex_);
        return calls_;
    }
    std::size_t count(std::string_view op) const {
        const auto all = calls();
        return static_cast<std::size_t>(std::ranges::count(all, op, &call::op));
    }
    int running() const { ///< calls that have not ended
        const std::scoped_lock lock(mutex_);
        return running_;
    }

protected:
    struct step {
        std::optional<storage_error> before{};
        std::optional<storage_error> after{};
        bool hangs = false;
        bool hangs_after = false;
        std::function<void()> then{};
        std::chrono::milliseconds late{};
    };
    struct body {
        std::optional<std::uint64_t> cut{};
        std::optional<storage_error> why{};
        std::optional<std::uint64_t> flip{};
        bool stalls = false;
    };
    struct under_way {
        explicit under_way(fake_script& b) : in(b) { count(1); }
        ~under_way() { count(-1); }
        under_way(const under_way&) = delete;
        under_way& operator=(const under_way&) = delete;
        void count(int by) {
            const std::scoped_lock lock(in.mutex_);
            in.running_ += by;
        }
        fake_script& in;
    };

    step enter(std::string op, std::string key, deadline limit, std::uint64_t bytes = 0) {
        const std::scoped_lock lock(mutex_);
        calls_.push_back({op, std::move(key), limit, time_.steady(), bytes});
        auto& steps = script_[op];
        if (steps.empty())
            return {};
        auto next = std::move(steps.front());
        steps.pop_front();
        return next;
    }
    awaitable<void> begin(step does) {
        if (does.hangs)
            co_await time_.sleep_until(steady_time::max());
        if (does.late > std::chrono::milliseconds::zero())
            co_await time_.sleep_for(does.late);
        if (does.before)
            throw storage_error(*does.before);
    }
    awaitable<void> end(step does) {
        if (does.then)
            does.then();
        if (does.hangs_after)
            co_await time_.sleep_until(steady_time::max());
        if (does.after)
            throw storage_error(*does.after);
    }

    /// What the next body of a get is to do.
    body next_body() {
        const std::scoped_lock lock(mutex_);
        if (bodies_.empty())
            return {};
        auto next = std::move(bodies_.front());
        bodies_.pop_front();
        return next;
    }

private:
    void plan(std::string op, step what) {
        const std::scoped_lock lock(mutex_);
        script_[std::move(op)].push_back(std::move(what));
    }

    clock& time_;
    mutable std::mutex mutex_;
    std::map<std::string, std::deque<step>> script_; // by op; guarded by mutex_, as all below
    std::deque<body> bodies_;
    std::vector<call> calls_;
    int running_ = 0;
};

} // namespace infra::storage
