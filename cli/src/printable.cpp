#include "printable.hpp"

#include <algorithm>

namespace infra::cli {
namespace {

// U+0080 to U+009F, which terminals obey as they obey ESC.
bool begins_with_c1(std::string_view text) {
    return text.size() > 1 && text[0] == '\xc2' && text[1] >= '\x80' && text[1] <= '\x9f';
}

} // namespace

std::string printable(std::string_view text) {
    std::string safe;
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text[0]);
        const bool c1 = begins_with_c1(text);
        safe += c1 || byte < 0x20 || byte == 0x7f ? '?' : text[0];
        text.remove_prefix(c1 ? 2 : 1);
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
