#include "hub_fixture.hpp"

#include <infra/testing/background_conformance.hpp>

#include <atomic>
#include <thread>

namespace infra::realtime::tests {
namespace {

using namespace std::chrono_literals;

TEST(HubLife, ClosesItsClientsWhenTheLastCopyGoes) {
    testing::test_loop loop;
    const auto alone = std::make_shared<recording>();
    const auto grouped = std::make_shared<recording>(std::make_shared<recording_group>(loop.get_executor()));
    {
        std::optional<hub> one;
        one.emplace();
        const auto other = *one;
        one->register_client("alone", alone);
        one->register_client("grouped", grouped);
        one.reset();
        EXPECT_FALSE(alone->closed);
    }
    EXPECT_EQ(alone->closed, close_code::going_away);
    loop.settle();
    EXPECT_EQ(grouped->closed, close_code::going_away);
}

TEST(HubLife, DoesNotMindALoopThatHasGone) {
    hub one;
    auto loop = std::make_unique<testing::test_loop>();
    const auto anna = std::make_shared<recording>(std::make_shared<recording_group>(loop->get_executor()));
    one.register_client("anna", anna);
    one.subscribe("room", "anna");
    loop.reset();
    one.publish("room", {.type = "x"});
    one.disconnect("anna");
    EXPECT_TRUE(anna->received.empty());
}

TEST(HubLife, StoppedTakesNobodyInAndTellsWhoIsLeftWhenToComeBack) {
    testing::test_loop loop;
    hub one({.on = loop.get_executor()});
    const auto anna = std::make_shared<recording>();
    one.register_client("anna", anna);
    const auto running = loop.spawn(one.run());
    loop.wait(one.stop());
    loop.until([&] { return running->done(); });
    EXPECT_EQ(running->what(), "");
    EXPECT_EQ(anna->closed, close_code::shutdown);
    EXPECT_LT(std::stoi(anna->why), 2'000);
    EXPECT_THROW(one.register_client("bert", std::make_shared<recording>()), infra::error);
    EXPECT_EQ(one.publish("room", {.type = "x"}).subscribers, 0u);
}

TEST(HubLife, LeavesNobodyInWhoComesWhileItIsStopped) {
    for (int round = 0; round < 20; ++round) {
        testing::test_loop loop;
        hub one({.on = loop.get_executor()});
        std::atomic<int> came{0};
        std::thread coming([&] {
            try {
                while (true)
                    one.register_client(std::to_string(++came), std::make_shared<recording>());
            } catch (const infra::error&) { // the hub has been stopped
            }
        });
        while (came < 10)
            std::this_thread::yield();
        loop.wait(one.stop());
        coming.join();
        EXPECT_TRUE(one.get_connected_clients().empty());
    }
}

TEST(HubLife, IsNotNeededByWhatIsAwaitedLater) {
    testing::test_loop loop;
    const auto copy = [kept = hub({.channels = {{"*", {.history = {.size = 1}}}}, .on = loop.get_executor()})] {
        return kept; // a temporary, as default_hub() gives
    };
    std::string heard;
    copy().on_message([&](client_id from, message m) { heard = from + " " + m.type; });
    loop.wait(copy().dispatch_message("anna", {.type = "said"}));
    EXPECT_EQ(heard, "anna said");
    EXPECT_EQ(loop.run(copy().request("nobody", {.type = "x"}))->code(), make_error_code(errc::no_client));
    EXPECT_EQ(loop.get(copy().publish_confirmed("room", {.type = "x"})).at.offset, 1u);
    EXPECT_EQ(loop.get(copy().history("room")).messages.size(), 1u);
    EXPECT_TRUE(loop.get(copy().presence("room")).empty());
    EXPECT_EQ(loop.get(copy().count_present("room")).users, 0u);
    loop.wait(copy().stop());
}

TEST(HubLife, OfTheDefaultOneBeginsAnewWhereItIsReplaced) {
    const auto anna = std::make_shared<recording>();
    set_default_hub(hub());
    register_client("anna", anna);
    EXPECT_EQ(get_client("anna"), anna);
    set_default_hub(hub());
    EXPECT_EQ(anna->closed, close_code::going_away);
    EXPECT_TRUE(get_connected_clients().empty());
}

} // namespace
} // namespace infra::realtime::tests

namespace infra::testing {
namespace {

background_subject make_hub(executor ex) {
    auto subject = std::make_shared<realtime::hub>(realtime::hub_options{
        .channels = {{"*", {.history = {.size = 10, .age = std::chrono::milliseconds(1)}}}}, .on = ex});
    return {.object = subject,
            .run = [h = subject.get()] { return h->run(); },
            .stop = [h = subject.get()](deadline d) { return h->stop(d); },
            .make_busy = [h = subject.get(), ex]() -> awaitable<void> {
                h->register_client("slow", std::make_shared<realtime::tests::recording>(
                                               std::make_shared<realtime::tests::recording_group>(ex)));
                h->subscribe("room", "slow");
                for (int i = 0; i < 100; ++i)
                    h->publish("room", {.type = "x"});
                co_return;
            }};
}

INSTANTIATE_TEST_SUITE_P(Hub, BackgroundConformance,
                         ::testing::Values(background_case{.name = "hub", .make = make_hub}), background_name);

} // namespace
} // namespace infra::testing
