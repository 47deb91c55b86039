#pragma once

// Who of those that share a file still lives. Each locks a byte of FILE-workers; the kernel lets go of it when the process
// ends, in whatever way and in whatever container, and not when it is merely stopped. That file stays empty.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

namespace infra::queue::sqlite {

/// Threads:  one at a time. Lifetime: its locks end with it. A child of a fork has them as well: then they end with both.
class presence {
public:
    explicit presence(std::filesystem::path database) : database_(std::move(database)) {}
    ~presence();
    presence(const presence&) = delete;
    presence& operator=(const presence&) = delete;

    /// Which file the locks are in. While somebody has it open no other has these two numbers, also where it was removed and
    /// made anew.
    struct place {
        std::int64_t device = 0;
        std::int64_t inode = 0;

        friend bool operator==(const place&, const place&) = default;
    };

    /// Locks the byte. False if that cannot be had; then nobody can tell whether this lives.
    bool take(std::int64_t number);
    /// Of one that was taken: whoever had it is gone.
    void release(std::int64_t number) noexcept;
    place where() const;

    /// True only if whoever took this number, in that file, is gone.
    bool is_gone(std::int64_t number, const place& in);
    /// True only if whoever took it there lives.
    bool is_here(std::int64_t number, const place& in);

private:
    bool open();
    std::optional<bool> is_locked(std::int64_t number, const place& in); // empty: nobody can tell

    const std::filesystem::path database_;
    int fd_ = -1;
    std::set<std::int64_t> own_; // one's own locks are in nobody's way, and so not to be seen
};

} // namespace infra::queue::sqlite
