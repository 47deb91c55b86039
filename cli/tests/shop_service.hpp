#pragma once

// dashboard_service, a service with a dashboard and something of everything in it, as a process of its own.
//
//     shop_service shop;
//     run({"logs", "--url", shop.url()});       // with INFRA_ADMIN_TOKEN, which this sets

#include <infra/http_client.hpp>
#include <infra/runtime/descriptor.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace infra::cli {

class shop_service {
public:
    static constexpr const char* token = "operators-token-of-the-tests";

    explicit shop_service(std::vector<std::string> more = {}) {
        ::setenv("INFRA_ADMIN_TOKEN", token, 1);
        int to[2], from[2];
        if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0)
            throw std::runtime_error("no pipe");
        lives_ = descriptor(to[1]);
        says_ = descriptor(from[0]);
        const descriptor in(to[0]), out(from[1]);
        more.insert(more.begin(), std::filesystem::read_symlink("/proc/self/exe").parent_path() / "dashboard_service");
        std::vector<char*> words;
        for (auto& each : more)
            words.push_back(each.data());
        words.push_back(nullptr);
        posix_spawn_file_actions_t files;
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawn_file_actions_adddup2(&files, in.get(), STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&files, out.get(), STDOUT_FILENO);
        ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        const int failed = ::posix_spawn(&child_, words[0], &files, nullptr, words.data(), environ);
        ::posix_spawn_file_actions_destroy(&files);
        if (failed != 0)
            throw std::runtime_error("dashboard_service cannot be started");
    }
    ~shop_service() { end(); }
    shop_service(const shop_service&) = delete;
    shop_service& operator=(const shop_service&) = delete;

    /// Waits until it listens and has what it begins with.
    const std::string& url() {
        std::string line;
        for (char c{}; url_.empty() && ::read(says_.get(), &c, 1) == 1;)
            if (c != '\n')
                line += c;
            else
                url_ = std::string(boost::json::parse(line).at("url").as_string());
        if (url_.empty())
            throw std::runtime_error("dashboard_service has ended before it listened");
        return url_;
    }
    std::string port() { return url().substr(url().rfind(':') + 1); }

    /// What it answers without the token.
    std::string get(const std::string& path) {
        return wait([](std::string whole) -> awaitable<http::client_response> {
                   const http::client client(co_await asio::this_coro::executor);
                   co_return co_await client.send({.url = std::move(whole)});
               }(url() + path))
            .body;
    }

    void end() {
        if (child_ <= 0)
            return;
        ::kill(child_, SIGKILL);
        ::waitpid(std::exchange(child_, -1), nullptr, 0);
    }

private:
    descriptor lives_, says_;
    pid_t child_ = -1;
    std::string url_;
};

} // namespace infra::cli
