#pragma once

// The file of pipeline_options::durable_ring: the rings of a process, for the next one to read if this one is killed.
//
//     a page      ring_file_head
//     then each:  a page   ring_positions
//                 bytes    of the ring
//
// The kernel owns the pages, so what was stored in them outlives the process that stored it. Their blocks are reserved
// before they are used: where the file system keeps its word, a disk that fills up later makes no store fail.
//
// A line gets its number when its record is read, before it is written; the head says up to which number lines were handed
// over. What lies between was perhaps written and perhaps not: see recovery.hpp.

#include "ring.hpp"
#include "ticks.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

namespace infra::logging::detail {

struct ring_file_head {
    static constexpr std::uint64_t right_magic = 0x676e'6972'676f'6c69; // the bytes "ilogring"
    static constexpr std::uint32_t right_version = 1;                   // of this layout and of records

    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t page; // bytes
    std::uint64_t ring_bytes;
    std::atomic<std::uint64_t> rings;
    std::atomic<std::uint64_t> next_number;
    std::atomic<std::uint64_t> handed_over; // lines up to this number
    std::atomic<std::uint64_t> rate;        // which of the two is whole
    tick_rate rates[2];

    const tick_rate& ticks() const noexcept { return rates[rate.load(std::memory_order_acquire) & 1]; }
};
static_assert(std::is_trivially_copyable_v<tick_rate> && sizeof(ring_file_head) <= 4096);

class ring_file {
public:
    /// Opens or makes the file; nobody else has it until this object is gone. What is a ring file, but none that this
    /// library can read, is moved to unread_path(). Throws errc::io, also where the file is not this user's alone, and
    /// errc::unavailable.
    explicit ring_file(std::filesystem::path path);
    ~ring_file();
    ring_file(const ring_file&) = delete;
    ring_file& operator=(const ring_file&) = delete;

    const std::filesystem::path& path() const noexcept { return path_; }

    /// What the process before left, to be read and marked; empty if nothing. Until start().
    std::span<char> left() const noexcept { return left_; }
    const std::filesystem::path& unread_path() const noexcept { return unread_path_; } ///< empty: none was moved

    /// Forgets what was left. False if the disk is full: then there are no rings. Throws errc::io.
    bool start(std::size_t ring_bytes, std::uint64_t next_number, const tick_rate& rate);

    /// Memory for one more ring; none if the disk is full or nothing was started. One thread at a time.
    std::optional<ring_memory> add_ring() noexcept;

    // --- of the thread that reads ---

    std::uint64_t next_number() const noexcept { return head_->next_number.load(std::memory_order_relaxed); }
    /// The record that has it is marked.
    void number_is_taken() noexcept { head_->next_number.store(next_number() + 1, std::memory_order_release); }
    /// All lines that have numbers.
    void handed_over() noexcept { head_->handed_over.store(next_number() - 1, std::memory_order_release); }
    void set_rate(const tick_rate& rate) noexcept;

    /// In the child after a fork, from its first moment on: it has the memory, all zero, and not the file.
    void leave_to_parent() noexcept;
    /// Rings may be had, and lines have numbers.
    bool is_in_use() const noexcept { return number_ >= 0 && head_; }

private:
    void open();
    void open_descriptor();
    bool try_to_lock();
    void check_whose_it_is() const;
    void map_what_was_left();
    void move_away();
    ring_file_head& head_of_left() const noexcept { return *reinterpret_cast<ring_file_head*>(left_.data()); }
    void forget_what_was_left() noexcept;
    void close() noexcept;
    char* map(std::size_t at, std::size_t bytes) noexcept;
    [[noreturn]] void fail(const char* what) const;

    const std::filesystem::path path_;
    int number_ = -1;
    std::filesystem::path unread_path_;
    std::span<char> left_;
    std::size_t page_ = 0, ring_bytes_ = 0;
    ring_file_head* head_ = nullptr;
    std::vector<std::span<char>> mapped_;
};

/// A child would keep the file locked for as long as it lives, so a fork must find each file that is open, however new, and
/// find it as it is: whoever opens, maps or lets go keeps forks out meanwhile. No other lock is taken under this one.
void know(ring_file& file); // fork.cpp
void forget(ring_file& file) noexcept;
[[nodiscard]] std::unique_lock<std::mutex> without_forks();

/// True if its head says that this library can read it.
bool is_readable(std::span<const char> file) noexcept;

} // namespace infra::logging::detail
