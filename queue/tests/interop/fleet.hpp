#pragma once

// A redis-server, a Node program with BullMQ, and a program of ours on the same queues.

#include "node.hpp"

#include <infra/queue/flow.hpp>
#include <infra/queue/redis.hpp>
#include <infra/queue/worker.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/testing/redis_server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <optional>

namespace infra::queue::interop {

using namespace std::chrono_literals;

/// What handlers leave for a test.
template <class T>
class noted {
public:
    void add(T one) {
        const std::lock_guard guard(lock_);
        all_.push_back(std::move(one));
    }
    std::vector<T> all() const {
        const std::lock_guard guard(lock_);
        return all_;
    }

private:
    mutable std::mutex lock_;
    std::vector<T> all_;
};

/// A program of ours, on a loop of its own so that it works while the test waits for Node.
class our_program {
public:
    explicit our_program(redis_queue_options at);
    ~our_program();

    template <class T>
    T await(awaitable<T> operation) {
        return *ended(asio::co_spawn(loop_.get_executor(), kept(std::move(operation)), asio::use_future));
    }
    void await(awaitable<void> operation) {
        ended(asio::co_spawn(loop_.get_executor(), std::move(operation), asio::use_future));
    }

    /// What jobs of that name in that queue do.
    template <class T = json::value, class F>
    void handle(std::string queue, std::string name, F handler) {
        jobs.define_job<T>({.name = std::move(name), .handler = std::move(handler), .queue = std::move(queue)});
    }

    /// Adds a job that is not defined here.
    job_id add(std::string queue, std::string name, json::value data = json::object{}, enqueue_options options = {});
    std::optional<job_info> info(std::string queue, job_id id);

    void work(worker_options options = {});
    void stop_work();

private:
    template <class T>
    static awaitable<std::optional<T>> kept(awaitable<T> operation) {
        co_return std::optional<T>(co_await std::move(operation));
    }
    template <class T>
    static T ended(std::future<T> end) {
        if (end.wait_for(30s) != std::future_status::ready)
            throw std::runtime_error("an operation of ours did not end");
        return end.get();
    }

    event_loop loop_{"ours"};

public:
    queue jobs;

private:
    std::optional<worker> worker_;
    std::future<void> worked_;
};

/// With a version of BullMQ: `INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropFlows, both_versions, version_name);`
class QueueInterop : public ::testing::TestWithParam<int> {
protected:
    void SetUp() override;
    void TearDown() override;

    redis_queue_options options_of_ours() const;

    /// What Node answers, as JSON text. `given` is what the text reads under that name.
    std::string says(std::string_view body, json::value given = nullptr) {
        return json::to_text(node_side->run(body, std::move(given)));
    }
    /// What it throws.
    std::string refuses(std::string_view body, json::value given = nullptr);

    bool is_five() const { return GetParam() == 5; }

    std::optional<testing::redis_server> server;
    std::optional<node> node_side;
    std::optional<our_program> us;
};

inline const auto both_versions = ::testing::Values(5, 6);
inline std::string version_name(const ::testing::TestParamInfo<int>& info) { return std::to_string(info.param); }

/// Waits for what comes about elsewhere; false if it does not within 20 s.
bool until(const std::function<bool()>& holds);

} // namespace infra::queue::interop
