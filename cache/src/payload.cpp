#include <infra/cache/payload.hpp>

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

bool is_plain(char c) noexcept { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

// Whether one of eight bytes is a control, a quote, a backslash or not ASCII: that has its highest bit set. Only out of such a
// byte is anything borrowed from the one above.
std::uint64_t odd_ones(const char* eight) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    std::uint64_t word = 0;
    std::memcpy(&word, eight, sizeof word);
    const auto control = word - ones * 0x20, quote = (word ^ ones * '"') - ones,
               backslash = (word ^ ones * '\\') - ones;
    return (word | control | quote | backslash) & ones * 0x80;
}

bool is_plain_ascii(std::string_view text) noexcept {
    if (text.size() < 8)
        return std::ranges::all_of(text, [](char c) { return is_plain(c) && static_cast<unsigned char>(c) < 0x80; });
    std::uint64_t odd = odd_ones(text.data() + text.size() - 8);
    for (std::size_t i = 0; i + 8 <= text.size(); i += 8)
        odd |= odd_ones(text.data() + i);
    return odd == 0;
}

// A JSON string without an escape, which is most of them, is its own content between the quotes.
bool is_plain_string(std::string_view text) noexcept {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"')
        return false;
    const auto inner = text.substr(1, text.size() - 2);
    return is_plain_ascii(inner) || (std::ranges::all_of(inner, is_plain) && encoding::is_utf8(inner));
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

std::string read_text(payload from) {
    if (from.raw)
        return std::move(from.bytes);
    if (is_plain_string(from.bytes)) {
        const auto inner = from.bytes.size() - 2;
        std::memmove(from.bytes.data(), from.bytes.data() + 1, inner);
        from.bytes.resize(inner);
        return std::move(from.bytes);
    }
    const auto read = parse(from.bytes);
    if (!read)
        return std::move(from.bytes);
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
