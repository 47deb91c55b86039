#pragma once

// When an idle writer looks whether another process has written.
//
// A write to the log is told of before its transaction can be seen: between the two lie an fsync and the writer's fate. So
// whoever was told looks at once, and then ever more seldom: what takes its writer so long is seen within half as long again.

#include <infra/base/time.hpp>

#include <chrono>

namespace infra::queue::sqlite {

class look_plan {
public:
    using duration = steady_time::duration;

    /// `poll` is how often to look where nobody tells of writes, and how often at most for nothing where others write all the
    /// time. `at_rest` is how often where nobody has told of one.
    look_plan(duration poll, duration at_rest);

    /// Whether somebody will tell.
    void be_told(bool yes) noexcept {
        is_told_ = yes;
        missed_ = 0;
    }
    bool is_told() const noexcept { return is_told_; }

    /// There was a write that nobody told of. Once is no matter: others may begin the log anew without writing to it, which
    /// looks like one. A file system that tells nothing misses all: then nobody will tell.
    void missed() noexcept;
    /// There was a write, and it was told of: what was missed before was none.
    void heard() noexcept { missed_ = 0; }

    /// Others have written.
    void told(steady_time now) noexcept;
    /// Whatever others have written can be seen, or never will be.
    void settled() noexcept {
        told_at_ = {};
        is_due_ = false;
    }
    /// Since then.
    bool was_told() const noexcept { return told_at_ != steady_time(); }
    /// A look, and whether it was for something.
    void looked(steady_time now, bool brought_work) noexcept;

    /// Not before it, whatever is told: until then it need not be listened to.
    steady_time earliest() const noexcept;
    /// At the latest.
    steady_time next() const noexcept;

private:
    const duration poll_, at_rest_;
    bool is_told_ = false;
    int missed_ = 0;
    bool is_due_ = false;      // told since the last look
    steady_time told_at_{};    // last; none: all of it is settled
    steady_time looked_at_{};  // last
    steady_time paid_until_{}; // each look for nothing costs one `poll`
};

} // namespace infra::queue::sqlite
