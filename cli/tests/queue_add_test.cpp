#include "src/queue_add.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace infra::cli {
namespace {

using namespace std::chrono_literals;

TEST(AddWords, BecomeOptions) {
    const auto options = enqueue_options_from({.queue = "mail",
                                               .delay = "5m",
                                               .id = "welcome-7",
                                               .backoff = "1s",
                                               .job_timeout = "30s",
                                               .ttl = "1h",
                                               .deduplicate = "user-7",
                                               .priority = 3,
                                               .attempts = 4});
    EXPECT_EQ(options.queue, "mail");
    EXPECT_EQ(options.delay, 5min);
    EXPECT_EQ(options.id, "welcome-7");
    EXPECT_EQ(options.backoff, queue::exponential(1s));
    EXPECT_EQ(options.timeout, 30s);
    EXPECT_EQ(options.ttl, 1h);
    EXPECT_EQ(options.deduplicate->id, "user-7");
    EXPECT_EQ(options.priority, 3);
    EXPECT_EQ(options.attempts, 4);
    EXPECT_FALSE(enqueue_options_from({.queue = "mail"}).backoff);
    EXPECT_THROW(enqueue_options_from({.delay = "soon"}), std::invalid_argument);
}

TEST(LineReader, NumbersLinesAndBoundsThem) {
    std::istringstream in("one\r\n\ntoo long\nlast");
    line_reader lines(in, 4);
    EXPECT_EQ(lines.next()->text, "one");
    EXPECT_EQ(lines.next()->text, "");
    const auto third = lines.next();
    EXPECT_EQ(third->number, 3u);
    EXPECT_EQ(third->text, "too ");
    EXPECT_TRUE(third->too_long);
    EXPECT_EQ(lines.next()->text, "last");
    EXPECT_FALSE(lines.next());
}

TEST(NextBatch, NamesTheLinesThatAreNoJobs) {
    std::istringstream in("{\"a\":1}\n\nnonsense\n[2]\n" + std::string((1 << 20) + 1, ' ') + "x\n");
    line_reader lines(in, 1 << 20);
    const auto batch = next_batch(lines);
    ASSERT_EQ(batch.jobs.size(), 2u);
    EXPECT_EQ(batch.jobs[1].at(0).as_int64(), 2);
    EXPECT_EQ(batch.first, 1u);
    EXPECT_EQ(batch.last, 5u);
    ASSERT_EQ(batch.bad.size(), 2u);
    EXPECT_EQ(batch.bad[0].number, 3u);
    EXPECT_EQ(batch.bad[1].number, 5u);
    EXPECT_EQ(batch.bad[1].problem, "it has more than 1 MiB");
    EXPECT_TRUE(next_batch(lines).empty());
}

TEST(NextBatch, HasAThousandJobsAtMost) {
    std::string text;
    for (int i = 0; i < 1001; ++i)
        text += std::to_string(i) + "\n";
    std::istringstream in(text);
    line_reader lines(in, 100);
    EXPECT_EQ(next_batch(lines).jobs.size(), 1000u);
    EXPECT_EQ(next_batch(lines).first, 1001u);
}

} // namespace
} // namespace infra::cli
