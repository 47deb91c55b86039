#pragma once

// What the query of a request asks for. What cannot be read is answered 400 naming it.

#include <infra/base/telemetry.hpp>
#include <infra/base/time.hpp>
#include <infra/http_server/request.hpp>
#include <infra/http_server/response.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace infra::dashboard {

[[noreturn]] inline void refuse(std::string_view name, std::string_view why) {
    throw http::error_response(400, "invalid_query", std::string(name) + ": " + std::string(why));
}

/// Not there: `otherwise`.
inline std::uint64_t number_asked(const http::request& r, std::string_view name, std::uint64_t otherwise) {
    const auto text = r.query(name);
    if (!text || text->empty())
        return otherwise;
    std::uint64_t out = 0;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), out);
    if (failed != std::errc() || end != text->data() + text->size())
        refuse(name, "expected a whole number");
    return out;
}

/// How many, from 1 to `most`.
inline std::size_t limit_asked(const http::request& r, std::size_t otherwise, std::size_t most = 200) {
    return std::clamp<std::size_t>(number_asked(r, "limit", otherwise), 1, most);
}

/// Milliseconds since 1970.
inline std::optional<wall_time> time_asked(const http::request& r, std::string_view name) {
    constexpr auto absent = std::uint64_t(-1);
    const auto ms = number_asked(r, name, absent);
    if (ms == absent)
        return std::nullopt;
    return from_unix_ms(static_cast<std::int64_t>(std::min<std::uint64_t>(ms, std::uint64_t(1) << 62)));
}

/// Not there: debug, which is all.
inline level level_asked(const http::request& r, std::string_view name) {
    const auto text = r.query(name);
    if (!text || text->empty())
        return level::debug;
    for (const auto each : {level::debug, level::info, level::warn, level::error})
        if (*text == to_string(each))
            return each;
    refuse(name, "expected debug, info, warn or error");
}

} // namespace infra::dashboard
