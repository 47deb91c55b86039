#include "../../src/hub/hub_state.hpp"

#include <infra/runtime/event_loop.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>

namespace infra::realtime::tests {
namespace {

struct loop_group : connection_group {
    explicit loop_group(executor ex) : on(std::move(ex)) {}
    executor get_executor() const noexcept override { return on; }
    void flush() noexcept override {}
    executor on;
};

constexpr std::size_t channel_count = 2;
std::string name_of(std::size_t channel) { return "channel" + std::to_string(channel); }

/// Checks that a channel is heard without a hole or a repetition from where the answer to a subscription has said. What it writes is no atomic: the hub
/// has to see to it that only one thread is here at a time.
struct witness : connection {
    explicit witness(std::shared_ptr<connection_group> of) : in(std::move(of)) {}

    void send(const frame& f) override {
        if (f.facts().channel)
            hear(*f.facts().channel, f.facts().offset);
        else if (f.text() == "end")
            ended = true;
        else
            obey(f.text());
    }
    void close(close_code, std::string_view) override {}
    std::shared_ptr<connection_group> group() const noexcept override { return in; }

    void hear(const channel_facts& of, std::uint64_t offset) {
        const auto which = static_cast<std::size_t>(of.name.back() - '0');
        if (offset != expected[which])
            ++wrong;
        expected[which] = offset + 1;
        seen[which] = offset;
        ++heard;
    }
    // "<channel> <the offset that comes next>", or 0: nothing may come
    void obey(std::string_view said) {
        expected[static_cast<std::size_t>(said[0] - '0')] = std::stoull(std::string(said.substr(2)));
    }

    std::shared_ptr<connection_group> in;
    std::array<std::uint64_t, channel_count> expected{};
    std::array<std::atomic<std::uint64_t>, channel_count> seen{};
    std::atomic<std::size_t> wrong{0}, heard{0};
    std::atomic<bool> ended{false};
};

/// Four publishers, and clients of two loops and of none that come, go and resume.
class HubRaces : public ::testing::Test {
protected:
    static constexpr int messages_each = 2'000;
    static constexpr int visits_each = 400;

    void SetUp() override {
        loops.start();
        for (std::size_t i = 0; i < 12; ++i)
            join(i);
    }
    void TearDown() override {
        state.reset();
        loops.stop();
    }

    void join(std::size_t i) {
        auto socket = std::make_shared<witness>(i % 3 < 2 ? groups[i % 3] : nullptr);
        auto who = std::make_shared<detail::client>();
        who->id = "client" + std::to_string(i);
        who->socket = socket;
        ASSERT_EQ(state->admit(who), std::nullopt);
        witnesses.push_back(socket);
        clients.push_back(who);
    }

    void publish(unsigned seed) {
        std::minstd_rand random(seed);
        for (int i = 0; i < messages_each; ++i)
            state->publish(name_of(random() % channel_count), {.type = "x", .data = i}, {});
    }

    // Each visitor has clients of its own: what one client does comes from one thread, as from its session.
    void visit(std::size_t first, unsigned seed) {
        std::minstd_rand random(seed);
        for (int i = 0; i < visits_each; ++i) {
            const auto who = first + 6 * (random() % 2);
            const auto channel = random() % channel_count;
            if (state->is_subscribed(*clients[who], name_of(channel)))
                state->detach(clients[who], name_of(channel), frame(std::to_string(channel) + " 0", {}));
            else
                subscribe(who, channel, random() % 2 == 0);
            if (random() % 4 == 0)
                std::this_thread::yield();
        }
    }

    void subscribe(std::size_t who, std::size_t channel, bool resumes) {
        std::optional<position> since;
        if (resumes)
            since = position{state->rooms.find(name_of(channel))->facts()->epoch, witnesses[who]->seen[channel]};
        const auto answer = [since, channel](const position& now, std::optional<bool> recovered, const channel_facts&) {
            const auto from = recovered.value_or(false) ? since->offset : now.offset;
            return frame(std::to_string(channel) + " " + std::to_string(from + 1), {});
        };
        const auto found = state->attach(clients[who], name_of(channel), since, answer);
        resumed += found && found->recovered == true;
    }

    void wait_for_all() {
        for (const auto& each : clients)
            state->send(each, frame("end", {.control = true}));
        for (const auto& each : witnesses)
            while (!each->ended)
                std::this_thread::yield();
    }

    event_loops loops{2};
    std::array<std::shared_ptr<loop_group>, 2> groups{std::make_shared<loop_group>(loops[0].get_executor()),
                                                      std::make_shared<loop_group>(loops[1].get_executor())};
    std::shared_ptr<detail::hub_state> state = std::make_shared<detail::hub_state>(
        hub_options{.channels = {{"*", {.history = {.size = 1'000}}}}, .on = loops[0].get_executor()});
    std::vector<std::shared_ptr<witness>> witnesses;
    std::vector<std::shared_ptr<detail::client>> clients;
    std::atomic<std::size_t> resumed{0};
};

TEST_F(HubRaces, NobodyMissesOrHearsTwiceWhatItIsToldOf) {
    for (std::size_t channel = 0; channel < channel_count; ++channel)
        state->publish(name_of(channel), {.type = "x"}, {});
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; ++i)
        threads.emplace_back([this, i] { publish(i + 1); });
    for (unsigned i = 0; i < 6; ++i)
        threads.emplace_back([this, i] { visit(i, 100 + i); });
    for (auto& each : threads)
        each.join();
    wait_for_all();
    std::size_t heard = 0;
    for (const auto& each : witnesses) {
        EXPECT_EQ(each->wrong, 0u);
        heard += each->heard;
    }
    EXPECT_GT(heard, 1'000u);
    EXPECT_GT(resumed, 0u);
}

TEST_F(HubRaces, ClientsComeAndGoWhileAllIsLookedAt) {
    std::atomic<bool> done{false};
    std::thread publisher([&] {
        while (!done) {
            state->publish("channel0", {.type = "x"}, {});
            state->broadcast(frame("end", {}));
        }
    });
    std::thread reader([&] {
        while (!done) {
            for (const auto& each : state->clients.all())
                state->info_of(*each);
            for (const auto& each : state->rooms.all())
                each->info(state->time().steady());
            state->do_chores(0);
        }
    });
    std::vector<std::thread> visitors;
    for (std::size_t i = 0; i < 3; ++i)
        visitors.emplace_back([&, i] {
            for (int n = 0; n < 200; ++n) {
                auto who = std::make_shared<detail::client>();
                who->id = "visitor" + std::to_string(i * 100 + static_cast<std::size_t>(n % 3)); // some replace others
                who->socket = std::make_shared<witness>(i < 2 ? groups[i] : nullptr);
                if (state->admit(who))
                    continue;
                state->attach(who, "channel0");
                state->attach(who, "once" + std::to_string(n));
                if (n % 2 == 0)
                    state->close(who, close_code::disconnected, "");
            }
        });
    for (auto& each : visitors)
        each.join();
    done = true;
    publisher.join();
    reader.join();
    for (const auto& each : state->clients.all())
        state->close(each, close_code::disconnected, "");
    EXPECT_EQ(state->clients.size(), 0u);
}

} // namespace
} // namespace infra::realtime::tests
