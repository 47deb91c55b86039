#pragma once

/// What the stubs of every module share. Draft of `infra/base.hpp`: only the shapes that appear in users' lines.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/describe.hpp>
#include <boost/json.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#if defined(__clang__)
#define INFRA_STUB_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define INFRA_STUB_LIFETIMEBOUND
#endif

namespace infra {

template <class T>
using awaitable = boost::asio::awaitable<T>;
using executor = boost::asio::any_io_executor;

/// Anything that reads as text: literal, string, string_view. A null `const char*` is the caller's mistake.
template <class T>
concept text_like =
    std::convertible_to<const T&, std::string_view> && !std::same_as<std::remove_cvref_t<T>, std::nullptr_t>;

/// An integer that is a number: neither bool nor a character.
template <class T>
concept number_like = (std::integral<T> || std::floating_point<T>) && !std::same_as<T, bool> && !std::same_as<T, char>;

// ---------------------------------------------------------------- backoff

/// How long to wait before the next attempt.
struct backoff {
    enum class kind { fixed, exponential };
    kind type = kind::fixed;
    std::chrono::milliseconds delay{0};
    std::chrono::milliseconds max = std::chrono::hours(24);
    double jitter = 0.0;
};

struct backoff_options {
    std::chrono::milliseconds max = std::chrono::hours(24);
    double jitter = 0.0; ///< 0…1: the part of the delay that is drawn at random
};

inline backoff fixed(std::chrono::milliseconds delay, backoff_options more = {}) {
    return {.type = backoff::kind::fixed, .delay = delay, .max = more.max, .jitter = more.jitter};
}

inline backoff exponential(std::chrono::milliseconds first, backoff_options more = {}) {
    return {.type = backoff::kind::exponential, .delay = first, .max = more.max, .jitter = more.jitter};
}

// ---------------------------------------------------------------- lists of text

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

// ---------------------------------------------------------------- JSON

namespace json {

using value = boost::json::value;
using object = boost::json::object;
using array = boost::json::array;

/// Where the text and the type disagree. `path` is a JSON Pointer.
struct failure {
    std::string path{};
    std::string problem{};
};

class invalid : public std::runtime_error {
public:
    explicit invalid(failure why) : std::runtime_error(why.path + ": " + why.problem), why_(std::move(why)) {}
    const failure& why() const { return why_; }

private:
    failure why_;
};

template <class T>
concept described = boost::describe::has_describe_members<T>::value && !std::is_union_v<T>;

template <class T>
concept convertible = std::same_as<T, value> || described<T> || boost::json::has_value_from<T>::value;

template <class T>
value to_value(const T& from) {
    if constexpr (text_like<T>)
        return value(std::string_view(from)); // a char array is text, not an array of numbers
    else
        return boost::json::value_from(from);
}

template <class T>
T from_value(const value& from, std::string path = {}) {
    if constexpr (std::same_as<T, value>) {
        return from;
    } else if constexpr (described<T>) {
        if (!from.is_object())
            throw invalid({path, "must be an object"});
        T made{};
        boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>([&](auto member) {
            using member_type = std::remove_cvref_t<decltype(made.*member.pointer)>;
            const auto* found = from.as_object().if_contains(member.name);
            const auto member_path = path + "/" + member.name;
            if (found)
                made.*member.pointer = from_value<member_type>(*found, member_path);
            else if constexpr (!requires(member_type m) { m.has_value(); })
                throw invalid({member_path, "is missing"});
        });
        return made;
    } else {
        auto made = boost::json::try_value_to<T>(from);
        if (!made)
            throw invalid({path, made.error().message()});
        return std::move(*made);
    }
}

template <class T>
T parse(std::string_view text) {
    boost::system::error_code failed;
    const auto parsed = boost::json::parse(boost::json::string_view(text.data(), text.size()), failed);
    if (failed)
        throw invalid({"", failed.message()});
    return from_value<T>(parsed);
}

template <class T>
std::string to_text(const T& from) {
    return boost::json::serialize(to_value(from));
}

} // namespace json

// ---------------------------------------------------------------- typed fields

/// One typed field of a log line or a span: `{"port", 3000}`.
///
/// A view: it lives inside one braced list, in one call, and cannot be copied or kept. What must be kept is a
/// `json::object`, which is accepted wherever fields are.
/// Integers, bool, floating point, text, std::exception, error_code, enums and structs described, json::value.
/// Pointers other than text do not compile (they would print as `true`); a null `const char*` prints as null.
class field {
public:
    template <class T>
    field(std::string_view key INFRA_STUB_LIFETIMEBOUND, const T& value INFRA_STUB_LIFETIMEBOUND)
        : key_(key), value_(convert(value)) {}
    field(const field&) = delete;
    field& operator=(const field&) = delete;

    std::string_view key() const { return key_; }

    json::value to_json() const {
        return std::visit(
            [](const auto& held) -> json::value {
                if constexpr (std::same_as<std::remove_cvref_t<decltype(held)>, std::string_view>)
                    return json::value(boost::json::string_view(held.data(), held.size()));
                else
                    return json::value(held);
            },
            value_);
    }

private:
    using storage =
        std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string_view, json::value>;

    template <class T>
    static storage convert(const T& from) {
        static_assert(!std::is_pointer_v<T> || text_like<T>, "infra: a pointer is not a field; log what it points to");
        if constexpr (std::same_as<T, std::nullptr_t>)
            return nullptr;
        else if constexpr (std::same_as<T, bool>)
            return from;
        else if constexpr (std::same_as<T, char>)
            return std::string_view(&from, 1);
        else if constexpr (std::floating_point<T>)
            return static_cast<double>(from);
        else if constexpr (std::unsigned_integral<T>)
            return static_cast<std::uint64_t>(from);
        else if constexpr (std::integral<T>)
            return static_cast<std::int64_t>(from);
        else if constexpr (std::is_pointer_v<T>)
            return from ? storage(std::string_view(from)) : storage(nullptr);
        else if constexpr (text_like<T>)
            return std::string_view(from);
        else if constexpr (std::derived_from<T, std::exception>)
            return std::string_view(from.what());
        else if constexpr (std::same_as<T, boost::system::error_code>)
            return json::value(from.message());
        else if constexpr (requires {
                               from.has_value();
                               *from;
                           })
            return from ? convert(*from) : storage(nullptr);
        else
            return json::to_value(from);
    }

    std::string_view key_;
    storage value_;
};

/// The fields of one call: a braced list, or a `json::object` made elsewhere.
class fields {
public:
    fields() = default;
    fields(std::initializer_list<field> list INFRA_STUB_LIFETIMEBOUND) : list_(list.begin(), list.size()) {}
    fields(const json::object& kept INFRA_STUB_LIFETIMEBOUND) : kept_(&kept) {}

    /// Adds every field to `into`, in order.
    void append_to(json::object& into) const {
        for (const auto& each : list_)
            into[boost::json::string_view(each.key().data(), each.key().size())] = each.to_json();
        if (kept_)
            for (const auto& each : *kept_)
                into[each.key()] = each.value();
    }

    json::object to_json() const {
        json::object made;
        append_to(made);
        return made;
    }

private:
    std::span<const field> list_{};
    const json::object* kept_ = nullptr;
};

// ---------------------------------------------------------------- plain functions and coroutines alike

namespace detail {

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

} // namespace detail
} // namespace infra
