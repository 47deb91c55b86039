#pragma once

// Keeps the write-ahead log of the connection that writes from growing for ever.

#include "checkpoint_plan.hpp"
#include "checkpointer.hpp"

namespace infra::queue::sqlite {

/// Threads:  the connection's. Errors: none are thrown, as nothing is lost: the log keeps what was not copied. They are
///           logged, once until it goes well again. Lifetime: goes before the connection.
class log_keeper {
public:
    /// `bytes`: from there on a log is long.
    log_keeper(database& db, std::size_t bytes);

    /// Between transactions, after one that wrote.
    void tend() noexcept;

    /// What keeps the log from being copied; empty: nothing, as far as was tried.
    const std::string& trouble() const noexcept { return trouble_; }

private:
    void note(std::string trouble);

    database& db_;
    const int long_log_; // in pages
    checkpoint_plan plan_;
    checkpointer beside_;
    int pages_ = 0; // as of the last COMMIT
    std::string trouble_;
};

} // namespace infra::queue::sqlite
