#include <infra/storage/key.hpp>

#include "shown_key.hpp"

#include <infra/base/encoding.hpp>
#include <infra/storage/error.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

namespace infra::storage {
namespace {

struct fault {
    std::string_view rule;
    std::size_t at; ///< which byte, from 0
};

constexpr std::string_view not_utf8 = "is not UTF-8";
constexpr std::string_view control = "has a control character";
constexpr std::string_view no_character = "has U+FFFE or U+FFFF, which are no characters";

// U+0080 to U+009F are C2 80 to C2 9F, U+FFFE and U+FFFF are EF BF BE and EF BF BF: in well-formed text nothing else is.
std::optional<fault> bad_character(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto rest = text.substr(i);
        const auto c = static_cast<unsigned char>(text[i]);
        if (c < 0x20 || c == 0x7F || (rest.size() > 1 && c == 0xC2 && static_cast<unsigned char>(rest[1]) < 0xA0))
            return fault{control, i};
        if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF"))
            return fault{no_character, i};
    }
    return std::nullopt;
}

// Asked only of what is not well-formed.
std::size_t end_of_utf8(std::string_view text) noexcept {
    std::size_t good = 0;
    for (std::size_t i = 1; i <= text.size(); ++i)
        if (encoding::is_utf8(text.substr(0, i)))
            good = i;
    return good;
}

std::optional<fault> bad_text(std::string_view text) noexcept {
    if (text.size() > max_key_size)
        return fault{"is longer than 1024 bytes", max_key_size};
    if (!encoding::is_utf8(text))
        return fault{not_utf8, end_of_utf8(text)};
    return bad_character(text);
}

std::optional<fault> bad_segment(std::string_view segment, std::size_t at) noexcept {
    if (segment.empty())
        return fault{"has an empty segment: a '/' at its beginning, at its end or twice", at};
    if (segment == "." || segment == "..")
        return fault{"has a segment that is '.' or '..'", at};
    return std::nullopt;
}

// Those that are over: of a prefix the last may become anything.
std::optional<fault> bad_segments(std::string_view text, bool last_too) noexcept {
    for (std::size_t at = 0;;) {
        const auto end = text.find('/', at);
        if (end == std::string_view::npos)
            return last_too ? bad_segment(text.substr(at), at) : std::nullopt;
        if (const auto found = bad_segment(text.substr(at, end - at), at))
            return found;
        at = end + 1;
    }
}

std::optional<fault> fault_of_key(std::string_view text) noexcept {
    if (text.empty())
        return fault{"is empty", 0};
    if (const auto found = bad_text(text))
        return found;
    return bad_segments(text, true);
}

std::optional<fault> fault_of_prefix(std::string_view text) noexcept {
    if (const auto found = bad_text(text))
        return found;
    return bad_segments(text, false);
}

void refuse_fault(const std::optional<fault>& found, std::string_view what, std::string_view text) {
    if (found)
        throw storage_error(infra::errc::invalid_input, "the " + std::string(what) + " " + shown_key(text) + " " +
                                                            std::string(found->rule) + " (byte " +
                                                            std::to_string(found->at + 1) + ")");
}

} // namespace

std::string shown_key(std::string_view key) {
    constexpr std::size_t most = 100;
    std::string shown = "\"";
    for (const auto each : key.substr(0, most)) {
        const auto c = static_cast<unsigned char>(each);
        if (c < 0x20 || c >= 0x7F || c == '"' || c == '\\')
            shown.append("\\x").append(encoding::hex_encode({&each, 1}));
        else
            shown += each;
    }
    return shown + (key.size() > most ? "…\"" : "\"");
}

bool is_key(std::string_view text) noexcept { return !fault_of_key(text); }
void check_key(std::string_view text) { refuse_fault(fault_of_key(text), "key", text); }

bool is_prefix(std::string_view text) noexcept { return !fault_of_prefix(text); }
void check_prefix(std::string_view text) { refuse_fault(fault_of_prefix(text), "prefix", text); }

} // namespace infra::storage
