#pragma once

// Text while it is rendered: in the object, and on the heap only when it is long.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace infra::logging {

/// memcpy for texts, most of which are so short that the call would cost more than they do. Returns the end.
inline char* put_bytes(char* to, const char* from, std::size_t size) noexcept {
    const auto put_ends = [&]<class Word>(Word first, Word last) {
        std::memcpy(&first, from, sizeof first);
        std::memcpy(&last, from + size - sizeof last, sizeof last);
        std::memcpy(to, &first, sizeof first);
        std::memcpy(to + size - sizeof last, &last, sizeof last);
    };
    struct two_words {
        std::uint64_t each[2];
    };
    if (size > 32)
        std::memcpy(to, from, size);
    else if (size >= 16)
        put_ends(two_words(), two_words());
    else if (size >= 8)
        put_ends(std::uint64_t(), std::uint64_t());
    else if (size >= 4)
        put_ends(std::uint32_t(), std::uint32_t());
    else
        for (std::size_t i = 0; i < size; ++i)
            to[i] = from[i];
    return to + size;
}

class line_buffer {
public:
    line_buffer() noexcept : data_(inline_.data()) {}
    line_buffer(const line_buffer&) = delete;
    line_buffer& operator=(const line_buffer&) = delete;

    std::string_view view() const noexcept { return {data_, size_}; }
    std::size_t size() const noexcept { return size_; }

    /// Forgets what came after the first `size` bytes.
    void shrink(std::size_t size) noexcept { size_ = size; }

    /// Empties it, and gives memory back if it grew past `keep`.
    void clear(std::size_t keep) noexcept {
        size_ = 0;
        if (capacity_ <= keep || !heap_)
            return;
        heap_.reset();
        data_ = inline_.data();
        capacity_ = sizeof inline_;
    }

    void append(std::string_view text) {
        if (text.empty()) // may be null, which memcpy must not be given
            return;
        put_bytes(reserve(text.size()), text.data(), text.size());
        size_ += text.size();
    }
    /// The same, for literals: a few stores.
    template <std::size_t Size>
    [[gnu::always_inline]] void append(const char (&literal)[Size]) {
        char* const to = reserve(Size - 1);
        std::memcpy(to, literal, Size - 1);
        size_ += Size - 1;
    }
    void append(char c) {
        *reserve(1) = c;
        ++size_;
    }

    /// Room for `count` bytes at the end; commit() says up to where it was used.
    char* reserve(std::size_t count) {
        if (capacity_ - size_ < count)
            grow(count);
        return data_ + size_;
    }
    void commit(const char* end) noexcept { size_ = static_cast<std::size_t>(end - data_); }

private:
    void grow(std::size_t count) {
        const auto larger = std::max(capacity_ * 2, size_ + count);
        auto moved = std::make_unique_for_overwrite<char[]>(larger);
        std::memcpy(moved.get(), data_, size_);
        heap_ = std::move(moved);
        data_ = heap_.get();
        capacity_ = larger;
    }

    std::array<char, 1024> inline_;
    std::unique_ptr<char[]> heap_;
    char* data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = sizeof inline_;
};

} // namespace infra::logging
