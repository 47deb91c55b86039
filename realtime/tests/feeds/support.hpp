#pragma once

#include <infra/base/clock.hpp>
#include <infra/realtime/feeds.hpp>
#include <infra/realtime/testing.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::realtime::feeds {

using namespace std::chrono_literals;

/// A hub, somebody who listens, and feeds that end with the test.
class Feeds : public ::testing::Test {
protected:
    ~Feeds() override {
        for (auto& each : stops_)
            loop.cancel(each);
    }

    static hub_options open_options() {
        return {.channels = {{"latest:*", {.history = {.size = 1}}}},
                .authorize = [](const access_request&) { return true; }};
    }
    hub make_hub(hub_options options = open_options()) {
        options.on = loop.get_executor();
        options.time = &time;
        return hub(std::move(options));
    }
    std::shared_ptr<testing::outcome<bool>> begin(awaitable<void> feed) {
        auto ended = loop.spawn(std::move(feed), stops_.emplace_back().slot());
        turn();
        return ended;
    }
    void stop_feeds() {
        for (auto& each : stops_)
            loop.cancel(each);
        turn();
    }
    std::unique_ptr<test_client> listener(const hub& at, std::string channel) {
        auto made = std::make_unique<test_client>(at);
        made->say({.type = "subscribe", .channel = std::move(channel)});
        turn();
        made->heard("welcome");
        made->heard("subscribed");
        return made;
    }
    void turn() {
        loop.io.restart();
        while (loop.io.poll() > 0)
            loop.io.restart();
        loop.io.restart();
    }
    void pass(std::chrono::milliseconds by) {
        time.advance(by);
        turn();
    }

    testing::test_loop loop;
    manual_clock time;

private:
    std::deque<asio::cancellation_signal> stops_;
};

inline std::string text_at(const heard_message& m, std::string_view member) {
    const auto& found = m.data.at(member);
    return found.is_string() ? std::string(found.as_string()) : json::to_text(found);
}

} // namespace infra::realtime::feeds
