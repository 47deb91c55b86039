#pragma once

/// What the server answers, and how it becomes a type of yours.
///
///     reply r = co_await redis.execute({"HGETALL", "user:42"});
///     auto user = redis::to<std::map<std::string, std::string>>(std::move(r));
///
/// `to<T>` knows bool, integers, double, std::string, std::optional<T>, std::vector<T>, std::pair<A, B>,
/// std::map<std::string, T>, std::unordered_map<std::string, T>, `reply` itself and void (anything but an error).
/// Specialise redis::adapter<T> for types of your own.

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace infra::redis {

/// One reply, of either protocol. Maps are lists of keys and values in turn; attributes are not kept.
///
/// Threads:  a value.
/// Errors:   the readers throw infra::error, errc::wrong_type, when it is of another kind, and errc::server with the
///           server's words when it is an error.
class reply {
public:
    enum class kind : std::uint8_t {
        null,
        boolean,
        integer,
        real,
        text,       ///< simple and bulk strings
        verbatim,   ///< text for people; the mark of its format is taken off
        big_number, ///< as digits
        error,
        array,
        set,
        map,
        push, ///< not an answer to anything
    };
    using list = std::vector<reply>;

    reply() noexcept = default; ///< null
    explicit reply(bool b) noexcept : kind_(kind::boolean), integer_(b) {}
    explicit reply(std::int64_t n) noexcept : kind_(kind::integer), integer_(n) {}
    explicit reply(double d) noexcept : kind_(kind::real), real_(d) {}
    explicit reply(std::string text, kind k = kind::text) noexcept : kind_(k), text_(std::move(text)) {}
    explicit reply(list items, kind k = kind::array) noexcept : kind_(k), items_(std::move(items)) {}

    kind type() const noexcept { return kind_; }
    bool is_null() const noexcept { return kind_ == kind::null; }
    bool is_error() const noexcept { return kind_ == kind::error; }

    /// The first word of an error, such as WRONGTYPE; empty of anything else.
    std::string_view error_code() const noexcept;
    /// The whole error; empty of anything else. It may repeat what was sent.
    std::string_view error_message() const noexcept;

    /// An integer, or text that is one.
    std::int64_t as_integer() const;
    /// A double, an integer, or text that is one.
    double as_real() const;
    /// A boolean, an integer 0 or 1, the text OK.
    bool as_boolean() const;
    const std::string& as_text() const;
    std::string take_text() &&;
    /// Of arrays, sets, maps and pushes.
    const list& items() const;
    list take_items() &&;

    friend bool operator==(const reply&, const reply&) = default;

private:
    [[noreturn]] void refuse(std::string_view wanted) const;
    bool is_text() const noexcept { return kind_ >= kind::text && kind_ <= kind::big_number; }

    // Side by side rather than a variant: replies are moved several times on their way, and this moves without a
    // question asked.
    kind kind_ = kind::null;
    std::int64_t integer_ = 0; // of booleans too
    double real_ = 0;
    std::string text_; // of errors too
    list items_;
};

std::string_view to_string(reply::kind k) noexcept;

/// Throws errc::server if the reply is an error: `WRONGTYPE Operation against a key holding the wrong kind of value`.
/// Words of the command that the server repeats are cut off.
void throw_if_error(const reply& r);

/// How a reply becomes a T: `static T from(reply)`.
template <class T>
struct adapter;

template <class T>
T to(reply r) {
    throw_if_error(r);
    if constexpr (!std::is_void_v<T>)
        return adapter<T>::from(std::move(r));
}

namespace detail {
/// Throws errc::wrong_type unless `n` lies between the two.
std::int64_t in_range(std::int64_t n, std::int64_t lowest, std::uint64_t highest);
/// The members of a map or of a list of even length, in turn. RESP2 has no maps.
reply::list keys_and_values(reply r);
/// Throws errc::wrong_type unless there are two.
reply::list two_items(reply r);

template <class Map>
Map to_map(reply r) {
    Map out;
    auto items = keys_and_values(std::move(r));
    for (std::size_t i = 0; i < items.size(); i += 2)
        out.insert_or_assign(std::move(items[i]).take_text(), to<typename Map::mapped_type>(std::move(items[i + 1])));
    return out;
}
} // namespace detail

template <>
struct adapter<reply> {
    static reply from(reply r) { return r; }
};
template <>
struct adapter<std::string> {
    static std::string from(reply r) { return std::move(r).take_text(); }
};
template <>
struct adapter<bool> {
    static bool from(reply r) { return r.as_boolean(); }
};
template <>
struct adapter<double> {
    static double from(reply r) { return r.as_real(); }
};
template <std::integral I>
    requires(!std::same_as<I, bool>)
struct adapter<I> {
    static I from(reply r) {
        using limits = std::numeric_limits<I>;
        const auto lowest = static_cast<std::int64_t>(limits::min());
        return static_cast<I>(detail::in_range(r.as_integer(), lowest, static_cast<std::uint64_t>(limits::max())));
    }
};
template <class T>
struct adapter<std::optional<T>> {
    static std::optional<T> from(reply r) { return r.is_null() ? std::nullopt : std::optional<T>(to<T>(std::move(r))); }
};
template <class T>
struct adapter<std::vector<T>> {
    static std::vector<T> from(reply r) {
        auto items = std::move(r).take_items();
        std::vector<T> out;
        out.reserve(items.size());
        for (auto& each : items)
            out.push_back(to<T>(std::move(each)));
        return out;
    }
};
template <class A, class B>
struct adapter<std::pair<A, B>> {
    static std::pair<A, B> from(reply r) {
        auto items = detail::two_items(std::move(r));
        A first = to<A>(std::move(items[0])); // named, to be read in order
        return {std::move(first), to<B>(std::move(items[1]))};
    }
};
template <class T>
struct adapter<std::map<std::string, T>> {
    static std::map<std::string, T> from(reply r) { return detail::to_map<std::map<std::string, T>>(std::move(r)); }
};
template <class T>
struct adapter<std::unordered_map<std::string, T>> {
    static std::unordered_map<std::string, T> from(reply r) {
        return detail::to_map<std::unordered_map<std::string, T>>(std::move(r));
    }
};

} // namespace infra::redis
