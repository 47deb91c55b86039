#include "../../src/hub/registry.hpp"
#include "recording.hpp"

#include <gtest/gtest.h>

namespace infra::realtime::tests {
namespace {

using detail::address_group;
using detail::client;

std::shared_ptr<client> make(const std::string& id, const std::string& user = {}, const std::string& address = {}) {
    auto made = std::make_shared<client>();
    made->id = id;
    made->socket = std::make_shared<recording>();
    made->who = std::make_shared<const identity>(identity{.user = user});
    made->address = address;
    return made;
}

TEST(Registry, CountsAnIpv6AddressWithItsNetwork) {
    EXPECT_EQ(address_group("192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(address_group("2001:db8:1:2:3:4:5:6"), "20010db800010002/64");
    EXPECT_EQ(address_group("2001:db8:1:2::1"), "20010db800010002/64");
    EXPECT_NE(address_group("2001:db8:1:3::1"), address_group("2001:db8:1:2::1"));
    EXPECT_EQ(address_group("::ffff:192.0.2.7"), "192.0.2.7") << "the same host over another socket";
    EXPECT_EQ(address_group("@test"), "@test");
    EXPECT_EQ(address_group(""), "");
}

TEST(Registry, TakesNoMoreThanEachLimitAllows) {
    detail::registry subject;
    const hub_limits limits{.max_clients = 5, .max_clients_per_user = 2, .max_clients_per_address = 3};
    EXPECT_EQ(subject.add(make("1", "anna", "192.0.2.1"), limits), std::nullopt);
    EXPECT_EQ(subject.add(make("1", "", ""), limits), close_code::replaced);
    EXPECT_EQ(subject.add(make("2", "anna", "192.0.2.1"), limits), std::nullopt);
    EXPECT_EQ(subject.add(make("3", "anna", "192.0.2.2"), limits), close_code::too_many_connections);
    EXPECT_EQ(subject.add(make("3", "bert", "192.0.2.1"), limits), std::nullopt);
    EXPECT_EQ(subject.add(make("4", "", "192.0.2.1"), limits), close_code::too_many_connections);
    EXPECT_EQ(subject.add(make("4"), limits), std::nullopt);
    EXPECT_EQ(subject.add(make("5"), limits), std::nullopt) << "nobody in particular has no limit of a user";
    EXPECT_EQ(subject.add(make("6"), limits), close_code::try_again_later);
    EXPECT_EQ(subject.size(), 5u);
    for (const auto* id : {"1", "2", "3", "4", "5"})
        EXPECT_TRUE(subject.remove(subject.find(id))) << id;
    EXPECT_EQ(subject.size(), 0u);
    for (const auto* id : {"1", "2"}) // what was refused has left nothing behind, either
        EXPECT_EQ(subject.add(make(id, "anna", "192.0.2.1"), limits), std::nullopt);
}

TEST(Registry, LetsWhatIsToBeReplacedKeepNobodyOut) {
    detail::registry subject;
    const hub_limits full{.max_clients = 2, .max_clients_per_user = 1, .max_clients_per_address = 1};
    EXPECT_EQ(subject.add(make("1", "anna", "192.0.2.1"), full), std::nullopt);
    EXPECT_EQ(subject.add(make("2"), full), std::nullopt);
    EXPECT_EQ(subject.add(make("3"), full), close_code::try_again_later);
    EXPECT_EQ(subject.add(make("1", "anna", "192.0.2.1"), full), close_code::replaced);
    hub_limits wide = full;
    wide.max_clients = 10;
    EXPECT_EQ(subject.add(make("1", "anna", "192.0.2.1"), wide), close_code::replaced);
    EXPECT_EQ(subject.add(make("1", "anna", "192.0.2.9"), wide), close_code::replaced);
    EXPECT_EQ(subject.add(make("2", "anna"), wide), close_code::too_many_connections) << "that one is not anna's";
    EXPECT_EQ(subject.add(make("2", "", "192.0.2.1"), wide), close_code::too_many_connections);
    EXPECT_EQ(subject.size(), 2u);
}

TEST(Registry, GivesAPageInTheOrderOfIds) {
    detail::registry subject;
    for (int i = 100; i < 200; ++i)
        subject.add(make(std::to_string(i)), {});
    const auto ids = [&](std::string_view after, std::size_t limit) {
        strings out;
        for (const auto& each : subject.page(after, limit))
            out.push_back(each->id);
        return out;
    };
    EXPECT_EQ(ids({}, 3), (strings{"100", "101", "102"}));
    EXPECT_EQ(ids("150", 2), (strings{"151", "152"}));
    EXPECT_EQ(ids("1505", 1), (strings{"151"}));
    EXPECT_EQ(ids("197", 10), (strings{"198", "199"}));
    EXPECT_EQ(ids("199", 10), strings{});
    EXPECT_EQ(ids({}, 0), strings{});
    EXPECT_EQ(ids({}, 1'000).size(), 100u);
}

TEST(Registry, RemovesAClientAndNoOtherOfItsName) {
    detail::registry subject;
    const auto old = make("anna");
    subject.add(old, {});
    EXPECT_TRUE(subject.remove(old));
    const auto fresh = make("anna");
    subject.add(fresh, {});
    EXPECT_FALSE(subject.remove(old));
    EXPECT_EQ(subject.find("anna"), fresh);
}

TEST(Registry, KnowsAUsersConnectionsAfterItHasSaidWhoItIs) {
    detail::registry subject;
    const auto one = make("1"), two = make("2", "anna");
    subject.add(one, {});
    subject.add(two, {});
    EXPECT_TRUE(subject.set_identity(one, {.user = "anna", .info = 1}, 2));
    EXPECT_EQ(subject.of_user("anna").size(), 2u);
    EXPECT_TRUE(subject.set_identity(one, {.user = "anna", .info = 2}, 2)) << "no more of them than before";
    const auto three = make("3");
    subject.add(three, {});
    EXPECT_FALSE(subject.set_identity(three, {.user = "anna"}, 2));
    EXPECT_EQ(three->who->user, "");
    EXPECT_TRUE(subject.set_identity(two, {}, 2));
    EXPECT_EQ(subject.of_user("anna").size(), 1u);
    subject.remove(one);
    EXPECT_TRUE(subject.of_user("anna").empty());
}

} // namespace
} // namespace infra::realtime::tests
