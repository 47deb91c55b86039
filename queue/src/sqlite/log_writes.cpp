#include "log_writes.hpp"

#include <algorithm>
#include <new>

namespace infra::queue::sqlite {
namespace {

constexpr int frame_header = 24;
constexpr std::size_t most_held = 1 << 20; // what is larger goes in parts

// Given 128 KiB or more, SQLite's file for Unix may write nothing, and say that the disk is full.
constexpr std::size_t most_in_a_write = 1 << 16;

// Of a frame's header the second number is how many pages the file has after the transaction, and 0 where that goes on.
bool ends_transaction(const void* header) noexcept {
    const auto* bytes = static_cast<const unsigned char*>(header);
    return (bytes[4] | bytes[5] | bytes[6] | bytes[7]) != 0;
}

} // namespace

void log_writes::attach(sqlite3* connection) {
    sqlite3_file* log = nullptr;
    if (sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK || !log ||
        !log->pMethods)
        return;
    theirs_ = log->pMethods;
    static_cast<sqlite3_io_methods&>(ours_) = *theirs_;
    ours_.owner = this;
    ours_.xWrite = write;
    ours_.xRead = read;
    ours_.xSync = sync;
    log->pMethods = &ours_;
}

log_writes& log_writes::of(sqlite3_file* log) noexcept { return *static_cast<const methods*>(log->pMethods)->owner; }

int log_writes::write(sqlite3_file* log, const void* bytes, int size, sqlite3_int64 at) noexcept {
    auto& me = of(log);
    if (me.hold_back(bytes, size, at)) {
        const bool is_page = size != frame_header;
        return is_page && (me.is_last_ || me.held_.size() >= most_held) ? me.write_frames(log) : SQLITE_OK;
    }
    if (const int code = me.write_held(log); code != SQLITE_OK)
        return code;
    const int code = me.theirs_->xWrite(log, bytes, size, at);
    if (size != frame_header) // SQLite may write earlier ones anew
        me.end_ = code == SQLITE_OK ? at + size : -1;
    return code;
}

// A header that follows a page, and whatever follows what is held back.
bool log_writes::hold_back(const void* bytes, int size, sqlite3_int64 at) noexcept {
    if (!holds_back_ || at != end_ || (held_.empty() && size != frame_header))
        return false;
    try {
        const auto* first = static_cast<const char*>(bytes);
        held_.insert(held_.end(), first, first + size);
    } catch (const std::bad_alloc&) {
        return false;
    }
    if (size == frame_header)
        is_last_ = ends_transaction(bytes);
    end_ += size;
    return true;
}

int log_writes::write_frames(sqlite3_file* log) noexcept {
    const int code = write_held(log);
    if (code == SQLITE_OK && is_last_ && on_end_)
        on_end_();
    return code;
}

int log_writes::write_held(sqlite3_file* log) noexcept {
    auto at = end_ - static_cast<sqlite3_int64>(held_.size());
    for (std::size_t done = 0; done < held_.size();) {
        const auto size = static_cast<int>(std::min(held_.size() - done, most_in_a_write));
        if (const int code = theirs_->xWrite(log, held_.data() + done, size, at); code != SQLITE_OK) {
            forget_held();
            return code;
        }
        done += static_cast<std::size_t>(size);
        at += size;
    }
    held_.clear();
    return SQLITE_OK;
}

int log_writes::read(sqlite3_file* log, void* to, int size, sqlite3_int64 at) noexcept {
    auto& me = of(log);
    const int code = me.write_held(log);
    return code == SQLITE_OK ? me.theirs_->xRead(log, to, size, at) : code;
}

int log_writes::sync(sqlite3_file* log, int flags) noexcept {
    auto& me = of(log);
    const int code = me.write_held(log);
    return code == SQLITE_OK ? me.theirs_->xSync(log, flags) : code;
}

void log_writes::forget_held() noexcept {
    if (!held_.empty())
        end_ = -1;
    held_.clear();
}

} // namespace infra::queue::sqlite
