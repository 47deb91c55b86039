#pragma once

/// A named, typed value of a log line or a span, as a view on the caller's stack.
///
///     log::info("listening", {{"port", 3000}, {"host", name}, {"took", 12ms}});
///
/// Nothing is copied or allocated to make one, so a field is valid until the end of the full expression; whoever keeps it
/// longer copies it. Clang warns (-Wdangling) of `fields f = {{"port", 3000}};`, whose list is gone by the semicolon.

#include <infra/base/time.hpp>

#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/json/fwd.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace infra {

namespace json {
template <class T>
boost::json::value to_shown_value(const T& from); // base/json.hpp
}

namespace detail {

template <class T>
concept described = boost::describe::has_describe_enumerators<T>::value ||
                    (boost::describe::has_describe_members<T>::value && !std::is_union_v<T>);

template <class T>
concept container = !std::convertible_to<const T&, std::string_view> && requires(const T& t) {
    typename T::value_type;
    t.begin();
    t.end();
    t.size();
};

} // namespace detail

/// One value: null, bool, integer, double, text, JSON, a duration (written as milliseconds), a time (RFC 3339),
/// an exception or an error code (written as its message), an optional, or what `json::to_shown_value` makes of a
/// described struct or enum or of a container (for those, include infra/base/json.hpp). Pointers other than text do not
/// compile. A type of your own that converts to a field_value is a field, too, and a member of those that are.
class field_value {
public:
    enum class kind : std::uint8_t {
        null,
        boolean,
        signed_integer,
        unsigned_integer,
        floating,
        text,
        json,
        duration,
        time,
        exception,
        error_code,
        object, ///< whatever to_json() makes a json::value of
    };

    constexpr field_value() noexcept : kind_(kind::null) {}
    constexpr field_value(std::nullptr_t) noexcept : kind_(kind::null) {}
    template <std::same_as<bool> B> // a template, since every pointer would convert to bool
    constexpr field_value(B b) noexcept : kind_(kind::boolean) {
        as_.boolean = b;
    }
    template <std::same_as<char> C>
    constexpr field_value(const C& c) noexcept : kind_(kind::text) {
        as_.text = std::string_view(&c, 1);
    }

    template <std::integral I>
        requires(!std::same_as<I, bool> && !std::same_as<I, char>)
    constexpr field_value(I i) noexcept : kind_(std::is_signed_v<I> ? kind::signed_integer : kind::unsigned_integer) {
        if constexpr (std::is_signed_v<I>)
            as_.integer = i;
        else
            as_.natural = i;
    }

    template <std::floating_point F>
    constexpr field_value(F f) noexcept : kind_(kind::floating) {
        as_.floating = static_cast<double>(f);
    }

    template <class T>
        requires std::convertible_to<const T&, std::string_view> && (!std::same_as<T, std::nullptr_t>)
    constexpr field_value(const T& text [[clang::lifetimebound]]) noexcept : kind_(kind::text) {
        as_.text = text;
    }
    /// A null pointer is written as null.
    constexpr field_value(const char* text) noexcept : kind_(text ? kind::text : kind::null) {
        if (text)
            as_.text = text;
    }

    template <class Rep, class Period>
    constexpr field_value(std::chrono::duration<Rep, Period> d) noexcept : kind_(kind::duration) {
        as_.floating = std::chrono::duration<double, std::milli>(d).count();
    }
    template <class Duration>
    constexpr field_value(std::chrono::sys_time<Duration> t) noexcept : kind_(kind::time) {
        as_.integer = saturating_nanoseconds(t.time_since_epoch()).count(); // as far as wall_time reaches
    }

    field_value(const boost::json::value& v) noexcept : kind_(kind::json) { as_.json = &v; }
    field_value(const std::exception& e) noexcept : kind_(kind::exception) { as_.exception = &e; }
    field_value(const boost::system::error_code& e) noexcept : kind_(kind::error_code) { as_.error_code = &e; }

    template <class T>
    constexpr field_value(const std::optional<T>& o) noexcept : field_value() {
        if (o)
            *this = field_value(*o);
    }
    template <class T>
        requires detail::described<T> || detail::container<T>
    constexpr field_value(const T& object) noexcept : kind_(kind::object) {
        as_.object = {&object, [](const void* o) { return json::to_shown_value(*static_cast<const T*>(o)); }};
    }

    constexpr kind type() const noexcept { return kind_; }

    constexpr bool boolean() const noexcept { return as_.boolean; }
    constexpr std::int64_t signed_integer() const noexcept { return as_.integer; }
    constexpr std::uint64_t unsigned_integer() const noexcept { return as_.natural; }
    constexpr double floating() const noexcept { return as_.floating; }
    constexpr std::string_view text() const noexcept { return as_.text; }
    constexpr double milliseconds() const noexcept { return as_.floating; }
    constexpr wall_time time() const noexcept { return wall_time(std::chrono::nanoseconds(as_.integer)); }
    const boost::json::value& json() const noexcept { return *as_.json; }
    const std::exception& exception() const noexcept { return *as_.exception; }
    const boost::system::error_code& error_code() const noexcept { return *as_.error_code; }
    boost::json::value to_json() const; ///< may throw bad_alloc

private:
    struct erased {
        const void* address;
        boost::json::value (*convert)(const void*);
    };

    union contents {
        constexpr contents() noexcept : integer(0) {} // Clang 16 takes no default initialiser beside a string_view
        bool boolean;
        std::int64_t integer;
        std::uint64_t natural;
        double floating;
        std::string_view text;
        const boost::json::value* json;
        const std::exception* exception;
        const boost::system::error_code* error_code;
        erased object;
    } as_;
    kind kind_;
};

struct field {
    std::string_view key;
    field_value value;
};

/// The fields of one call: a braced list, a list made elsewhere, or a JSON object's members. A view, like field.
class fields {
public:
    constexpr fields() noexcept = default;
    constexpr fields(std::initializer_list<field> list [[clang::lifetimebound]]) noexcept
        : list_(list.begin(), list.size()) {}
    constexpr fields(std::span<const field> list) noexcept : list_(list) {}
    fields(const boost::json::object& members [[clang::lifetimebound]]) noexcept : members_(&members) {}

    /// The list, or, of a JSON object, one field a member, put into `storage`.
    std::span<const field> view(std::vector<field>& storage) const;

private:
    std::span<const field> list_;
    const boost::json::object* members_ = nullptr;
};

} // namespace infra
