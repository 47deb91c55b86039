#pragma once

/// What the stubs of the modules that are not there yet share beyond infra/base.hpp.

#include <infra/base.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace infra::planned {

/// Anything that reads as text: literal, string, string_view.
template <class T>
concept text_like =
    std::convertible_to<const T&, std::string_view> && !std::same_as<std::remove_cvref_t<T>, std::nullptr_t>;

/// A list of strings in an option: one (`"a"`), several (`{"a", "b"}`), or any range of strings.
///
/// Not `std::vector<std::string>`, because `{{"a", "b"}}` there is ONE string made from two unrelated pointers.
/// Here the same slip is simply the list of two.
class string_list {
public:
    class item {
    public:
        template <text_like T>
        item(const T& text) : text_(std::string_view(text)) {}
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

    auto begin() const { return items_.begin(); }
    auto end() const { return items_.end(); }
    std::size_t size() const { return items_.size(); }
    bool empty() const { return items_.empty(); }
    const std::string& operator[](std::size_t i) const { return items_[i]; }

private:
    std::vector<std::string> items_;
};

template <class T>
struct awaited {
    using type = T;
    static constexpr bool is_awaitable = false;
};
template <class T>
struct awaited<boost::asio::awaitable<T>> {
    using type = T;
    static constexpr bool is_awaitable = true;
};
template <class T>
using awaited_t = typename awaited<T>::type;
template <class T>
inline constexpr bool is_awaitable = awaited<T>::is_awaitable;

/// Calls `function`, plain or coroutine, and keeps it and its arguments alive until it is done:
/// a coroutine lambda reads its captures from the closure, so the closure has to outlive it.
template <class F, class... Args>
auto call(std::shared_ptr<F> function, Args... args) -> awaitable<awaited_t<std::invoke_result_t<F&, Args...>>> {
    if constexpr (is_awaitable<std::invoke_result_t<F&, Args...>>)
        co_return co_await (*function)(std::forward<Args>(args)...);
    else
        co_return (*function)(std::forward<Args>(args)...);
}

} // namespace infra::planned
