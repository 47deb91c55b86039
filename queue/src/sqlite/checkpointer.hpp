#pragma once

// Copies the write-ahead log into the file beside the transactions, on a thread and a connection of its own, so that no
// transaction waits for it.

#include "database.hpp"

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace infra::queue::sqlite {

/// Threads:  one at a time, beside its own. Lifetime: cold until the first ask(); destruction breaks a copy off and joins. It
///           goes before the connection of whoever asks, which keeps the file's number from being given to another file.
class checkpointer {
public:
    /// Only of the file with this identity: another may be at the path by now.
    checkpointer(std::filesystem::path file, std::optional<file_identity> identity);
    ~checkpointer();
    checkpointer(const checkpointer&) = delete;
    checkpointer& operator=(const checkpointer&) = delete;

    /// Copies soon what the log holds then. Not while is_busy(). Throws std::system_error if there is no thread to be had.
    void ask();
    bool is_busy() const;
    void wait(); ///< until it is not

    /// What kept it from copying when it was asked last; empty: nothing did.
    std::string trouble() const;

private:
    void work();
    std::string copy();
    void open();
    void close() noexcept;

    const std::filesystem::path file_;
    const std::optional<file_identity> identity_;

    mutable std::mutex mutex_;
    std::condition_variable changed_; // asked, stopping, or done
    bool busy_ = false;               // guarded by mutex_
    bool stopping_ = false;           // guarded by mutex_
    std::string trouble_;             // guarded by mutex_
    std::optional<database> db_;      // the thread's, which changes it with mutex_
    std::thread thread_;
};

} // namespace infra::queue::sqlite
