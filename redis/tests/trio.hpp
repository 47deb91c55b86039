#pragma once

/// A master, its replica and three sentinels, for one test.

#include "tests/identity.hpp"
#include "tests/support.hpp"

#include <memory>
#include <string>
#include <vector>

namespace infra::redis {

/// A process of a test's own, ended with the object by its id, and with the test should that crash.
class process {
public:
    explicit process(std::vector<std::string> words) : words_(std::move(words)) { start(); }
    ~process() { kill(); }
    process(const process&) = delete;
    process& operator=(const process&) = delete;

    void start();
    void kill();          ///< -9, and waits until it has ended
    void pause() const;   ///< SIGSTOP
    void proceed() const; ///< SIGCONT

private:
    std::vector<std::string> words_;
    int pid_ = -1;
};

class trio {
public:
    /// Returns once all know each other. `secret` guards master and replica, `sentinels_secret` the sentinels.
    /// `tls`: nobody takes anything else.
    explicit trio(test_loop& loop, std::string secret = {}, std::string sentinels_secret = {},
                  const identity* tls = nullptr);

    options to() const;
    std::string url() const;
    options to_sentinel(std::size_t i) const;
    server& master() { return *servers_[0]; }
    server& replica() { return *servers_[1]; }
    process& sentinel(std::size_t i) { return *sentinels_[i]; }

    /// For tests of other things, which a machine that stands still is to cost no master.
    void switch_never();

    /// Where sentinel `i` says that the master is.
    std::uint16_t told_by(std::size_t i);

    /// Turns the loop until all sentinels that are asked tell of another master than the first.
    void until_switched(std::size_t asked = 0);

    static constexpr const char* name = "shop";

private:
    void start_sentinel();
    void keep_awake(std::size_t i);
    reply ask(const options& whom, command c);
    void until_they_know_each_other();
    std::string last_words_of_sentinels() const;

    void start_server(std::vector<std::string> more);
    std::string words_of_a_sentinel(std::uint16_t port) const;

    test_loop& loop_;
    const std::string secret_;
    const std::string sentinels_secret_;
    temporary_folder folder_;
    std::vector<std::unique_ptr<server>> servers_;
    std::vector<std::unique_ptr<process>> sentinels_;
    std::vector<std::uint16_t> ports_; ///< of sentinels
    std::vector<std::uint16_t> server_ports_;
    const identity* const tls_;
};

} // namespace infra::redis
