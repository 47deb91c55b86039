#include <infra/cache/payload.hpp>

#include "plain_text.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace infra::cache::detail {
namespace {

// Our own writer makes no deeper ones, and reading must not exhaust the stack.
constexpr std::size_t max_depth = 256;

json::result<json::value> parse(std::string_view text) {
    return json::parse(text, {.max_bytes = text.size(), .max_depth = max_depth});
}

} // namespace

payload text_payload(std::string_view text) {
    if (!encoding::is_utf8(text))
        return {std::string(text), true};
    if (std::ranges::all_of(text, is_plain)) {
        std::string quoted;
        quoted.reserve(text.size() + 2);
        quoted.append(1, '"').append(text).append(1, '"');
        return {std::move(quoted)};
    }
    return {json::to_text(text)};
}

payload bytes_payload(const byte_vector& bytes) {
    payload out{.raw = true};
    out.bytes.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return out;
}

std::string read_json_text(std::string json) {
    if (is_plain_string(json)) {
        const auto text = inside_quotes(json);
        std::memmove(json.data(), text.data(), text.size());
        json.resize(json.size() - 2);
        return json;
    }
    const auto read = parse(json);
    if (!read)
        return json;
    auto text = json::from_value<std::string>(*read);
    if (!text)
        throw_misfit(text.error());
    return std::move(*text);
}

byte_vector read_bytes(const payload& from) {
    if (!from.raw)
        throw_misfit({"", "expected bytes, got JSON"});
    byte_vector bytes(from.bytes.size());
    if (!bytes.empty())
        std::memcpy(bytes.data(), from.bytes.data(), bytes.size());
    return bytes;
}

json::value read_json(const payload& from, bool or_text) {
    if (!from.raw) {
        if (auto read = parse(from.bytes))
            return std::move(*read);
    }
    if (or_text && encoding::is_utf8(from.bytes))
        return json::value(boost::json::string_view(from.bytes));
    throw_misfit({"", from.raw ? "expected JSON, got bytes" : "expected JSON, got other text"});
}

void throw_misfit(const json::failure& why) {
    throw error(errc::wrong_type, "the cached value is not of the type asked for: " + to_string(why) +
                                      "; ask for what was stored, or erase it");
}

} // namespace infra::cache::detail
