#pragma once

// What the queue's tests share: builders, a loop to await on, temporary folders.

#include <infra/base/context_executor.hpp>
#include <infra/base/id.hpp>
#include <infra/queue/backend.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::queue::tests {

using namespace std::chrono_literals;

inline constexpr wall_time t0 = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

inline new_job make_job(job_id id, job_options options = {}, std::string queue = "mail") {
    return {.queue = std::move(queue),
            .id = std::move(id),
            .name = "welcome",
            .data = R"({"n":1})",
            .options = options,
            .created_at = t0};
}

inline new_job make_delayed(job_id id, wall_time run_at, std::string queue = "mail") {
    auto job = make_job(std::move(id), {}, std::move(queue));
    job.run_at = run_at;
    return job;
}

/// A folder of its own for each test, gone afterwards.
class temporary_folder {
public:
    temporary_folder() : path_(std::filesystem::temp_directory_path() / ("infra-queue-" + random_hex(8))) {
        std::filesystem::create_directories(path_);
    }
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// An operation that was started, and how it ended.
template <class T>
struct pending {
    std::optional<T> value;
    std::exception_ptr failure;
    bool ended = false;
};
template <>
struct pending<void> {
    std::exception_ptr failure;
    bool ended = false;
};

/// A loop that a test turns by hand.
class test_loop {
public:
    executor get_executor() { return with_context(io.get_executor()); }

    template <class T>
    std::shared_ptr<pending<T>> start(awaitable<T> operation) {
        auto end = std::make_shared<pending<T>>();
        asio::co_spawn(get_executor(), keep(std::move(operation), end), [end](std::exception_ptr e) {
            end->failure = e;
            end->ended = true;
        });
        return end;
    }

    /// Turns the loop until `done`; false if that takes absurdly long.
    bool until(const std::function<bool()>& done) {
        const auto give_up = std::chrono::steady_clock::now() + 60s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > give_up)
                return false;
            io.restart();
            io.run_one_for(20ms);
        }
        return true;
    }

    /// Runs what can run now.
    void settle() {
        io.restart();
        io.poll();
    }

    /// What the operation gives or throws.
    template <class T>
    T await(awaitable<T> operation) {
        const auto end = start(std::move(operation));
        if (!until([&] { return end->ended; }))
            throw std::runtime_error("the operation did not end");
        if (end->failure)
            std::rethrow_exception(end->failure);
        if constexpr (!std::is_void_v<T>)
            return std::move(*end->value);
    }

    /// The code of what the operation throws; success if nothing.
    template <class T>
    boost::system::error_code code_of(awaitable<T> operation) {
        const auto end = start(std::move(operation));
        until([&] { return end->ended; });
        return infra::code_of(end->failure);
    }

    asio::io_context io{1};

private:
    template <class T>
    static awaitable<void> keep(awaitable<T> operation, std::shared_ptr<pending<T>> end) {
        if constexpr (std::is_void_v<T>)
            co_await std::move(operation);
        else
            end->value.emplace(co_await std::move(operation));
    }
};

inline std::vector<job_id> ids_of(const claim_result& taken) {
    std::vector<job_id> ids;
    for (const auto& each : taken.jobs)
        ids.push_back(each.held.job.id);
    return ids;
}

using ids = std::vector<job_id>;

} // namespace infra::queue::tests
