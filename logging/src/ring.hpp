#pragma once

// Bytes from one thread to another, in whole records, without a lock and without a system call.
//
//     writer: if (char* to = r.reserve(size)) { fill(to); r.commit(); }
//     reader: for (auto at = r.begin(), end = r.end(); const char* record = r.next(at, end);) { use(record); at += size; }
//             r.release(at);
//
// A record lies in one piece and begins with its size in 32 bits, a multiple of 8. Where one does not fit before the
// end of the memory, a word says so and the record begins at the front. Positions only grow. What the reader has used is
// room again only after release(): until then it is there to be read once more.
//
// The memory may be somebody else's: a file's, in which another process finds what this one left.

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

namespace infra::logging::detail {

/// How far the two sides are: with the bytes, all that another process must know.
struct ring_positions {
    alignas(64) std::atomic<std::uint64_t> end{0};
    alignas(64) std::atomic<std::uint64_t> begin{0};
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// Memory for a ring that it does not own; of as many bytes as the ring asks for.
struct ring_memory {
    ring_positions* positions;
    char* data;
};

class ring {
public:
    using position = std::uint64_t;

    /// `bytes` is a power of two.
    explicit ring(std::size_t bytes)
        : mask_(bytes - 1),
          own_data_(std::make_unique_for_overwrite<char[]>(bytes)),
          data_(own_data_.get()),
          at_(&own_positions_) {}

    /// Goes on where the memory says, which must be there until let_go().
    ring(std::size_t bytes, ring_memory lent)
        : mask_(bytes - 1), data_(lent.data), at_(lent.positions), written_(end()), released_(begin()) {}

    ring(const ring&) = delete;
    ring& operator=(const ring&) = delete;

    std::size_t capacity() const noexcept { return mask_ + 1; }

    /// The longest record that finds room in an empty ring wherever that stands.
    std::size_t longest_record() const noexcept { return capacity() / 2; }

    // --- the writer ---

    /// Room for a record, or null.
    char* reserve(std::size_t size) noexcept {
        const auto offset = static_cast<std::size_t>(written_ & mask_);
        const auto to_end = capacity() - offset;
        const auto skipped = size <= to_end ? 0 : to_end;
        if (!has_room(skipped + size))
            return nullptr;
        reserved_ = written_ + skipped + size;
        if (skipped == 0)
            return data_ + offset;
        std::memcpy(data_ + offset, &wrap_mark, sizeof wrap_mark);
        return data_;
    }

    void commit() noexcept {
        written_ = reserved_;
        at_->end.store(written_, std::memory_order_release);
    }

    /// Takes the place of a writer that was stopped anywhere in the middle: what it had not committed never was.
    void take_over() noexcept { written_ = at_->end.load(std::memory_order_relaxed); }

    /// Goes on with memory that is all zero now.
    void restart() noexcept { written_ = released_ = reserved_ = 0; }

    /// Is empty and not to be written to any more: the memory that was lent is gone from now on.
    void let_go() noexcept {
        data_ = nullptr;
        at_ = &own_positions_;
        restart();
    }

    /// Bytes not released yet, and never fewer than there are.
    std::size_t used() const noexcept { return static_cast<std::size_t>(written_ - released_); }

    /// The same, and as few as there are just now.
    std::size_t used_now() noexcept {
        released_ = begin();
        return used();
    }

    // --- the reader ---

    position begin() const noexcept { return at_->begin.load(std::memory_order_acquire); }
    position end() const noexcept { return at_->end.load(std::memory_order_acquire); }

    /// The record at `at`, which is moved over a gap if there is one; null at the end.
    char* next(position& at, position end) const noexcept {
        if (at == end)
            return nullptr;
        auto* found = data_ + (at & mask_);
        if (size_of(found) == wrap_mark) {
            at += capacity() - (at & mask_);
            found = data_;
        }
        return found;
    }
    static std::uint32_t size_of(const char* record) noexcept {
        std::uint32_t size = 0;
        std::memcpy(&size, record, sizeof size);
        return size;
    }

    void release(position upto) noexcept { at_->begin.store(upto, std::memory_order_release); }

    /// Stands where a record did not fit before the end.
    static constexpr std::uint32_t wrap_mark = 0xffff'ffff;

private:
    bool has_room(std::size_t size) noexcept { return used() + size <= capacity() || used_now() + size <= capacity(); }

    const std::size_t mask_;
    const std::unique_ptr<char[]> own_data_;
    char* data_;
    ring_positions* at_;
    position written_ = 0;  // of the writer alone, as the next two
    position released_ = 0; // where the reader was when last looked
    position reserved_ = 0;
    ring_positions own_positions_; // last: what the writer touches stands together
};

} // namespace infra::logging::detail
