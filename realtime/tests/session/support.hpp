#pragma once

#include <infra/base/clock.hpp>
#include <infra/realtime/session.hpp>
#include <infra/realtime/testing.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace infra::realtime {

using namespace std::chrono_literals;

inline void PrintTo(const message& m, std::ostream* to) { *to << to_text(m); }
inline void PrintTo(const heard_message& m, std::ostream* to) { *to << to_text(m, m.ref); }

/// A hub whose time and loop are the test's.
class Session : public ::testing::Test {
protected:
    ~Session() override {
        clients_.clear();
        if (running_)
            loop.wait(the_hub().stop());
    }

    /// Where clients may do everything, and r:… remembers.
    static hub_options open_options() {
        return {.channels = {{"r:*", {.history = {.size = 100}}}},
                .authorize = [](const access_request&) { return true; }};
    }
    hub& make_hub(hub_options options = open_options()) {
        options.on = loop.get_executor();
        options.time = &time;
        hub_.emplace(std::move(options));
        return *hub_;
    }
    hub& the_hub() { return hub_ ? *hub_ : make_hub(); }
    void run_hub() {
        running_ = loop.spawn(the_hub().run());
        loop.settle();
    }
    /// Lets time pass a second at a time, as it does.
    void pass(std::chrono::seconds all) {
        for (; all > 0s; all -= 1s) {
            time.advance(1s);
            while (loop.io.poll() > 0)
                loop.io.restart();
            loop.io.restart();
        }
    }

    test_client& connect(identity who = {}, handshake from = {}) {
        clients_.push_back(std::make_unique<test_client>(the_hub(), std::move(who), std::move(from)));
        settle();
        clients_.back()->heard("welcome");
        return *clients_.back();
    }
    void settle() {
        loop.io.restart();
        while (loop.io.poll() > 0) {
        }
        loop.io.restart();
    }

    /// What one message makes the client hear.
    std::vector<heard_message> said(test_client& by, client_message m) {
        by.say(std::move(m));
        settle();
        return by.heard();
    }
    heard_message only(const std::vector<heard_message>& heard) {
        EXPECT_EQ(heard.size(), 1u);
        return heard.empty() ? heard_message{} : heard.front();
    }
    /// "type" or "error:code" of each.
    static std::vector<std::string> names(const std::vector<heard_message>& heard) {
        std::vector<std::string> all;
        for (const auto& each : heard)
            all.push_back(each.type == "error" ? "error:" + std::string(each.data.at("code").as_string()) : each.type);
        return all;
    }
    using name_list = std::vector<std::string>;

    testing::test_loop loop;
    manual_clock time;

private:
    std::optional<hub> hub_;
    std::vector<std::unique_ptr<test_client>> clients_;
    std::shared_ptr<testing::outcome<bool>> running_;
};

inline client_message subscribe_to(std::string channel, std::string ref = {}) {
    return {.what = {.type = "subscribe", .channel = std::move(channel)}, .ref = std::move(ref)};
}

} // namespace infra::realtime
