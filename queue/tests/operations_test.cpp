#include "fake_backend.hpp"

namespace infra::queue::tests {
namespace {

TEST(QueueJobFilter, PicksWhatFitsEverythingSaid) {
    const job_info job{.queue = "mail",
                       .name = "welcome",
                       .state = job_state::failed,
                       .data = R"({"to":"a"})",
                       .failed_reason = "no such mailbox",
                       .created_at = t0,
                       .finished_at = t0 + 1s};
    EXPECT_TRUE(matches({}, job));
    EXPECT_TRUE(matches({.queue = "mail",
                         .states = {job_state::completed, job_state::failed},
                         .name = "welcome",
                         .data_contains = R"("to")",
                         .reason_contains = "mailbox",
                         .created_before = t0 + 1ms,
                         .finished_before = t0 + 2s},
                        job));
    for (const auto& other :
         {job_filter{.queue = "images"}, job_filter{.states = {job_state::waiting}}, job_filter{.name = "welcom"},
          job_filter{.data_contains = "b"}, job_filter{.reason_contains = "Mailbox"}, job_filter{.created_before = t0},
          job_filter{.finished_before = t0 + 1s}})
        EXPECT_FALSE(matches(other, job));
    auto waiting = job;
    waiting.finished_at.reset();
    EXPECT_FALSE(matches({.finished_before = t0 + 1h}, waiting));
}

TEST(QueueOperationsOfABackend, SayWhenTheyAreNotThere) {
    test_loop loop;
    fake_backend stored;
    EXPECT_EQ(loop.code_of(stored.history("mail", t0, t0)), infra::errc::invalid_state);
    EXPECT_EQ(loop.code_of(stored.upsert({})), infra::errc::invalid_state);
}

TEST(QueueChangesAndEvents, HaveNames) {
    EXPECT_EQ(to_string(job_change::retry), "retry");
    EXPECT_EQ(to_string(job_change::remove), "remove");
    EXPECT_EQ(to_string(job_event::kind::added), "added");
    EXPECT_EQ(to_string(job_event::kind::cancel_requested), "cancel_requested");
    EXPECT_EQ(to_string(job_event::kind::resumed), "resumed");
}

} // namespace
} // namespace infra::queue::tests
