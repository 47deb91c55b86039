#pragma once

/// Bytes that several hold and nobody changes: what is sent, and may have to be sent again.
///
///     shared_bytes part(std::move(text));                     // takes the string
///     auto tail = part.from(4096);                            // the same bytes, no copy
///     shared_bytes mapped(std::move(mapping), {begin, size}); // whatever keeps them alive

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace infra {

/// Threads:  as a shared_ptr to something constant.
/// Lifetime: the bytes live as long as any copy or part of it.
class shared_bytes {
public:
    shared_bytes() noexcept = default;

    /// Takes the string; no bytes are copied unless it is short.
    shared_bytes(std::string bytes) {
        if (bytes.empty())
            return;
        auto held = std::make_shared<const std::string>(std::move(bytes));
        view_ = *held;
        owner_ = std::move(held);
    }
    shared_bytes(const char* text) : shared_bytes(std::string(text)) {}

    /// A copy, which is why it must be asked for.
    template <std::same_as<std::string_view> View>
    explicit shared_bytes(View bytes) : shared_bytes(std::string(bytes)) {}

    /// `bytes` that live as long as `owner` does.
    shared_bytes(std::shared_ptr<const void> owner, std::string_view bytes) noexcept
        : owner_(std::move(owner)), view_(bytes) {}

    std::string_view view() const noexcept { return view_; }
    const char* data() const noexcept { return view_.data(); }
    std::size_t size() const noexcept { return view_.size(); }
    bool empty() const noexcept { return view_.empty(); }

    /// The part that begins at `offset`, which is at most size(), and has `length` bytes or what there is.
    shared_bytes from(std::size_t offset, std::size_t length = std::string_view::npos) const {
        return {owner_, view_.substr(offset, length)};
    }

    friend bool operator==(const shared_bytes& a, const shared_bytes& b) noexcept { return a.view_ == b.view_; }

private:
    std::shared_ptr<const void> owner_;
    std::string_view view_;
};

} // namespace infra
