#pragma once

// A disk that writes down what SQLite does to it, so that it can be seen as a power cut would have left it.

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace infra::queue::tests {

/// SQLite's default file system while it exists; what is done goes to the real one as well. For one test at a time, and for
/// files that are closed before it goes.
class recorded_disk {
public:
    struct event {
        enum class kind { write, truncate, sync, remove };
        kind what = kind::write;
        std::string file{};      ///< its name, without folders
        std::int64_t offset = 0; ///< truncate: the size
        std::string bytes{};
        std::size_t began = 0; ///< sync: so many events had happened; others may have written since
    };
    using files = std::map<std::string, std::string>; ///< name and content

    recorded_disk();
    ~recorded_disk();
    recorded_disk(const recorded_disk&) = delete;
    recorded_disk& operator=(const recorded_disk&) = delete;

    std::size_t size() const;
    std::vector<event> events() const; ///< a write in pieces of 4 KiB
    std::size_t writes() const;        ///< as they were asked for
    void note(event e);

    /// Once so many writes from now on have gone well, so many fail with this SQLite code; SQLITE_OK: none does.
    void fail(int code, std::size_t after, std::size_t number);
    int judge_write();

private:
    mutable std::mutex mutex_;
    std::vector<event> events_; // guarded by mutex_
    int failure_ = 0;           // guarded by mutex_
    std::size_t until_failure_ = 0, failures_ = 0;
    std::size_t writes_ = 0;
};

/// What a disk holds that was given these events, one after the other.
void carry_out(const recorded_disk::event& e, recorded_disk::files& on);

void write_files(const recorded_disk::files& all, const std::filesystem::path& folder);

} // namespace infra::queue::tests
