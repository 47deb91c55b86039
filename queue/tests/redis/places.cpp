#include "places.hpp"

#include "tests/identity.hpp"
#include "tests/nodes.hpp"
#include "tests/trio.hpp"

#include <infra/redis.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace infra::queue::redis_backend::tests {
namespace {

void empty(redis::test_loop& loop, const redis::server& s) {
    const redis::client direct({loop.get_executor()}, s.over_socket());
    loop.get(direct.execute<std::string>({"FLUSHALL"}));
}

struct encrypted_server {
    redis::test_loop loop;
    redis::identity who;
    std::uint16_t port = redis::free_port();
    redis::server server{who.words_of_a_server(port)};
};

struct sentinels {
    sentinels() { three.switch_never(); }
    redis::test_loop loop;
    redis::trio three{loop};
};

struct cluster {
    redis::test_loop loop;
    redis::nodes nodes{loop};
};

/// Made when it is first asked for, and ended before the process is.
template <class T>
class shared : public ::testing::Environment {
public:
    static T& get() {
        static auto* const one = static_cast<shared*>(::testing::AddGlobalTestEnvironment(new shared));
        if (!one->made_)
            one->made_ = std::make_unique<T>();
        return *one->made_;
    }
    void TearDown() override { made_.reset(); }

private:
    std::unique_ptr<T> made_;
};

} // namespace

place encrypted() {
    auto& there = shared<encrypted_server>::get();
    empty(there.loop, there.server);
    return {.to = redis::options_from("rediss://127.0.0.1:" + std::to_string(there.port) +
                                      "?ca_file=" + there.who.certificate())};
}

place behind_sentinels() {
    auto& there = shared<sentinels>::get();
    empty(there.loop, there.three.master());
    return {.to = redis::options_from(there.three.url())};
}

place in_a_cluster() {
    auto& there = shared<cluster>::get();
    for (std::size_t i = 0; i < there.nodes.size(); ++i)
        empty(there.loop, there.nodes.node(i));
    return {.to = there.nodes.to(), .prefix = "{bull}"};
}

} // namespace infra::queue::redis_backend::tests
