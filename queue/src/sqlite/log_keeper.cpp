#include "log_keeper.hpp"

#include <infra/base/telemetry.hpp>

namespace infra::queue::sqlite {
namespace {

int pages_in(database& db, std::size_t bytes) {
    query size(db, "PRAGMA page_size");
    size.step();
    return static_cast<int>(bytes / static_cast<std::size_t>(size.integer(0)));
}

} // namespace

log_keeper::log_keeper(database& db, std::size_t bytes)
    : db_(db), long_log_(pages_in(db, bytes)), plan_(long_log_), beside_(db.file(), db.identity()) {
    db_.watch_log(&pages_);
}

void log_keeper::tend() noexcept {
    try {
        if (beside_.is_busy()) {
            if (pages_ < 2 * long_log_)
                return;
            beside_.wait(); // the disk is slower than the writer
        }
        const auto next = plan_.next(pages_);
        if (next == checkpoint_plan::step::none)
            return;
        note(beside_.trouble());
        if (next == checkpoint_plan::step::ask)
            beside_.ask();
        else
            db_.checkpoint();
    } catch (const std::exception& e) {
        note(e.what());
    }
}

void log_keeper::note(std::string trouble) {
    if (!trouble.empty() && trouble_.empty())
        telemetry::log(level::warn, "queue",
                       "the write-ahead log cannot be copied into the queue's file and grows; nothing is lost",
                       {{"file", db_.file().string()}, {"error", trouble}});
    trouble_ = std::move(trouble);
}

} // namespace infra::queue::sqlite
