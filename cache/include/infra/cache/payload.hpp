#pragma once

/// What is stored of a value: JSON text, which the TypeScript package reads and writes too, or bytes as they are.
///
/// | C++                                  | stored                                                              |
/// |--------------------------------------|---------------------------------------------------------------------|
/// | text                                 | a JSON string; one that is not UTF-8 as bytes, so nothing is lost    |
/// | std::vector<std::byte>               | bytes                                                               |
/// | all else that infra/base/json.hpp knows | its JSON                                                         |
///
/// Text that is not JSON, as another program may have put there, is read as a string, by std::string and json::value.

#include <infra/base/json.hpp>
#include <infra/cache/error.hpp>
#include <infra/cache/string_list.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cache {

struct payload {
    std::string bytes{};
    bool raw = false; ///< bytes, not JSON
};

using byte_vector = std::vector<std::byte>;

namespace detail {

payload text_payload(std::string_view text);
payload bytes_payload(const byte_vector& bytes);

/// How a reader would have a value.
enum class wanted : std::uint8_t {
    as_stored,
    text, ///< of a JSON string without escapes what lies between the quotes, as `raw`, so that no copy is made of them
};

template <class T>
inline constexpr wanted wanted_for = std::same_as<T, std::string> ? wanted::text : wanted::as_stored;

/// Of a JSON string, or of what is no JSON.
std::string read_json_text(std::string json);
byte_vector read_bytes(const payload& from);

/// The JSON value, or, where `or_text`, what is not JSON as a string. Throws errc::wrong_type.
json::value read_json(const payload& from, bool or_text);

[[noreturn]] void throw_misfit(const json::failure& why);

} // namespace detail

template <class T>
payload to_payload(const T& value) {
    if constexpr (text_like<T>)
        return detail::text_payload(std::string_view(value));
    else if constexpr (std::same_as<T, byte_vector>)
        return detail::bytes_payload(value);
    else
        return {json::to_text(value)};
}

/// Throws errc::wrong_type when what is stored is no T. A stored null is one for json::value and std::optional only.
template <class T>
T from_payload(payload from) {
    if constexpr (std::same_as<T, std::string>) {
        return from.raw ? std::move(from.bytes) : detail::read_json_text(std::move(from.bytes));
    } else if constexpr (std::same_as<T, byte_vector>) {
        return detail::read_bytes(from);
    } else if constexpr (std::same_as<T, json::value>) {
        return detail::read_json(from, true);
    } else {
        auto read = json::from_value<T>(detail::read_json(from, false));
        if (!read)
            detail::throw_misfit(read.error());
        return std::move(*read);
    }
}

} // namespace infra::cache
