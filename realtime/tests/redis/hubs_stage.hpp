#pragma once

// Hubs of a test on one loop, each a node, and what their clients hear.

#include "realtime/tests/broker_stage.hpp"

#include <infra/realtime/hub.hpp>
#include <infra/realtime/testing.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace infra::realtime {

/// A node in a process of its own (node_child.cpp) that is joined to the others by these servers.
class node_process {
public:
    explicit node_process(std::vector<std::string> sockets) {
        auto program = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "realtime_node_child").string();
        std::vector<char*> arguments{program.data()};
        for (auto& each : sockets)
            arguments.push_back(each.data());
        arguments.push_back(nullptr);
        if (::posix_spawn(&pid_, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0)
            throw std::runtime_error("cannot start " + program);
    }
    bool has_ended() { return ::waitpid(pid_, &status_, WNOHANG) != 0; }
    bool ended_well() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }

private:
    pid_t pid_ = 0;
    int status_ = -1;
};

/// Whether a program that uses ioredis can be run; it is given the words as process.argv from 1 on.
inline bool has_ioredis() {
    return std::system("node --version >/dev/null 2>&1") == 0 &&
           std::filesystem::exists(INFRA_REALTIME_PEERS "/node_modules/ioredis");
}
constexpr const char* how_to_get_ioredis =
    "node or ioredis is not installed (npm ci in peers/realtime; ./test does it)";
inline int run_node(const std::string& program, std::initializer_list<std::string> words) {
    auto run = "cd '" INFRA_REALTIME_PEERS "' && node --input-type=module -e '" + program + "'";
    for (const auto& each : words)
        run += " '" + each + "'";
    return std::system(run.c_str());
}

class HubsOnNodes : public ::testing::Test {
protected:
    void start(broker_medium& between, std::size_t count = 2) {
        for (std::size_t n = 0; n < count; ++n) {
            brokers.push_back(between.node(n));
            hubs.emplace_back(
                hub_options{.channels = {{"room:*", {.history = {.size = 10}, .presence = true}}, {"tick:*", {}}},
                            .presence = {.grace = std::chrono::milliseconds(0)},
                            .authorize = [](access_request) { return true; },
                            .broker = brokers[n],
                            .on = loop.get_executor()});
            runs.push_back(loop.spawn(hubs[n].run()));
        }
        until_linked();
    }
    void TearDown() override {
        for (auto& each : hubs)
            loop.wait(each.stop(deadline::after(std::chrono::seconds(2))));
        for (const auto& each : runs)
            loop.until([&] { return each->done(); });
    }
    void until_linked() {
        for (const auto& each : brokers)
            loop.until([&] { return each->is_up(); });
    }

    /// The next of this type.
    heard_message next(test_client& who, const std::string& type) {
        std::vector<heard_message> found;
        loop.until([&] {
            found = who.heard(type);
            return !found.empty();
        });
        EXPECT_EQ(found.size(), 1u) << type;
        return found.front();
    }
    static void subscribe(test_client& who, const std::string& channel, std::optional<position> since = {}) {
        client_message m{.since = std::move(since)};
        m.what = {.type = "subscribe", .channel = channel};
        who.say(std::move(m));
    }
    /// And returns where the channel is.
    position join(test_client& who, const std::string& channel, std::optional<position> since = {}) {
        subscribe(who, channel, std::move(since));
        return place_in(next(who, "subscribed"));
    }
    static position place_in(const heard_message& subscribed) {
        return {std::string(subscribed.data.at("epoch").as_string()),
                subscribed.data.at("offset").to_number<std::uint64_t>()};
    }

    infra::testing::test_loop loop;
    std::vector<std::shared_ptr<broker>> brokers;
    std::vector<hub> hubs;
    std::vector<std::shared_ptr<infra::testing::outcome<bool>>> runs;
};

} // namespace infra::realtime
