#pragma once

/// The file that a download makes: `<path>.part` until it is whole, checked and on the disk; then, in one step, `path`.

#include "part_list.hpp"
#include "plan.hpp"

#include <infra/runtime/descriptor.hpp>
#include <infra/storage/checksum.hpp>

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace infra::storage {

/// Threads:  write() and arrived() from several, leave() from any, also while others still work; the others alone. All of them block on
///           the disk.
/// Errors:   storage_error: errc::full where there is no room, infra::errc::invalid_input where `path` cannot be a file's, infra::errc::io,
///           infra::errc::cancelled after leave().
/// Lifetime: its end is a leave().
class target_file {
public:
    /// Opens and locks `<path>.part`. With `resume`, what is there is kept, where it is told of.
    target_file(std::filesystem::path path, bool resume);
    ~target_file() { leave(); }
    target_file(const target_file&) = delete;
    target_file& operator=(const target_file&) = delete;

    /// What an earlier download has left.
    const std::optional<part_list>& left() const noexcept { return left_; }

    /// The checksum of that part as it lies there.
    checksum read_back(slice part, checksum_kind kind) const;

    void forget() noexcept { left_.reset(); }

    /// Drops all that is there, and makes sure that there is room for the object of the list.
    void begin(const part_list& about);

    void write(std::uint64_t offset, std::string_view bytes) const;

    /// For a later download.
    void arrived(int number, const checksum& sum) const;

    void finish();

    /// Removes what is not whole, unless it is to be gone on with. Afterwards nothing has its name, or takes it from another, and another
    /// download may begin: at once, or when what still works on the file has ended.
    void leave() noexcept;

    /// What came is wrong: nothing of it is to be gone on with.
    void give_up() noexcept;

private:
    [[noreturn]] void fail(int reason, std::string_view with) const;
    void check_path() const;
    void open_part();
    class work;
    void check_not_left() const;
    bool still_named() const noexcept;
    void make_room(std::uint64_t size) const;
    bool is_in_memory() const noexcept;
    void check_room(std::uint64_t size) const;
    void sync_folder() const;

    const std::filesystem::path path_;
    const std::filesystem::path part_;
    const std::filesystem::path list_;
    const bool resume_;
    mutable std::mutex names_; // held for as long as it takes to look at names and change them
    bool kept_ = false;        // guarded by names_, as are those below: what is there may be gone on with
    bool finished_ = false;
    bool left_behind_ = false;
    mutable int at_work_ = 0;
    descriptor file_;
    descriptor told_; // the list, while somebody may go on
    std::optional<part_list> left_{};
};

} // namespace infra::storage
