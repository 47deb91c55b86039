#pragma once

// A small service for `infra top`: what it answers is said by the test.

#include <infra/http_server.hpp>
#include <infra/runtime/wait.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace infra::cli {

class top_service {
public:
    static constexpr std::string_view token = "of-operators-only";

    top_service() {
        routes_.any("/{path...}", [this](const http::request& r) { return answer(r); });
        server_ = std::make_unique<http::server>(routes_, http::server_options{.port = 0});
        server_->listen();
        running_ = std::thread([this] { wait(server_->run()); });
        say("/metrics", "process_start_time_seconds 100\nprocess_resident_memory_bytes 1048576\n");
        say("/health",
            R"({"status":"healthy","service":"shop","uptime_seconds":61,"checks":{"db":{"status":"healthy"}}})");
    }
    ~top_service() {
        wait(server_->stop(deadline::after(std::chrono::seconds(20))));
        running_.join();
    }

    std::string url() const { return server_->url(); }
    void say(const std::string& path, std::string body, int status = 200) {
        const std::lock_guard hold(mutex_);
        answers_.insert_or_assign(path, http::response::text(status, std::move(body)));
    }
    void say(const std::string& path, http::response whole) {
        const std::lock_guard hold(mutex_);
        answers_.insert_or_assign(path, std::move(whole));
    }

    /// Paths, in order; of what changes something behind its method: "PUT /a".
    std::vector<std::string> asked() const {
        const std::lock_guard hold(mutex_);
        return asked_;
    }

    /// The body of the last request that had one.
    std::string told() const {
        const std::lock_guard hold(mutex_);
        return told_;
    }

    /// What the dashboard answers operators with.
    void have_dashboard() {
        say("/infra/api/session", R"({"service":"shop","version":"1.2","now":5000})");
        say("/infra/api/overview", R"({"concerns":[{"severity":"warn","text":"mail is slow","count":2}]})");
        say("/infra/api/health", R"({"checks":[{"name":"db","status":"healthy","message":"1 ms"}]})");
        say("/infra/api/queues",
            R"({"items":[{"name":"mail","waiting":3,"active":1,"delayed":2,"failed":4,"workers":1}]})");
        say("/infra/api/realtime/channels", R"({"items":[{},{}],"next":null})");
    }

private:
    http::response answer(const http::request& r) {
        const std::lock_guard hold(mutex_);
        const std::string path(r.path());
        asked_.push_back((r.method() == http::method::get ? "" : std::string(to_string(r.method())) + " ") + path);
        if (!r.body().empty())
            told_ = r.body();
        if (path.starts_with("/infra/") && r.header("authorization") != "Bearer " + std::string(token))
            return http::response::error(401, "not_logged_in", "nobody is logged in");
        const auto found = answers_.find(path);
        return found == answers_.end() ? http::response::not_found() : found->second;
    }

    mutable std::mutex mutex_;
    std::map<std::string, http::response> answers_; // guarded by mutex_
    std::vector<std::string> asked_;                // guarded by mutex_
    std::string told_;                              // guarded by mutex_
    http::router routes_;
    std::unique_ptr<http::server> server_;
    std::thread running_;
};

} // namespace infra::cli
