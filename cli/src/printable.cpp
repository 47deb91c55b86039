#include "printable.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <cstdio>

namespace infra::cli {
namespace {

// U+0080 to U+009F, which terminals obey as they obey ESC.
bool begins_with_c1(std::string_view text) {
    return text.size() > 1 && text[0] == '\xc2' && text[1] >= '\x80' && text[1] <= '\x9f';
}

// U+202A to U+202E, which show what stands behind them the other way round: `gpj.exe` as `exe.jpg`.
bool begins_with_turn(std::string_view text) {
    return text.starts_with("\xe2\x80") && text.size() > 2 && text[2] >= '\xaa' && text[2] <= '\xae';
}

// How many bytes a terminal must not be given stand at the beginning.
std::size_t obeyed(std::string_view text) {
    const auto byte = static_cast<unsigned char>(text[0]);
    return begins_with_turn(text) ? 3 : begins_with_c1(text) ? 2 : byte < 0x20 || byte == 0x7f ? 1 : 0;
}

// One byte of 0x80 to 0x9f alone would be obeyed, too: it is no UTF-8, and so becomes U+FFFD.
template <class Replacement>
std::string without_obeyed(std::string_view text, Replacement in_place_of) {
    const auto valid = encoding::to_utf8(text);
    std::string safe;
    for (std::string_view rest = valid; !rest.empty();) {
        const auto bytes = obeyed(rest);
        if (bytes > 0)
            safe += in_place_of(rest.substr(0, bytes));
        else
            safe += rest[0];
        rest.remove_prefix(std::max<std::size_t>(bytes, 1));
    }
    return safe;
}

// Of one character of up to three bytes.
std::string escaped(std::string_view character) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
    const unsigned code = character.size() == 1 ? byte(0)
                          : character.size() == 2
                              ? (byte(0) & 0x1fu) << 6 | (byte(1) & 0x3fu)
                              : (byte(0) & 0x0fu) << 12 | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu);
    char text[8];
    std::snprintf(text, sizeof text, "\\u%04x", code);
    return text;
}

} // namespace

std::string printable(std::string_view text) {
    return without_obeyed(text, [](std::string_view) { return "?"; });
}

std::string printable_json(std::string_view text) { return without_obeyed(text, escaped); }

std::string printable_lines(std::string_view text) {
    std::string safe;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        safe += printable(text.substr(0, end));
        safe += end < text.size() ? "\n" : "";
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return safe;
}

} // namespace infra::cli
