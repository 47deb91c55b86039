#pragma once

// Texts of others, as the API shows them.

#include <infra/base/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace infra::dashboard {

/// At most so many bytes of it; no character is halved.
std::string_view beginning(std::string_view text, std::size_t most) noexcept;

/// Without blanks and tabs around it.
std::string_view trimmed(std::string_view text) noexcept;

/// Of ASCII.
constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// At most so many bytes, with `…` where something was left out; no character is halved.
std::string cut(std::string_view text, std::size_t most);

/// A payload: `{"text":"…","bytes":70000,"cut":true}`. Of one that is longer than `most` the beginning.
json::value payload_of(std::string_view text, std::size_t most);

/// Of a payload: 64 KiB, and with `whole=1` 1 MiB.
inline constexpr std::size_t most_of_payload = 64 * 1024;
inline constexpr std::size_t most_of_whole_payload = 1024 * 1024;

} // namespace infra::dashboard
