// The client in the suite for all that works in the background.

#include <infra/redis.hpp>

#include "tests/proxy.hpp"
#include "tests/support.hpp"

#include <infra/runtime/event_loop.hpp>
#include <infra/testing/background_conformance.hpp>

#include <gtest/gtest.h>

namespace infra::redis {

/// Answers the greeting and nothing else, on a loop of its own: the suite wants the client's loop for the client alone.
struct far_end {
    far_end() { loop.start(); }
    ~far_end() { loop.stop(); }

    event_loop loop;
    impostor silent{loop.get_executor(), hello_answer};
};

// Does not keep the client alive while the command is under way.
std::optional<awaitable<reply>> begin_to_ask(const std::weak_ptr<client>& redis) {
    const auto alive = redis.lock();
    return alive ? std::optional(alive->execute(command{"PING"}, deadline::after(50ms))) : std::nullopt;
}

awaitable<void> ask_until_closed(std::weak_ptr<client> redis) {
    while (auto asking = begin_to_ask(redis)) {
        try {
            co_await std::move(*asking);
        } catch (const error& e) {
            if (e.code() == infra::errc::closed)
                co_return;
        }
    }
}

using occupation = awaitable<void> (*)(client&, executor);

awaitable<void> turn_for_a_while(executor ex) {
    asio::steady_timer rest(ex, 50ms);
    co_await rest.async_wait(asio::use_awaitable);
}

awaitable<void> hold_a_command(client& redis, executor ex) {
    asio::co_spawn(ex, redis.execute({"GET", "k"}, deadline::never()), [](std::exception_ptr, reply) {});
    co_await turn_for_a_while(ex);
}

awaitable<void> hold_a_blocking_command(client& redis, executor ex) {
    asio::co_spawn(ex, redis.execute({"BLPOP", "k", 0}, deadline::never()), [](std::exception_ptr, reply) {});
    co_await turn_for_a_while(ex);
}

awaitable<void> hold_a_subscription(client& redis, executor ex) {
    asio::co_spawn(ex, redis.subscribe({.channels = {"c"}}, deadline::never()),
                   [](std::exception_ptr, subscription) {});
    co_await turn_for_a_while(ex);
}

testing::background_subject make_subject(executor ex, occupation busy, const options& to,
                                         std::shared_ptr<void> surroundings = nullptr) {
    const auto redis = std::make_shared<client>(std::vector{ex}, to);
    auto* const raw = redis.get();
    return {.object = redis,
            .run = [weak = std::weak_ptr(redis)] { return ask_until_closed(weak); },
            .stop = [raw](deadline d) { return raw->stop(d); },
            .make_busy = [raw, ex, busy] { return busy(*raw, ex); },
            .surroundings = std::move(surroundings)};
}

testing::background_subject make_subject(executor ex, occupation busy, bool anybody_there = true) {
    const auto surroundings = std::make_shared<far_end>();
    auto to = surroundings->silent.to();
    if (!anybody_there)
        to.socket_path += "-nobody";
    return make_subject(std::move(ex), busy, to, surroundings);
}

options cluster_of_nobody() {
    return {.cluster = cluster_options{.seeds = {{.host = "127.0.0.1", .port = free_port()}}}};
}

options sentinels_of_nobody() {
    return {.sentinel = sentinel_options{.sentinels = {{.host = "127.0.0.1", .port = free_port()}}, .master = "shop"}};
}

} // namespace infra::redis

namespace infra::testing {
namespace {

using redis::make_subject;

INSTANTIATE_TEST_SUITE_P(
    RedisClient, BackgroundConformance,
    ::testing::Values(
        background_case{.name = "HoldingACommand",
                        .make = [](executor ex) { return make_subject(ex, redis::hold_a_command); }},
        background_case{.name = "HoldingABlockingCommand",
                        .make = [](executor ex) { return make_subject(ex, redis::hold_a_blocking_command); }},
        background_case{.name = "HoldingASubscription",
                        .make = [](executor ex) { return make_subject(ex, redis::hold_a_subscription); }},
        background_case{.name = "WithoutAServer",
                        .make = [](executor ex) { return make_subject(ex, redis::hold_a_command, false); }},
        background_case{
            .name = "WithoutACluster",
            .make = [](executor ex) { return make_subject(ex, redis::hold_a_command, redis::cluster_of_nobody()); }},
        background_case{
            .name = "HoldingASubscriptionWithoutACluster",
            .make =
                [](executor ex) { return make_subject(ex, redis::hold_a_subscription, redis::cluster_of_nobody()); }},
        background_case{
            .name = "WithoutSentinels",
            .make = [](executor ex) { return make_subject(ex, redis::hold_a_command, redis::sentinels_of_nobody()); }}),
    background_name);

} // namespace
} // namespace infra::testing
