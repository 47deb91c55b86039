#include "src/later/outcome.hpp"

#include <gtest/gtest.h>

namespace infra::email {
namespace {

using namespace std::chrono_literals;

send_error failed(boost::system::error_code code, bool retryable, bool uncertain) {
    return {code, "it failed", {.name = "word", .retryable = retryable, .uncertain = uncertain}};
}

TEST(LaterOutcome, FollowsFromTheFailureAndWhatIsKnownOfKeys) {
    const auto down = failed(infra::errc::unavailable, true, false);
    const auto refused = failed(errc::refused, false, false);
    const auto lost = failed(infra::errc::timed_out, true, true);
    const auto refused_then = failed(errc::refused, false, true); // an earlier attempt's answer was lost
    const auto reused = failed(errc::key_reused, false, false);
    struct row {
        send_error why;
        bool key_is_ours, keeps_keys;
        outcome then;
    };
    const row table[] = {
        {down, true, true, outcome::try_again},          {down, true, false, outcome::try_again},
        {refused, true, true, outcome::give_up},         {refused, true, false, outcome::give_up},
        {lost, true, true, outcome::try_again},          {lost, false, true, outcome::try_again},
        {lost, true, false, outcome::may_be_out},        {lost, false, false, outcome::may_be_out},
        {refused_then, true, true, outcome::may_be_out}, {refused_then, true, false, outcome::may_be_out},
        {reused, true, true, outcome::was_sent_then},    {reused, false, true, outcome::give_up},
    };
    for (const auto& [why, key_is_ours, keeps_keys, then] : table)
        EXPECT_EQ(outcome_of(why, key_is_ours, keeps_keys), then)
            << why.code() << " ours " << key_is_ours << " keeps " << keeps_keys;
}

TEST(LaterOutcome, WaitsAsLongAsTheProviderAsks) {
    const send_error in_a_minute(infra::errc::overloaded, "s", {.retryable = true, .retry_after = 60s});
    EXPECT_EQ(pause_after(in_a_minute, exponential(10s), 1, 1), 60s);
    EXPECT_EQ(pause_after(in_a_minute, exponential(10s), 4, 1), 80s);
    EXPECT_EQ(pause_after(failed(infra::errc::unavailable, true, false), exponential(10s), 2, 1), 20s);
}

TEST(LaterOutcome, NamesAJobInAKeyOfBoundedLength) {
    EXPECT_EQ(key_of_job("deliver-email", "17"), "job:deliver-email/17");
    const std::string queue(100, 'q'), id(200, 'i');
    const auto hashed = key_of_job(queue, id);
    EXPECT_LE(hashed.size(), 256u);
    EXPECT_EQ(hashed, key_of_job(queue, id));
    EXPECT_NE(hashed, key_of_job(queue, id.substr(1) + "j"));
}

} // namespace
} // namespace infra::email
