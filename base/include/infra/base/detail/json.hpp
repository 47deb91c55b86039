#pragma once

// The templates behind json.hpp: they choose by type and walk members; whatever can be said without a type parameter is
// an ordinary function in json.cpp, so that each user's type costs the compiler little.

#include <infra/base/field.hpp>
#include <infra/base/json.hpp>

#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <ratio>
#include <span>
#include <tuple>
#include <type_traits>

namespace infra::json::detail {

// --- kinds of types ---

template <class T, class... Others>
concept one_of = (std::same_as<T, Others> || ...);

template <class T>
concept json_itself = one_of<T, value, object, array>;

template <class T>
concept integer = std::integral<T> && sizeof(T) <= sizeof(std::int64_t) &&
                  !one_of<T, bool, char, wchar_t, char8_t, char16_t, char32_t>;

template <class T>
concept text = std::convertible_to<const T&, std::string_view>;

template <class T>
concept described_enum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

template <class T>
concept described_struct = boost::describe::has_describe_members<T>::value && !std::is_union_v<T>;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;

template <class T>
concept dictionary = requires { typename T::mapped_type; } && std::same_as<typename T::key_type, std::string>;

template <class T>
concept sequence = requires(const T& t) {
    typename T::value_type;
    t.begin();
    t.end();
    t.size();
};

template <class T>
concept tuple = requires { std::tuple_size<T>::value; };

/// Public data members, those of described bases first.
template <class T>
using members_of = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

/// Milliseconds in one tick, as a fraction.
template <class Duration>
using tick = std::ratio_divide<typename Duration::period, std::milli>;

struct enumerator {
    std::string_view name;
    std::int64_t value;
};

template <template <class...> class List, class... D>
constexpr std::array<enumerator, sizeof...(D)> table_of(List<D...>) {
    return {enumerator{D::name, static_cast<std::int64_t>(D::value)}...};
}

template <class E>
inline constexpr auto enumerators = table_of(boost::describe::describe_enumerators<E>{});

template <class>
inline constexpr bool has_no_json_form = false;

// --- writing ---

/// What is stored or sent is read again by a program; what is shown, by people alone.
enum class purpose { stored, shown };

/// Has no JSON form but may be shown.
template <class T>
concept for_show_alone = std::convertible_to<const T&, field_value>;

/// Says itself how, whatever its members are.
template <class T>
concept shows_itself = requires(const T& t) { t.operator field_value(); };

value from_double(double number) noexcept;
value from_name(std::span<const enumerator> names, std::int64_t number);
value from_ticks(std::int64_t ticks, std::int64_t num, std::int64_t den) noexcept;
value from_field(const field_value& shown);
void append_text(std::string& out, const value& v);
void append_text(std::string& out, const object& o);
void append_text(std::string& out, const array& a);

template <purpose P, class T>
value write(const T& from);

template <purpose P, class M>
void write_member(object& out, const char* name, const M& member) {
    if constexpr (is_optional<M>) {
        if (member)
            out.emplace(name, write<P>(*member));
    } else {
        out.emplace(name, write<P>(member));
    }
}

template <purpose P, class T, template <class...> class List, class... D>
object write_struct(const T& from, List<D...>) {
    object out;
    out.reserve(sizeof...(D));
    (write_member<P>(out, D::name, from.*D::pointer), ...);
    return out;
}

template <purpose P, class T>
object write_dictionary(const T& from) {
    object out;
    out.reserve(from.size());
    for (const auto& [key, element] : from)
        out.emplace(key, write<P>(element));
    return out;
}

template <purpose P, class T>
array write_sequence(const T& from) {
    array out;
    out.reserve(from.size());
    for (const auto& element : from)
        out.push_back(write<P>(element));
    return out;
}

template <purpose P, class T>
array write_tuple(const T& from) {
    array out;
    out.reserve(std::tuple_size_v<T>);
    std::apply([&out](const auto&... element) { (out.push_back(write<P>(element)), ...); }, from);
    return out;
}

template <class Rep, class Period>
value write_duration(std::chrono::duration<Rep, Period> d) {
    using per_tick = tick<decltype(d)>;
    if constexpr (std::is_floating_point_v<Rep>)
        return from_double(std::chrono::duration<double, std::milli>(d).count());
    else
        return from_ticks(static_cast<std::int64_t>(d.count()), per_tick::num, per_tick::den);
}

template <purpose P, class T>
value write(const T& from) {
    if constexpr (P == purpose::shown && shows_itself<T>)
        return from_field(from);
    else if constexpr (json_itself<T> || std::same_as<T, bool> || std::same_as<T, std::nullptr_t>)
        return value(from);
    else if constexpr (integer<T>)
        return value(static_cast<std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>(from));
    else if constexpr (std::floating_point<T>)
        return from_double(static_cast<double>(from));
    else if constexpr (text<T>)
        return value(boost::json::string_view(std::string_view(from)));
    else if constexpr (described_enum<T>)
        return from_name(enumerators<T>, static_cast<std::int64_t>(from));
    else if constexpr (is_optional<T>)
        return from ? write<P>(*from) : value(nullptr);
    else if constexpr (is_duration<T>)
        return write_duration(from);
    else if constexpr (dictionary<T>)
        return value(write_dictionary<P>(from));
    else if constexpr (sequence<T>)
        return value(write_sequence<P>(from));
    else if constexpr (tuple<T>)
        return value(write_tuple<P>(from));
    else if constexpr (described_struct<T>)
        return value(write_struct<P>(from, members_of<T>{}));
    else if constexpr (P == purpose::shown && for_show_alone<T>)
        return from_field(from);
    else if constexpr (for_show_alone<T>)
        static_assert(has_no_json_form<T>, "this type is for logs alone, as a secret is, and cannot be written as JSON "
                                           "that is stored or sent: take it out of the struct, or store what it hides "
                                           "on purpose, in a type that says so");
    else
        static_assert(has_no_json_form<T>, "this type cannot be written as JSON: describe a struct with "
                                           "BOOST_DESCRIBE_STRUCT and an enum with BOOST_DESCRIBE_ENUM");
}

// --- reading ---

/// What reading carries along. Every function that reads returns whether it could; one that could not has noted the
/// failure, and each level on the way out puts its step in front of the path. Success pays nothing for paths.
struct reader {
    unknown_members unknown = unknown_members::ignored;
    failure first;

    // Each returns false.
    bool fail(std::string problem);
    bool expected(std::string_view what, const value& got);
    bool below(std::string_view member);
    bool below(std::size_t index);
};

bool read_bool(const value& from, bool& to, reader& r);
bool read_double(const value& from, double largest, double& to, reader& r);
bool read_string(const value& from, std::string& to, reader& r);
/// `bits` is the number in two's complement: a cast to the type whose bounds were given yields it.
bool read_integer(const value& from, std::int64_t lowest, std::uint64_t highest, std::uint64_t& bits, reader& r);
bool read_name(const value& from, std::span<const enumerator> names, std::int64_t& to, reader& r);
bool read_ticks(const value& from, std::int64_t num, std::int64_t den, std::int64_t lowest, std::int64_t highest,
                std::int64_t& to, reader& r);
/// Null when `from` is something else; that is noted.
const object* read_object(const value& from, reader& r);
const array* read_array(const value& from, reader& r);
const array* read_array_of(std::size_t size, const value& from, reader& r);
bool missing(std::string_view member, reader& r);
bool check_unknown(const object& from, std::span<const std::string_view> known, reader& r);
result<value> parse_text(std::string_view text, limits limit);

template <class T>
bool read(const value& from, T& to, reader& r);

template <integer T>
bool read_number(const value& from, T& to, reader& r) {
    using bounds = std::numeric_limits<T>;
    std::uint64_t bits = 0;
    if (!read_integer(from, static_cast<std::int64_t>(bounds::min()), static_cast<std::uint64_t>(bounds::max()), bits,
                      r))
        return false;
    to = static_cast<T>(bits);
    return true;
}

template <std::floating_point T>
bool read_number(const value& from, T& to, reader& r) {
    double wide = 0;
    constexpr long double largest =
        std::min<long double>(std::numeric_limits<T>::max(), std::numeric_limits<double>::max());
    if (!read_double(from, static_cast<double>(largest), wide, r))
        return false;
    to = static_cast<T>(wide);
    return true;
}

template <described_enum T>
bool read_enum(const value& from, T& to, reader& r) {
    std::int64_t number = 0;
    if (!read_name(from, enumerators<T>, number, r))
        return false;
    to = static_cast<T>(number);
    return true;
}

template <class Rep, class Period>
bool read_duration(const value& from, std::chrono::duration<Rep, Period>& to, reader& r) {
    using duration = std::chrono::duration<Rep, Period>;
    if constexpr (std::is_floating_point_v<Rep>) {
        double ms = 0;
        if (!read_double(from, std::numeric_limits<double>::max(), ms, r))
            return false;
        to = std::chrono::duration_cast<duration>(std::chrono::duration<double, std::milli>(ms));
    } else {
        using bounds = std::numeric_limits<Rep>;
        constexpr auto highest = std::min<std::uint64_t>(bounds::max(), std::numeric_limits<std::int64_t>::max());
        std::int64_t ticks = 0;
        if (!read_ticks(from, tick<duration>::num, tick<duration>::den, static_cast<std::int64_t>(bounds::min()),
                        static_cast<std::int64_t>(highest), ticks, r))
            return false;
        to = duration(static_cast<Rep>(ticks));
    }
    return true;
}

template <class M>
bool read_member(const object& from, std::string_view name, M& to, reader& r) {
    if (const value* found = from.if_contains(name))
        return read(*found, to, r) || r.below(name);
    if constexpr (is_optional<M>) {
        to.reset();
        return true;
    } else {
        return missing(name, r);
    }
}

template <class T, template <class...> class List, class... D>
bool read_struct(const value& from, T& to, reader& r, List<D...>) {
    static constexpr std::array<std::string_view, sizeof...(D)> names{std::string_view(D::name)...};
    const object* members = read_object(from, r);
    return members && check_unknown(*members, names, r) && (read_member(*members, D::name, to.*D::pointer, r) && ...);
}

template <class T>
bool read_dictionary(const value& from, T& to, reader& r) {
    const object* members = read_object(from, r);
    if (!members)
        return false;
    to.clear();
    for (const auto& [key, element] : *members)
        if (!read(element, to[std::string(key)], r))
            return r.below(key);
    return true;
}

template <class T>
bool read_sequence(const value& from, T& to, reader& r) {
    const array* elements = read_array(from, r);
    if (!elements)
        return false;
    to.clear();
    if constexpr (requires { to.reserve(elements->size()); })
        to.reserve(elements->size());
    for (std::size_t i = 0; i < elements->size(); ++i) {
        typename T::value_type element{};
        if (!read((*elements)[i], element, r))
            return r.below(i);
        to.insert(to.end(), std::move(element));
    }
    return true;
}

template <class T>
bool read_std_array(const value& from, T& to, reader& r) {
    const array* elements = read_array_of(to.size(), from, r);
    for (std::size_t i = 0; elements && i < to.size(); ++i)
        if (!read((*elements)[i], to[i], r))
            return r.below(i);
    return elements;
}

template <class T, std::size_t... I>
bool read_tuple(const value& from, T& to, reader& r, std::index_sequence<I...>) {
    const array* elements = read_array_of(sizeof...(I), from, r);
    return elements && ((read((*elements)[I], std::get<I>(to), r) || r.below(I)) && ...);
}

template <class T>
bool read(const value& from, T& to, reader& r) {
    if constexpr (std::same_as<T, value>) {
        to = from;
        return true;
    } else if constexpr (std::same_as<T, object>) {
        const object* found = read_object(from, r);
        return found && (to = *found, true);
    } else if constexpr (std::same_as<T, array>) {
        const array* found = read_array(from, r);
        return found && (to = *found, true);
    } else if constexpr (std::same_as<T, bool>) {
        return read_bool(from, to, r);
    } else if constexpr (integer<T> || std::floating_point<T>) {
        return read_number(from, to, r);
    } else if constexpr (std::same_as<T, std::string>) {
        return read_string(from, to, r);
    } else if constexpr (described_enum<T>) {
        return read_enum(from, to, r);
    } else if constexpr (is_optional<T>) {
        if (!from.is_null())
            return read(from, to.emplace(), r);
        to.reset();
        return true;
    } else if constexpr (is_duration<T>) {
        return read_duration(from, to, r);
    } else if constexpr (dictionary<T>) {
        return read_dictionary(from, to, r);
    } else if constexpr (is_std_array<T>) {
        return read_std_array(from, to, r);
    } else if constexpr (sequence<T> && !text<T>) {
        return read_sequence(from, to, r);
    } else if constexpr (tuple<T>) {
        return read_tuple(from, to, r, std::make_index_sequence<std::tuple_size_v<T>>{});
    } else if constexpr (described_struct<T>) {
        return read_struct(from, to, r, members_of<T>{});
    } else {
        static_assert(has_no_json_form<T>,
                      "this type cannot be read from JSON: describe a struct with BOOST_DESCRIBE_STRUCT, an enum with "
                      "BOOST_DESCRIBE_ENUM, and read text into std::string (a view would dangle)");
    }
}

} // namespace infra::json::detail

namespace infra::json {

template <class T>
value to_value(const T& from) {
    return detail::write<detail::purpose::stored>(from);
}

template <class T>
value to_shown_value(const T& from) {
    return detail::write<detail::purpose::shown>(from);
}

template <class T>
std::string to_text(const T& from) {
    std::string text;
    if constexpr (detail::json_itself<T>)
        detail::append_text(text, from);
    else
        detail::append_text(text, to_value(from));
    return text;
}

template <class T>
result<T> from_value(const value& from, unknown_members unknown) {
    detail::reader r{unknown, {}};
    T to{};
    if (!detail::read(from, to, r))
        return {boost::system::in_place_error, std::move(r.first)};
    return {boost::system::in_place_value, std::move(to)};
}

template <class T>
result<T> parse(std::string_view text, limits limit, unknown_members unknown) {
    auto parsed = detail::parse_text(text, limit);
    if constexpr (std::same_as<T, value>) {
        return parsed;
    } else {
        if (!parsed)
            return {boost::system::in_place_error, std::move(parsed).error()};
        return from_value<T>(*parsed, unknown);
    }
}

} // namespace infra::json
