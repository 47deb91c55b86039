#pragma once

// The labels of one call, sorted and clean, in an array on the stack.

#include <infra/monitoring/labels.hpp>

#include <memory>
#include <vector>

namespace infra::monitoring::detail {

inline constexpr std::size_t max_labels = 32;
inline constexpr std::size_t max_value_bytes = 1024;

/// Values are UTF-8 (ill-formed parts become U+FFFD) of at most 1024 bytes (the rest is cut): what the formats ask for,
/// and what keeps a label bomb from filling the memory.
class label_set {
public:
    explicit label_set(const labels& from);
    explicit label_set(std::span<const infra::label> from);
    label_set(const label_set&) = delete;
    label_set& operator=(const label_set&) = delete;

    std::span<const infra::label> items() const noexcept { return {items_.data(), size_}; }

    /// A sentence's end for a set that cannot be a series': "has a label name that …". Empty if all is well.
    std::string_view problem() const noexcept;

    /// `method="GET",path="/"`, escaped as the exposition wants it; equal for equal sets, and for no others.
    std::string text() const;

    label_map map() const;

private:
    void insert(std::string_view name, std::string_view value);
    std::string_view clean(std::string_view value);

    std::array<infra::label, max_labels> items_;
    std::size_t size_ = 0;
    bool too_many_ = false;
    std::vector<std::unique_ptr<std::string>> cleaned_; // rarely any
};

} // namespace infra::monitoring::detail
