#include "checkpointer.hpp"

#include <pthread.h>

namespace infra::queue::sqlite {

checkpointer::checkpointer(std::filesystem::path file, std::optional<file_identity> identity)
    : file_(std::move(file)), identity_(identity) {}

checkpointer::~checkpointer() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
        if (db_)
            db_->interrupt();
        changed_.notify_all();
    }
    if (thread_.joinable())
        thread_.join();
}

void checkpointer::ask() {
    const std::scoped_lock lock(mutex_);
    if (!thread_.joinable())
        thread_ = std::thread([this] { work(); });
    busy_ = true;
    changed_.notify_all();
}

bool checkpointer::is_busy() const {
    const std::scoped_lock lock(mutex_);
    return busy_;
}

void checkpointer::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !busy_; });
}

std::string checkpointer::trouble() const {
    const std::scoped_lock lock(mutex_);
    return trouble_;
}

// --- the thread ---------------------------------------------------------------------------------------------------

void checkpointer::work() {
    pthread_setname_np(pthread_self(), "queue-log");
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [&] { return busy_ || stopping_; });
        if (stopping_)
            return;
        lock.unlock();
        auto trouble = copy();
        lock.lock();
        trouble_ = std::move(trouble);
        busy_ = false;
        changed_.notify_all();
    }
}

std::string checkpointer::copy() {
    try {
        open();
        if (db_->checkpoint())
            db_->sync(); // SQLite does at the log's end alone: whoever gets there would have to wait for all of it
        return {};
    } catch (const std::exception& e) {
        close(); // the next time may find another state of affairs
        return e.what();
    }
}

void checkpointer::open() {
    if (db_)
        return;
    {
        const std::scoped_lock lock(mutex_);
        db_.emplace(file_, database::opening::existing);
    }
    if (!identity_ || db_->identity() != identity_)
        throw error(errc::unavailable, "the queue's file " + file_.string() + " was moved away or replaced");
    db_->execute("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; SELECT 1 FROM sqlite_schema");
}

void checkpointer::close() noexcept {
    const std::scoped_lock lock(mutex_);
    db_.reset();
}

} // namespace infra::queue::sqlite
