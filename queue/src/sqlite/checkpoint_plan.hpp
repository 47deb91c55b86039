#pragma once

// Who copies the write-ahead log into the file, and when. A log begins anew only once all of it is copied and nobody reads it.
// Whoever copies beside a writer that never pauses is always a little behind, so the log would grow for ever: once it is long,
// the writer itself copies the last bit, between two transactions.

namespace infra::queue::sqlite {

class checkpoint_plan {
public:
    enum class step {
        none,
        ask,    ///< somebody beside the writer copies
        finish, ///< the writer does: what came during that
    };

    /// In pages: from where on the log is long, and how much of it is copied at a time.
    explicit checkpoint_plan(int long_log);

    /// What is to be done while nobody copies, with a log of so many pages. It is taken for done, well or not: a log that
    /// others keep, or that cannot be copied, is looked at again when it has grown by as much once more.
    step next(int pages);

private:
    const int long_log_, round_;
    int pages_ = 0;       // when it was last looked at
    int next_at_;         // so long must it be
    int last_rounds_ = 0; // of a long log, that were asked for
};

} // namespace infra::queue::sqlite
