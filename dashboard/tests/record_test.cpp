#include "src/record.hpp"

#include <infra/testing/captured_telemetry.hpp>

#include <gtest/gtest.h>

namespace infra::dashboard {
namespace {

done retry(int status, std::string path = "/queues/mail/retry") {
    return {
        .by = {"link", "127.0.0.1"}, .what = "retry jobs", .method = "POST", .path = std::move(path), .status = status};
}

TEST(Record, LogsAndCountsWhatWasDone) {
    testing::captured_telemetry told("dashboard_");
    record all(10);
    all.add(retry(200));
    all.add(retry(403));
    all.add(retry(503));
    all.add(retry(204));
    EXPECT_EQ(told.counted("dashboard_actions_total action=retry jobs outcome=done"), 2);
    EXPECT_EQ(told.counted("dashboard_actions_total action=retry jobs outcome=refused"), 1);
    EXPECT_EQ(told.counted("dashboard_actions_total action=retry jobs outcome=failed"), 1);
    EXPECT_NE(told.everything().find("log: action action=retry jobs who=link remote=127.0.0.1"), std::string::npos)
        << told.everything();
}

TEST(Record, ShowsTheNewestFirstPageByPage) {
    record all(3);
    for (int i = 0; i < 5; ++i)
        all.add(retry(200, "/" + std::to_string(i)));
    const auto first = all.before(0, 2);
    ASSERT_EQ(first.items.size(), 2u);
    EXPECT_EQ(first.items[0].at("path"), "/4");
    EXPECT_EQ(first.items[1].at("path"), "/3");
    const auto rest = all.before(first.next, 2);
    ASSERT_EQ(rest.items.size(), 1u) << "three are kept";
    EXPECT_EQ(rest.items[0].at("path"), "/2");
    EXPECT_EQ(rest.next, 0u);
    EXPECT_EQ(all.how_far().entries, 3u);
}

TEST(Record, KeepsNoneWhereNoneIsWanted) {
    record none(0);
    none.add(retry(200));
    EXPECT_TRUE(none.before(0, 10).items.empty());
}

TEST(Record, CutsLongPaths) {
    record all(1);
    all.add(retry(200, "/" + std::string(5000, 'x')));
    EXPECT_LT(all.before(0, 1).items[0].at("path").as_string().size(), 600u);
}

} // namespace
} // namespace infra::dashboard
