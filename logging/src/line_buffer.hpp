#pragma once

// One line while it is rendered: on the stack, and on the heap only when it is long. Not a thread_local string, because
// lines are written after thread_locals are destroyed (static destructors) and none may be lost.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace infra::logging {

class line_buffer {
public:
    line_buffer() noexcept : data_(inline_.data()) {}
    line_buffer(const line_buffer&) = delete;
    line_buffer& operator=(const line_buffer&) = delete;

    std::string_view view() const noexcept { return {data_, size_}; }

    void append(std::string_view text) {
        if (text.empty()) // may be null, which memcpy must not be given
            return;
        std::memcpy(reserve(text.size()), text.data(), text.size());
        size_ += text.size();
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
