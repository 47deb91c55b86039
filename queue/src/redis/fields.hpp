#pragma once

// Fields of hashes and members of JSON objects that anybody may have written: what does not fit is as if it were not there.

#include <infra/base/json.hpp>
#include <infra/base/time.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::queue::redis_backend {

using hash_fields = std::vector<std::pair<std::string, std::string>>;

/// The value of a field, or nullptr.
const std::string* find_field(const hash_fields& fields, std::string_view name) noexcept;

/// The number in a field, at least zero.
std::size_t count_in(const hash_fields& fields, std::string_view name) noexcept;

/// As scripts read a hash: how many words, then names and values in turn.
void put_hash(std::vector<std::string>& into, hash_fields hash);

/// The digits that a text begins with, as JavaScript's parseInt reads them.
std::optional<std::int64_t> leading_integer(std::string_view text) noexcept;
std::optional<wall_time> time_of(std::string_view milliseconds) noexcept;
/// At least zero.
std::size_t count_of(std::string_view text) noexcept;

/// Only what format_rfc3339 writes.
std::optional<wall_time> read_rfc3339(std::string_view text);

/// A JSON object of any sensible depth; otherwise what is wrong with the text.
json::result<json::object> read_object(std::string_view text);

/// Finite, else empty.
std::optional<double> number_in(const json::object& object, std::string_view name);
/// What of a number is whole, as far as it lies between the two.
std::optional<std::int64_t> integer_in(const json::object& object, std::string_view name, std::int64_t lowest = 0,
                                       std::int64_t highest = std::int64_t(1) << 53);
std::optional<std::chrono::milliseconds> milliseconds_in(const json::object& object, std::string_view name);
std::optional<wall_time> time_in(const json::object& object, std::string_view name);
/// Empty if it is no text.
std::string text_in(const json::object& object, std::string_view name);
/// As JavaScript has it: neither false nor 0, nor an empty text, nor null, nor absent.
bool truth_in(const json::object& object, std::string_view name);
/// nullptr if it is none.
const json::object* object_in(const json::object& object, std::string_view name);

} // namespace infra::queue::redis_backend
