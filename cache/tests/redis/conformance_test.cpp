#include "../store_conformance.hpp"
#include "support.hpp"

#include "tests/identity.hpp"
#include "tests/nodes.hpp"
#include "tests/trio.hpp"

#include <infra/runtime/event_loop.hpp>

namespace infra::cache::tests {
namespace {

// The server's time passes when the suite says so: whatever has an end is brought nearer to it. No other time counts, for in
// the suite everything lasts longer than a busy machine takes.
void pass(const redis::options& at, milliseconds d) {
    static constexpr auto nearer = R"lua(
local cursor = '0'
repeat
    local page = redis.call('SCAN', cursor)
    cursor = page[1]
    for _, key in ipairs(page[2]) do
        local left = redis.call('PTTL', key)
        if left >= 0 then redis.call('PEXPIRE', key, left - ARGV[1]) end
    end
until cursor == '0')lua";
    test_loop loop;
    const redis::client direct({loop.get_executor()}, at);
    redis::throw_if_error(loop.await(direct.execute({"EVAL", nearer, 0, d.count()})));
}

// The store lives on a loop of its own, so that the suite comes to it from elsewhere.
struct surroundings {
    surroundings() { loops.start(); }
    redis::server server;
    event_loops loops{1};
};

using way = redis::options (*)(const redis::server&);

store_subject make_subject(way to) {
    if (!redis::server::installed())
        return {.missing = redis::server::how_to_install};
    const auto around = std::make_shared<surroundings>();
    const auto make = [&] {
        return make_redis_store(patient({.server = to(around->server)}), {around->loops.next().get_executor()});
    };
    return {.surroundings = around,
            .stored = make(),
            .pass = [at = around->server.over_socket()](milliseconds d) { pass(at, d); },
            .elsewhere = make(),
            .knows_versions = false};
}

redis::options resp3(const redis::server& s) { return s.over_socket(); }
redis::options resp2(const redis::server& s) {
    auto o = s.over_tcp();
    o.protocol = 2;
    return o;
}

struct tls_surroundings {
    tls_surroundings() { loops.start(); }
    redis::identity who;
    std::uint16_t port = redis::free_port();
    redis::server server{who.words_of_a_server(port)};
    event_loops loops{1};
};

store_subject make_encrypted() {
    if (!redis::server::installed())
        return {.missing = redis::server::how_to_install};
    const auto around = std::make_shared<tls_surroundings>();
    const auto url = "rediss://127.0.0.1:" + std::to_string(around->port) + "?ca_file=" + around->who.certificate();
    const auto make = [&] {
        return make_redis_store(patient(redis_store_options_from(url)), {around->loops.next().get_executor()});
    };
    return {.surroundings = around,
            .stored = make(),
            .pass = [at = around->server.over_socket()](milliseconds d) { pass(at, d); },
            .elsewhere = make(),
            .knows_versions = false};
}

/// One for all tests of this process: it takes seconds until nodes, or sentinels, know each other.
template <class Surroundings>
class shared : public ::testing::Environment {
public:
    std::shared_ptr<Surroundings> get() {
        if (!one_)
            one_ = std::make_shared<Surroundings>();
        one_->empty();
        return one_;
    }
    void TearDown() override { one_.reset(); }

private:
    std::shared_ptr<Surroundings> one_;
};

template <class Surroundings>
shared<Surroundings>* share() {
    return static_cast<shared<Surroundings>*>(::testing::AddGlobalTestEnvironment(new shared<Surroundings>));
}

void empty(redis::test_loop& loop, const redis::server& s) {
    const redis::client direct({loop.get_executor()}, s.over_socket());
    loop.get(direct.execute<std::string>({"FLUSHALL"}));
}

struct cluster_surroundings {
    cluster_surroundings() { loops.start(); }
    void empty() {
        for (std::size_t i = 0; i < nodes.size(); ++i)
            tests::empty(loop, nodes.node(i));
    }
    redis::test_loop loop; // of the test's own questions
    redis::nodes nodes{loop};
    event_loops loops{1};
};

auto* const cluster = share<cluster_surroundings>();

store_subject make_clustered() {
    if (!redis::server::installed())
        return {.missing = redis::server::how_to_install};
    const auto around = cluster->get();
    const auto make = [&] {
        return make_redis_store(patient({.server = around->nodes.to()}), {around->loops.next().get_executor()});
    };
    return {.surroundings = around,
            .stored = make(),
            .pass =
                [nodes = &around->nodes](milliseconds d) {
                    for (std::size_t i = 0; i < nodes->size(); ++i)
                        pass(nodes->node(i).over_socket(), d);
                },
            .elsewhere = make(),
            .knows_versions = false};
}

struct sentinel_surroundings {
    sentinel_surroundings() {
        three.switch_never();
        loops.start();
    }
    void empty() { tests::empty(loop, three.master()); }
    redis::test_loop loop; // of the test's own questions
    redis::trio three{loop};
    event_loops loops{1};
};

auto* const sentinels = share<sentinel_surroundings>();

store_subject make_behind_sentinels() {
    if (!redis::server::installed())
        return {.missing = redis::server::how_to_install};
    const auto around = sentinels->get();
    const auto make = [&] {
        return make_redis_store(patient(redis_store_options_from(around->three.url())),
                                {around->loops.next().get_executor()});
    };
    return {.surroundings = around,
            .stored = make(),
            .pass = [three = &around->three](milliseconds d) { pass(three->master().over_socket(), d); },
            .elsewhere = make(),
            .knows_versions = false};
}

// What was told before has been heard once the end of a copy is that was made last.
void wait_until_heard(store& to, store& from) {
    const std::vector<std::string> mark{"mark"};
    std::string copy;
    string_reader reader(copy);
    test_loop loop;
    loop.await(from.set({{"mark", "set", forever, false}}));
    loop.until([&] {
        loop.await(to.get(mark));
        return to.try_read("mark", reader) == lookup::hit;
    });
    loop.await(from.erase(mark));
    loop.until([&] { return to.try_read("mark", reader) != lookup::hit; });
}

// Copies are kept of everything, and the suite begins once the server tells of changes.
store_subject make_with_near_cache() {
    auto subject = make_subject(resp3);
    if (!subject.stored)
        return subject;
    const auto around = std::static_pointer_cast<surroundings>(subject.surroundings);
    const redis_store_options near{.server = around->server.over_socket(), .near_cache = {.max_bytes = 1 << 20}};
    subject.stored = make_redis_store(patient(near), {around->loops.next().get_executor()});
    subject.knows_versions = true;
    test_loop loop;
    const auto heard = subject.stored->slot("heard", nesting::outermost);
    loop.until([&] {
        loop.await(subject.stored->versions(std::vector<std::string>{"heard"}));
        return heard->known.load();
    });
    subject.pass = [pass = subject.pass, to = subject.stored, from = subject.elsewhere](milliseconds d) {
        pass(d);
        wait_until_heard(*to, *from);
    };
    return subject;
}

INSTANTIATE_TEST_SUITE_P(Redis, CacheStore,
                         ::testing::Values(store_case{"Resp3OverASocket", [] { return make_subject(resp3); }},
                                           store_case{"Resp2OverTcp", [] { return make_subject(resp2); }},
                                           store_case{"Tls", make_encrypted}, store_case{"Cluster", make_clustered},
                                           store_case{"Sentinels", make_behind_sentinels},
                                           store_case{"NearCache", make_with_near_cache}),
                         store_case_name);

} // namespace
} // namespace infra::cache::tests
