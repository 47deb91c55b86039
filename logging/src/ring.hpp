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

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

namespace infra::logging::detail {

class ring {
public:
    using position = std::uint64_t;

    /// `bytes` is a power of two.
    explicit ring(std::size_t bytes) : mask_(bytes - 1), data_(std::make_unique_for_overwrite<char[]>(bytes)) {}

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
            return data_.get() + offset;
        std::memcpy(data_.get() + offset, &wrap_mark, sizeof wrap_mark);
        return data_.get();
    }

    void commit() noexcept {
        written_ = reserved_;
        end_.store(written_, std::memory_order_release);
    }

    /// Takes the place of a writer that was stopped anywhere in the middle: what it had not committed never was.
    void take_over() noexcept { written_ = end_.load(std::memory_order_relaxed); }

    /// Bytes not released yet, and never fewer than there are.
    std::size_t used() const noexcept { return static_cast<std::size_t>(written_ - released_); }

    /// The same, and as few as there are just now.
    std::size_t used_now() noexcept {
        released_ = begin_.load(std::memory_order_acquire);
        return used();
    }

    // --- the reader ---

    position begin() const noexcept { return begin_.load(std::memory_order_acquire); }
    position end() const noexcept { return end_.load(std::memory_order_acquire); }

    /// The record at `at`, which is moved over a gap if there is one; null at the end.
    const char* next(position& at, position end) const noexcept {
        if (at == end)
            return nullptr;
        const auto* found = data_.get() + (at & mask_);
        if (size_of(found) == wrap_mark) {
            at += capacity() - (at & mask_);
            found = data_.get();
        }
        return found;
    }
    static std::uint32_t size_of(const char* record) noexcept {
        std::uint32_t size = 0;
        std::memcpy(&size, record, sizeof size);
        return size;
    }

    void release(position upto) noexcept { begin_.store(upto, std::memory_order_release); }

private:
    static constexpr std::uint32_t wrap_mark = 0xffff'ffff;

    bool has_room(std::size_t size) noexcept { return used() + size <= capacity() || used_now() + size <= capacity(); }

    const std::size_t mask_;
    const std::unique_ptr<char[]> data_;

    alignas(64) std::atomic<position> end_{0};
    position written_ = 0;  // of the writer alone, as the next two
    position released_ = 0; // where the reader was when last looked
    position reserved_ = 0;
    alignas(64) std::atomic<position> begin_{0};
};

} // namespace infra::logging::detail
