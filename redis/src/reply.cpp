#include <infra/redis/reply.hpp>

#include "complaints.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <array>
#include <charconv>

namespace infra::redis {
namespace {

template <class Number>
std::optional<Number> number_in(std::string_view text) {
    Number out{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
    return problem == std::errc{} && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

} // namespace

std::string_view to_string(reply::kind k) noexcept {
    static constexpr std::array<std::string_view, 12> names{"null",     "a boolean",       "an integer",   "a double",
                                                            "a text",   "a verbatim text", "a big number", "an error",
                                                            "an array", "a set",           "a map",        "a push"};
    return names[static_cast<std::size_t>(k)];
}

void throw_if_error(const reply& r) {
    if (r.is_error())
        throw error(errc::server, std::string(detail::without_arguments(r.error_message())));
}

void reply::refuse(std::string_view wanted) const {
    throw_if_error(*this);
    throw error(errc::wrong_type,
                "Redis answered " + std::string(to_string(kind_)) + " where " + std::string(wanted) + " was expected");
}

std::string_view reply::error_message() const noexcept {
    return is_error() ? std::string_view(text_) : std::string_view();
}

std::string_view reply::error_code() const noexcept {
    const auto message = error_message();
    return message.substr(0, message.find(' '));
}

std::int64_t reply::as_integer() const {
    if (kind_ == kind::integer)
        return integer_;
    if (kind_ == kind::text)
        if (const auto n = number_in<std::int64_t>(text_))
            return *n;
    refuse("an integer");
}

double reply::as_real() const {
    if (kind_ == kind::real)
        return real_;
    if (kind_ == kind::integer)
        return static_cast<double>(integer_);
    if (kind_ == kind::text)
        if (const auto d = number_in<double>(text_))
            return *d;
    refuse("a double");
}

bool reply::as_boolean() const {
    if (kind_ == kind::boolean || (kind_ == kind::integer && (integer_ == 0 || integer_ == 1)))
        return integer_ == 1;
    if (kind_ == kind::text && text_ == "OK")
        return true;
    refuse("a boolean");
}

const std::string& reply::as_text() const {
    if (!is_text())
        refuse("a text");
    return text_;
}

std::string reply::take_text() && {
    if (!is_text())
        refuse("a text");
    return std::move(text_);
}

const reply::list& reply::items() const {
    if (kind_ < kind::array)
        refuse("an array");
    return items_;
}

reply::list reply::take_items() && {
    if (kind_ < kind::array)
        refuse("an array");
    return std::move(items_);
}

namespace detail {

std::int64_t in_range(std::int64_t n, std::int64_t lowest, std::uint64_t highest) {
    if (n < lowest || (n > 0 && static_cast<std::uint64_t>(n) > highest))
        throw error(errc::wrong_type, "Redis answered an integer that does not fit the type it was asked for as");
    return n;
}

reply::list keys_and_values(reply r) {
    auto items = std::move(r).take_items();
    if (items.size() % 2 != 0)
        throw error(errc::wrong_type, "Redis answered a list of odd length where a map was expected");
    return items;
}

reply::list two_items(reply r) {
    auto items = std::move(r).take_items();
    if (items.size() != 2)
        throw error(errc::wrong_type,
                    "Redis answered a list of " + std::to_string(items.size()) + " where a pair was expected");
    return items;
}

} // namespace detail

} // namespace infra::redis
