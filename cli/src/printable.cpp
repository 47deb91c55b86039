#include "printable.hpp"

#include <algorithm>

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

} // namespace

std::string printable(std::string_view text) {
    std::string safe;
    while (!text.empty()) {
        const auto bytes = obeyed(text);
        safe += bytes > 0 ? '?' : text[0];
        text.remove_prefix(std::max<std::size_t>(bytes, 1));
    }
    return safe;
}

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
