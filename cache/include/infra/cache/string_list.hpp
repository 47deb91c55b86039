#pragma once

/// A list of strings in an option: one (`"a"`), several (`{"a", "b"}`), or a vector of them.
///
/// Not `std::vector<std::string>`, because `{{"a", "b"}}` there is one string made from two unrelated pointers. Here the
/// same slip is simply the list of two.

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace infra::cache {

template <class T>
concept text_like =
    std::convertible_to<const T&, std::string_view> && !std::same_as<std::remove_cvref_t<T>, std::nullptr_t>;

class string_list {
public:
    class item {
    public:
        template <text_like T>
        item(const T& text) : text_(std::string_view(text)) {}

    private:
        friend class string_list;
        std::string text_;
    };

    string_list() = default;
    string_list(std::initializer_list<item> items) {
        for (const auto& each : items)
            items_.push_back(each.text_);
    }
    template <text_like T>
    string_list(const T& one) : items_{std::string(std::string_view(one))} {}
    string_list(std::vector<std::string> items) : items_(std::move(items)) {}

    auto begin() const noexcept { return items_.begin(); }
    auto end() const noexcept { return items_.end(); }
    std::size_t size() const noexcept { return items_.size(); }
    bool empty() const noexcept { return items_.empty(); }
    const std::string& operator[](std::size_t i) const noexcept { return items_[i]; }

private:
    std::vector<std::string> items_;
};

} // namespace infra::cache
