#pragma once

// Nodes of a test over a redis-server of its own, each behind a link that can be cut.

#include "realtime/tests/broker_stage.hpp"
#include "tests/proxy.hpp"

#include <infra/realtime/redis.hpp>
#include <infra/testing/redis_server.hpp>

#include <memory>
#include <string>
#include <vector>

namespace infra::realtime {

/// How often its nodes look after things, for tests that wait for it.
inline redis_broker_options impatient(redis_broker_options o = {}) {
    o.presence_expiry = std::chrono::milliseconds(600);
    o.check_every = std::chrono::milliseconds(200);
    return o;
}

class redis_stage final : public broker_medium {
public:
    explicit redis_stage(infra::testing::test_loop& loop, redis_broker_options o = impatient(),
                         std::vector<std::string> server_options = {})
        : server(std::move(server_options), false),
          by_hand(std::vector{loop.get_executor()}, server_only()),
          loop_(loop),
          options_(std::move(o)) {}

    std::shared_ptr<broker> node(std::size_t) override {
        links.push_back(std::make_unique<redis::proxy>(loop_.get_executor(), server.socket()));
        auto o = options_;
        o.url = "unix://" + links.back()->to().socket_path;
        return make_redis_broker(o);
    }
    void cut(std::size_t n) override {
        links[n]->refusing = true;
        links[n]->cut();
    }
    void mend(std::size_t n) override { links[n]->refusing = false; }
    void forget_all() override { tell({"FLUSHALL"}); }

    /// At the server, past all links.
    template <class T>
    T ask(redis::command c) {
        return loop_.get(by_hand.execute<T>(std::move(c)));
    }
    void tell(redis::command c) { loop_.wait(by_hand.execute<void>(std::move(c))); }

    redis::options server_only() const { return redis::options_from("unix://" + server.socket()); }

    infra::testing::redis_server server;
    redis::client by_hand;
    std::vector<std::unique_ptr<redis::proxy>> links;

private:
    infra::testing::test_loop& loop_;
    redis_broker_options options_;
};

} // namespace infra::realtime
