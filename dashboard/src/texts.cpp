#include "texts.hpp"

#include <algorithm>

namespace infra::dashboard {

std::string_view beginning(std::string_view text, std::size_t most) noexcept {
    if (text.size() <= most)
        return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80)
        --most;
    return text.substr(0, most);
}

std::string_view trimmed(std::string_view text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    text.remove_suffix(text.size() - (text.find_last_not_of(" \t") + 1));
    return text;
}

std::string cut(std::string_view text, std::size_t most) {
    std::string made(beginning(text, most));
    if (made.size() < text.size())
        made += "…";
    return made;
}

json::value payload_of(std::string_view text, std::size_t most) {
    const auto shown = beginning(text, most);
    return {{"text", shown}, {"bytes", text.size()}, {"cut", shown.size() < text.size()}};
}

} // namespace infra::dashboard
