#pragma once

/// A redis-server of a test's own.
///
///     if (!infra::testing::redis_server::installed())
///         GTEST_SKIP() << infra::testing::redis_server::how_to_install;
///     infra::testing::redis_server server({"--requirepass", "secret"});
///     infra::redis::client client(infra::redis::options_from(server.url()));

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace infra::testing {

/// A folder of its own, gone at the end.
class temporary_folder {
public:
    explicit temporary_folder(std::string_view name = "test");
    ~temporary_folder();
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

/// A port of loopback that nobody listens on at this moment.
std::uint16_t free_port();

/// On a Unix socket and, where wanted, a free port of loopback; keeps nothing on disk. Ended with the object, and with the
/// process should that crash.
///
/// Threads:  one at a time.
/// Errors:   std::runtime_error, with what it said, when it does not start within 10 s.
class redis_server {
public:
    /// More of its configuration, as its command line takes it. `tcp` false: the socket alone.
    explicit redis_server(std::vector<std::string> more = {}, bool tcp = true);
    ~redis_server();
    redis_server(const redis_server&) = delete;
    redis_server& operator=(const redis_server&) = delete;

    static bool installed();
    static constexpr const char* how_to_install = "redis-server is not installed (apt-get install redis-server)";

    std::string socket() const { return folder_.path() + "/redis.sock"; }
    std::uint16_t port() const noexcept { return port_; } ///< 0 without
    const std::string& folder() const noexcept { return folder_.path(); }
    std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

    void start();         ///< again, on the same port
    void kill();          ///< -9, and waits until it has ended; nobody else is given its port until start()
    void pause() const;   ///< SIGSTOP
    void proceed() const; ///< SIGCONT

private:
    std::vector<std::string> command() const;
    pid_t launch() const;
    bool answers() const;
    std::string last_words() const;
    void hold_port();
    void release_port() noexcept;

    temporary_folder folder_{"redis"};
    std::vector<std::string> more_;
    std::uint16_t port_ = 0;
    pid_t pid_ = -1;
    int held_ = -1; ///< a socket that is bound to its port and does not listen, while it is dead
};

} // namespace infra::testing
