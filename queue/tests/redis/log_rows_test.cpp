#include "src/redis/log_rows.hpp"

#include "tests/support.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using queue::tests::t0;
using namespace std::chrono_literals;

TEST(QueueRedisLogRows, BeginWithTheirTime) {
    EXPECT_EQ(to_row({t0 + 1ms, "the mailbox is full"}), "2026-01-01T00:00:00.001Z the mailbox is full");
    EXPECT_EQ(to_row({t0, ""}), "2026-01-01T00:00:00.000Z ");
}

TEST(QueueRedisLogRows, AreReadAsTheyWereWritten) {
    for (const auto& line : {log_line{t0 + 7ms, "one"}, {t0, ""}, {t0, " two\nlines"}})
        EXPECT_EQ(read_row(to_row(line)), line);
}

TEST(QueueRedisLogRows, OfOthersHaveNoTime) {
    for (const auto* row : {"", "one", "2026-01-01T00:00:00.000Z", "2026-13-01T00:00:00.000Z one",
                            "2026-01-01T00:00:00.000Zone", "at 2026-01-01T00:00:00.000Z it was full"})
        EXPECT_EQ(read_row(row), (log_line{.text = row}));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
