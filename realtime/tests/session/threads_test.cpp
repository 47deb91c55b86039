// The hub is everybody's, a session its loop's: what other threads do to clients while these speak.
#include "support.hpp"

#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>

#include <atomic>
#include <functional>
#include <thread>

namespace infra::realtime {
namespace {

class SessionThreads : public ::testing::Test {
protected:
    static constexpr int turns = 300;
    static constexpr int many = 16;

    void on_loop(std::function<void()> act) {
        const auto once = [](std::function<void()> what) -> awaitable<void> {
            what();
            co_return;
        };
        infra::wait(once(std::move(act)), its_loop.get_executor());
    }
    void speak(test_client& by, int turn) {
        by.say(subscribe_to("r:" + std::to_string(turn % 3)));
        by.say(message{.type = "note"});
        by.say({.what = {.type = "ask"}, .ref = "a"});
        for (const auto& heard : by.heard())
            if (heard.type == "where?")
                by.say({.what = {"reply", "", turn}, .ref = heard.ref});
        if (by.closed())
            by.reconnect();
    }
    client_id somebody(std::size_t turn) const {
        const auto all = the_hub->get_connected_clients();
        return all.empty() ? client_id() : all[turn % all.size()];
    }

    SessionThreads() { its_loop.start(); }

    event_loop its_loop;
    std::optional<hub> the_hub;
};

TEST_F(SessionThreads, MayDoAnythingToClientsThatSpeak) {
    std::atomic<int> came{0}, went{0}, noted{0};
    auto options = hub_options{.channels = {{"r:*", {.history = {.size = 50}, .presence = true}}},
                               .authorize = [](const access_request&) { return true; },
                               .on = its_loop.get_executor()};
    options.limits.messages_per_second = options.limits.messages_per_second_per_user = 1e6;
    the_hub.emplace(options);
    the_hub->on_connect([&](client_id, close_code) { ++came; });
    the_hub->on_disconnect([&](client_id, close_code) -> awaitable<void> {
        ++went;
        co_return;
    });
    the_hub->on_message("note", [&](client_id, message) -> awaitable<void> {
        ++noted;
        co_return;
    });
    the_hub->on_request("ask", [](client_id, message) { return 1; });
    std::vector<std::unique_ptr<test_client>> clients;
    on_loop([&] {
        for (int i = 0; i < many; ++i)
            clients.push_back(std::make_unique<test_client>(*the_hub, identity{.user = "u" + std::to_string(i % 4)}));
    });

    std::atomic<int> answered{0}, failed{0};
    const auto ask_somebody = [&](std::size_t turn) {
        try {
            infra::wait(the_hub->request(somebody(turn), {.type = "where?"}, deadline::after(5s)));
            ++answered;
        } catch (const boost::system::system_error&) {
            ++failed;
        }
    };
    const auto each_turn = [](auto act) {
        return std::thread([act] {
            for (std::size_t turn = 0; turn < turns; ++turn)
                act(turn);
        });
    };
    std::thread others[] = {
        each_turn([&](std::size_t turn) { the_hub->publish("r:" + std::to_string(turn % 3), {.type = "m"}); }),
        each_turn([&](std::size_t turn) { the_hub->disconnect(somebody(turn * 7)); }),
        each_turn([&](std::size_t turn) {
            the_hub->subscribe("r:0", somebody(turn));
            the_hub->unsubscribe("r:1", somebody(turn + 1));
        }),
        each_turn([&](std::size_t turn) { turn % 30 == 0 ? ask_somebody(turn) : std::this_thread::yield(); }),
    };
    std::atomic<bool> done{false};
    std::thread speaker([&] {
        for (int turn = 0; !done; ++turn)
            on_loop([&] {
                for (const auto& each : clients)
                    speak(*each, turn);
            });
    });
    for (auto& each : others)
        each.join();
    done = true;
    speaker.join();
    on_loop([&] { clients.clear(); });
    for (int i = 0; i < 100'000 && went != came; ++i)
        on_loop([] {});
    EXPECT_EQ(went, came);
    EXPECT_GT(came, many);
    EXPECT_GT(noted, 0);
    EXPECT_EQ(answered + failed, turns / 30);
    EXPECT_TRUE(the_hub->get_channels().empty());
}

} // namespace
} // namespace infra::realtime
