#include "look.hpp"

#include "../masking.hpp"

#include <infra/base/encoding.hpp>

namespace infra::dashboard {
cache_value shown_value(std::string_view key, const json::value& value) {
    const auto bytes = json::to_text(value).size();
    if (names_a_secret(key))
        return {.kind = "json", .text = json::to_text(json::value(mask)), .bytes = bytes, .hidden = 1};
    auto shown = value;
    const auto hidden = mask_in(shown);
    return {.kind = "json", .text = json::to_text(shown), .bytes = bytes, .hidden = hidden};
}

cache_value shown_value(std::string_view key, const cache::byte_vector& bytes) {
    cache_value made{.kind = "bytes", .bytes = bytes.size(), .hidden = names_a_secret(key) ? 1u : 0u};
    if (made.hidden == 0)
        made.text = encoding::base64_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return made;
}

awaitable<std::optional<cache_value>> look_up(cache::cache in, std::string key) {
    try {
        const auto found = co_await in.get<json::value>(key);
        co_return found ? std::optional(shown_value(key, *found)) : std::nullopt;
    } catch (const error& e) {
        if (e.code() != cache::errc::wrong_type)
            throw;
    }
    const auto bytes = co_await in.get<cache::byte_vector>(key);
    co_return bytes ? std::optional(shown_value(key, *bytes)) : std::nullopt;
}

json::value document_of_ttl(std::chrono::milliseconds left) {
    return left == cache::forever ? json::value() : json::value(left.count());
}

} // namespace infra::dashboard
