#include <infra/queue/options.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <stdexcept>

namespace infra::queue {
namespace {

using namespace std::chrono_literals;

std::string refusal(const std::function<void()>& check) {
    try {
        check();
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return "accepted";
}

TEST(QueueOptions, NamesTheStates) {
    EXPECT_EQ(to_string(job_state::waiting), "waiting");
    EXPECT_EQ(to_string(job_state::delayed), "delayed");
    EXPECT_EQ(to_string(job_state::active), "active");
    EXPECT_EQ(to_string(job_state::completed), "completed");
    EXPECT_EQ(to_string(job_state::failed), "failed");
}

TEST(QueueOptions, AcceptsReasonableIds) {
    for (const auto* id :
         {"a", "order-17", "0190b5a0-7c3e-7000-8000-000000000000", "17a", "ünïcödé", "with space", "metadata", "0x"})
        EXPECT_EQ(refusal([&] { check_job_id(id); }), "accepted") << id;
    EXPECT_EQ(refusal([] { check_job_id(std::string(200, 'x')); }), "accepted");
}

TEST(QueueOptions, RefusesIdsThatBullMqKeepsForItselfOrNobodyCanRead) {
    const std::string what = "queue::enqueue_options::id ";
    const struct {
        std::string id, why;
    } cases[] = {
        {"", "must have 1 to 200 bytes"},
        {std::string(201, 'x'), "must have 1 to 200 bytes"},
        {"17", "must not be a number alone: those are given out by BullMQ"},
        {"0:17", "must not contain a colon"},
        {"repeat:x:5", "must not contain a colon"},
        {"meta", "must not be the name of a BullMQ key, such as \"meta\""},
        {"stalled-check", "must not be the name of a BullMQ key, such as \"meta\""},
        {" a", "must be printable, without spaces around it"},
        {"a ", "must be printable, without spaces around it"},
        {"a\nb", "must be printable, without spaces around it"},
        {std::string("a\0b", 3), "must be printable, without spaces around it"},
        {"a\x7f", "must be printable, without spaces around it"},
        {"caf\xe9", "must be printable, without spaces around it"},
        {"cut \xf0\x9f\x90", "must be printable, without spaces around it"},
    };
    for (const auto& each : cases)
        EXPECT_EQ(refusal([&] { check_job_id(each.id); }), what + each.why) << each.id;
}

TEST(QueueOptions, RefusesNamesThatNoKeyCanHold) {
    EXPECT_EQ(refusal([] { check_name("job_definition::name", "send-mail"); }), "accepted");
    EXPECT_EQ(refusal([] { check_name("job_definition::name", ""); }),
              "queue::job_definition::name must have 1 to 100 bytes");
    EXPECT_EQ(refusal([] { check_name("x", std::string(101, 'x')); }), "queue::x must have 1 to 100 bytes");
    EXPECT_EQ(refusal([] { check_name("x", "a:b"); }), "queue::x must not contain a colon");
    EXPECT_EQ(refusal([] { check_name("x", "caf\xe9"); }), "queue::x must be printable, without spaces around it");
    EXPECT_EQ(refusal([] { check_name("x", "a\tb"); }), "queue::x must be printable, without spaces around it");
}

TEST(QueueOptions, NamesTheOptionThatIsOutOfRange) {
    const auto job = [](job_options o) { return refusal([&] { check(o, "job_definition"); }); };
    EXPECT_EQ(job({}), "accepted");
    EXPECT_EQ(job({.attempts = 0}), "queue::job_definition::attempts must be from 1 to 1000000");
    EXPECT_EQ(job({.attempts = 1'000'001}), "queue::job_definition::attempts must be from 1 to 1000000");
    EXPECT_EQ(job({.timeout = 0ms}), "queue::job_definition::timeout must be positive");
    EXPECT_EQ(job({.priority = -1}), "queue::job_definition::priority must be from 0 to 2097151");
    EXPECT_EQ(job({.priority = 2'097'152}), "queue::job_definition::priority must be from 0 to 2097151");
    EXPECT_EQ(job({.backoff = {.delay = -1ms}}), "queue::job_definition::backoff.delay must not be negative");
    EXPECT_EQ(job({.backoff = {.jitter = 2}}), "queue::job_definition::backoff.jitter must be between 0 and 1");
    EXPECT_EQ(job({.keep_failed = {.age = -1s}}), "queue::job_definition::keep_failed must not have a negative age");

    const auto call = [](enqueue_options o) { return refusal([&] { check(o); }); };
    EXPECT_EQ(call({.delay = 24h}), "accepted");
    EXPECT_EQ(call({.run_at = wall_time{}}), "accepted");
    EXPECT_EQ(call({.delay = -1ms}), "queue::enqueue_options::delay must not be negative");
    EXPECT_EQ(call({.delay = 1ms, .run_at = wall_time{}}),
              "queue::enqueue_options takes a delay or a run_at, not both");
    EXPECT_EQ(call({.id = "17"}).substr(0, 27), "queue::enqueue_options::id ");
    EXPECT_EQ(call({.queue = "a:b"}), "queue::enqueue_options::queue must not contain a colon");
}

} // namespace
} // namespace infra::queue
