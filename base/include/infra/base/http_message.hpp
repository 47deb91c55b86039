#pragma once

/// What a request and a response have in common: methods, header fields and the words for status codes (RFC 9110).
///
///     http::headers h{{"content-type", "application/json"}};
///     h.append("set-cookie", "a=1");
///     h.append("Set-Cookie", "b=2");                  // names are the same in any case; both fields stay, in order
///     if (auto type = h.get("Content-Type")) parse(*type, body);

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::http {

/// `other` stands for every method this library gives no meaning to.
enum class method { get, head, post, put, delete_, patch, options, connect, trace, other };

/// "GET", "DELETE" …, and "OTHER", which makes it safe as a metric's label.
std::string_view to_string(method m) noexcept;

/// Case counts in methods (RFC 9110 section 9.1): "get" is `other`, and so is "OTHER".
method parse_method(std::string_view text) noexcept;

/// "Not Found" for 404; empty for a code that IANA has not named.
std::string_view reason_phrase(int status) noexcept;

/// One header field. Both views point into the `headers` it came from.
struct header_field {
    std::string_view name;
    std::string_view value;
};

/// Header (or trailer) fields in their order, found by name in any case.
///
/// All text lies in one string, so that a request of twenty fields costs two allocations, and none when the object is
/// cleared and used again. Searching is linear: faster than hashing for as many fields as requests have.
///
/// Threads:  as a standard container.
/// Errors:   every function that stores checks first, and throws std::invalid_argument for a name that is not a token
///           or a value with CR, LF or NUL, which could otherwise smuggle a field or a whole response. The message shows
///           the name, never the value. Past 4 GiB of text it throws std::length_error. A throw changes nothing.
/// Lifetime: views, fields and iterators are good until the next change of the object.
class headers {
public:
    class const_iterator;
    using iterator = const_iterator;
    using value_type = header_field;

    headers() = default;

    /// Appends each in turn.
    headers(std::initializer_list<header_field> fields);

    /// The value of the first field of this name; a present but empty value is not absent.
    std::optional<std::string_view> get(std::string_view name) const noexcept;

    /// The values of all fields of this name, in order.
    std::vector<std::string_view> get_all(std::string_view name) const;

    bool contains(std::string_view name) const noexcept { return get(name).has_value(); }

    /// Adds a field behind the others, beside any of the same name. White space around the value does not belong to it
    /// (RFC 9110 section 5.5) and is dropped.
    void append(std::string_view name, std::string_view value);

    /// Makes this the only field of its name: the first of that name keeps its place and takes the value.
    void set(std::string_view name, std::string_view value);

    /// Removes all fields of this name and says how many there were.
    std::size_t remove(std::string_view name);

    /// Forgets the fields and keeps the memory.
    void clear() noexcept;

    /// Room for so many fields with so many bytes of names and values.
    void reserve(std::size_t fields, std::size_t bytes);

    std::size_t size() const noexcept { return slots_.size(); }
    bool empty() const noexcept { return slots_.empty(); }

    /// The field at `index`, which is less than `size()`.
    header_field operator[](std::size_t index) const noexcept;

    const_iterator begin() const noexcept;
    const_iterator end() const noexcept;

    /// The same fields in the same order, names compared without case.
    friend bool operator==(const headers& a, const headers& b) noexcept;

private:
    /// The name lies at `offset`, the value right behind it, the next slot's name behind that: no gaps.
    struct slot {
        std::uint32_t offset;
        std::uint32_t name_size;
        std::uint32_t value_size;
    };

    std::size_t find(std::string_view name, std::size_t from = 0) const noexcept;
    std::size_t remove_from(std::size_t index, std::string_view name);
    void replace_value(std::size_t index, std::string_view value);
    void replace_text(std::size_t index, std::size_t at, std::size_t size, std::string_view with);
    bool overlaps(std::string_view view) const noexcept;

    std::string text_;
    std::vector<slot> slots_;
};

/// Goes forward; yields fields by value: `for (const auto [name, value] : h)`.
class headers::const_iterator {
public:
    using iterator_concept = std::forward_iterator_tag;
    using iterator_category = std::input_iterator_tag;
    using value_type = header_field;
    using difference_type = std::ptrdiff_t;
    using reference = header_field;
    using pointer = void;

    const_iterator() = default;
    const_iterator(const headers& of, std::size_t index) noexcept : of_(&of), index_(index) {}

    header_field operator*() const noexcept { return (*of_)[index_]; }

    const_iterator& operator++() noexcept {
        ++index_;
        return *this;
    }
    const_iterator operator++(int) noexcept { return {*of_, index_++}; }

    friend bool operator==(const const_iterator& a, const const_iterator& b) noexcept { return a.index_ == b.index_; }

private:
    const headers* of_ = nullptr;
    std::size_t index_ = 0;
};

inline headers::const_iterator headers::begin() const noexcept { return {*this, 0}; }
inline headers::const_iterator headers::end() const noexcept { return {*this, size()}; }

} // namespace infra::http
