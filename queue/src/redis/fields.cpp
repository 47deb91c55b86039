#include "fields.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace infra::queue::redis_backend {

const std::string* find_field(const hash_fields& fields, std::string_view name) noexcept {
    const auto found = std::ranges::find(fields, name, [](const auto& each) -> std::string_view { return each.first; });
    return found == fields.end() ? nullptr : &found->second;
}

std::size_t count_in(const hash_fields& fields, std::string_view name) noexcept {
    const auto* value = find_field(fields, name);
    return value ? count_of(*value) : 0;
}

void put_hash(std::vector<std::string>& into, hash_fields hash) {
    into.push_back(std::to_string(hash.size() * 2));
    for (auto& [name, value] : hash) {
        into.push_back(std::move(name));
        into.push_back(std::move(value));
    }
}

std::optional<std::int64_t> leading_integer(std::string_view text) noexcept {
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return read.ec == std::errc() ? std::optional(number) : std::nullopt;
}

std::optional<wall_time> time_of(std::string_view milliseconds) noexcept {
    const auto ms = leading_integer(milliseconds);
    return ms ? std::optional(from_unix_ms(*ms)) : std::nullopt;
}

std::size_t count_of(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, leading_integer(text).value_or(0)));
}

std::optional<wall_time> read_rfc3339(std::string_view text) {
    using namespace std::chrono;
    constexpr std::string_view form = "0000-00-00T00:00:00.000Z";
    const auto fits = [](char c, char f) { return f == '0' ? c >= '0' && c <= '9' : c == f; };
    if (!std::ranges::equal(text, form, fits))
        return std::nullopt;
    const auto number = [text](std::size_t at, std::size_t digits) {
        return static_cast<int>(*leading_integer(text.substr(at, digits)));
    };
    const year_month_day date{year(number(0, 4)), month(unsigned(number(5, 2))), day(unsigned(number(8, 2)))};
    if (!date.ok())
        return std::nullopt;
    return wall_time(sys_days(date)) + hours(number(11, 2)) + minutes(number(14, 2)) + seconds(number(17, 2)) +
           milliseconds(number(20, 3));
}

json::result<json::object> read_object(std::string_view text) {
    constexpr json::limits roomy{.max_bytes = 16 * 1024 * 1024, .max_depth = 256};
    auto read = json::parse(text, roomy);
    if (!read)
        return read.error();
    if (auto* object = read->if_object())
        return std::move(*object);
    return json::failure("", "expected an object");
}

std::optional<double> number_in(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (!value || !value->is_number())
        return std::nullopt;
    const auto number = value->to_number<double>();
    return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<std::int64_t> integer_in(const json::object& object, std::string_view name, std::int64_t lowest,
                                       std::int64_t highest) {
    const auto number = number_in(object, name);
    if (!number || *number < double(lowest) || *number > double(highest))
        return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

std::optional<std::chrono::milliseconds> milliseconds_in(const json::object& object, std::string_view name) {
    const auto ms = integer_in(object, name);
    return ms ? std::optional(std::chrono::milliseconds(*ms)) : std::nullopt;
}

std::optional<wall_time> time_in(const json::object& object, std::string_view name) {
    const auto ms = integer_in(object, name);
    return ms ? std::optional(from_unix_ms(*ms)) : std::nullopt;
}

std::string text_in(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    const auto* text = value ? value->if_string() : nullptr;
    return text ? std::string(*text) : std::string();
}

bool truth_in(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (!value || value->is_null())
        return false;
    if (const auto* flag = value->if_bool())
        return *flag;
    if (const auto* text = value->if_string())
        return !text->empty();
    return !value->is_number() || value->to_number<double>() != 0;
}

const json::object* object_in(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value ? value->if_object() : nullptr;
}

} // namespace infra::queue::redis_backend
