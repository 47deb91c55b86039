#include "src/event_stream/places.hpp"

#include <gtest/gtest.h>

namespace infra::realtime::event_stream {
namespace {

TEST(WantedChannels, AreThoseOfTheQueryWithTheirTokens) {
    const auto wanted =
        wanted_channels("channel=room%3A1&x=1&channel=orders:17&token=v1.abc&channel=room:1&token=no&channel=a+b");
    ASSERT_EQ(wanted.size(), 3u);
    EXPECT_EQ(wanted[0].name, "room:1");
    EXPECT_EQ(wanted[0].token, "");
    EXPECT_EQ(wanted[1].name, "orders:17");
    EXPECT_EQ(wanted[1].token, "v1.abc");
    EXPECT_EQ(wanted[2].name, "a b");
    EXPECT_TRUE(wanted_channels("").empty());
    EXPECT_TRUE(wanted_channels("token=x&&=&channel").size() == 1);
}

TEST(Places, ComeBackAsTheyWere) {
    const auto channels = wanted_channels("channel=a&channel=b&channel=c");
    places before(channels, "");
    EXPECT_EQ(before.to_id(), "");
    before.move("a", {"e.1,x", 7});
    before.move("c", {"e2", 0});
    before.move("unknown", {"e3", 1});
    EXPECT_EQ(before.to_id(), "e.1%2Cx.7,,e2.0");
    const places after(channels, before.to_id());
    EXPECT_EQ(after.of("a"), (position{"e.1,x", 7}));
    EXPECT_EQ(after.of("b"), std::nullopt);
    EXPECT_EQ(after.of("c"), (position{"e2", 0}));
    EXPECT_EQ(after.to_id(), before.to_id());
}

TEST(Places, KnowNothingOfWhatTheyHaveNotSaid) {
    const auto channels = wanted_channels("channel=a&channel=b");
    for (const std::string_view id :
         {"x", "x.1", "x.1,y.2,z.3", ".1,.2", "x.,y.", "x.1z,y.-1", "%zz.1,%.2", "x.99999999999999999999,"}) {
        const places p(channels, id);
        EXPECT_EQ(p.of("a"), std::nullopt) << id;
        EXPECT_EQ(p.of("b"), std::nullopt) << id;
    }
}

} // namespace
} // namespace infra::realtime::event_stream
