#include <infra/base/time.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace infra {
namespace {

using namespace std::chrono_literals;

constexpr steady_time epoch{};

TEST(SaturatingAdd, AddsWhatFits) {
    EXPECT_EQ(saturating_add(epoch + 1s, 500ms), epoch + 1500ms);
    EXPECT_EQ(saturating_add(epoch + 1s, -3s), epoch - 2s);
}

TEST(SaturatingAdd, StopsAtTheEndsOfTheClock) {
    EXPECT_EQ(saturating_add(epoch + 1s, std::chrono::nanoseconds::max()), steady_time::max());
    EXPECT_EQ(saturating_add(epoch + 1s, std::chrono::hours::max()), steady_time::max());
    EXPECT_EQ(saturating_add(epoch - 1s, std::chrono::nanoseconds::min()), steady_time::min());
    EXPECT_EQ(saturating_add(epoch, std::chrono::years(300'000)), steady_time::max());
}

TEST(SaturatingAdd, NeverStaysNever) {
    EXPECT_EQ(saturating_add(steady_time::max(), -1h), steady_time::max());
    EXPECT_EQ(saturating_add(steady_time::min(), 1h), steady_time::min());
}

TEST(SaturatingSub, StopsAtTheEndsOfTheDuration) {
    EXPECT_EQ(saturating_sub(epoch + 3s, epoch + 1s), 2s);
    EXPECT_EQ(saturating_sub(steady_time::max(), steady_time::min()), steady_time::duration::max());
    EXPECT_EQ(saturating_sub(steady_time::min(), steady_time::max()), steady_time::duration::min());
}

TEST(Deadline, PassesAtItsTime) {
    const auto d = deadline::after(10ms, epoch);
    EXPECT_FALSE(d.passed(epoch + 9ms));
    EXPECT_TRUE(d.passed(epoch + 10ms));
    EXPECT_EQ(d.remaining(epoch + 4ms), 6ms);
    EXPECT_EQ(d.remaining(epoch + 1h), 0ns);
}

TEST(Deadline, NeverNeverPasses) {
    EXPECT_FALSE(deadline::never().passed(steady_time::max()));
    EXPECT_EQ(deadline::never().remaining(epoch), std::chrono::nanoseconds::max());
    EXPECT_TRUE(deadline::after(std::chrono::nanoseconds::max(), epoch + 1s).is_never());
}

TEST(Deadline, IsNeverForWhatNanosecondsCannotHold) {
    EXPECT_TRUE(deadline::after(std::chrono::milliseconds::max(), epoch).is_never());
    EXPECT_TRUE(deadline::after(std::chrono::hours::max(), epoch).is_never());
    EXPECT_TRUE(deadline::after(std::chrono::milliseconds::min(), epoch).passed(epoch));
}

TEST(Deadline, IsPassedAtOnceForNegativeDurations) { EXPECT_TRUE(deadline::after(-1s, epoch).passed(epoch)); }

TEST(Deadline, EarlierOfTwoIsTheOneThatBinds) {
    EXPECT_EQ(earlier(deadline(epoch + 1s), deadline(epoch + 2s)), deadline(epoch + 1s));
    EXPECT_EQ(earlier(deadline::never(), deadline(epoch)), deadline(epoch));
}

TEST(UnixMilliseconds, RoundDownAndComeBack) {
    EXPECT_EQ(to_unix_ms(wall_time(1'999'999ns)), 1);
    EXPECT_EQ(to_unix_ms(wall_time(-1ns)), -1);
    EXPECT_EQ(from_unix_ms(1'700'000'000'123), wall_time(1'700'000'000'123ms));
    EXPECT_EQ(from_unix_ms(std::numeric_limits<std::int64_t>::max()), wall_time::max());
    EXPECT_EQ(from_unix_ms(std::numeric_limits<std::int64_t>::min()), wall_time::min());
}

TEST(Time, IsWrittenAsRfc3339) {
    const auto text = [](wall_time t) {
        const auto written = format_rfc3339(t);
        return std::string(written.begin(), written.end());
    };
    using std::chrono::nanoseconds;
    EXPECT_EQ(text(wall_time{}), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(text(from_unix_ms(1'772'323'199'999)), "2026-02-28T23:59:59.999Z");
    EXPECT_EQ(text(from_unix_ms(951'782'400'001)), "2000-02-29T00:00:00.001Z");
    EXPECT_EQ(text(wall_time(nanoseconds(-1))), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(text(wall_time::min()), "1677-09-21T00:12:43.145Z");
    EXPECT_EQ(text(wall_time::max()), "2262-04-11T23:47:16.854Z");
}

} // namespace
} // namespace infra
