#include "credentials_file.hpp"

#include "sigv4/names.hpp"
#include "trimmed.hpp"

#include <algorithm>

namespace infra::storage {
namespace {

constexpr std::string_view white = " \t\r\f\v";

std::string_view take_trimmed_line(std::string_view& text) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return trimmed(line, white);
}

std::string_view section_name(std::string_view line) {
    auto name = trimmed(line.substr(1, line.find(']') - 1), white);
    if (name.starts_with("profile ") || name.starts_with("profile\t"))
        name = trimmed(name.substr(8), white);
    return name;
}

} // namespace

std::optional<std::map<std::string, std::string>> read_profile(std::string_view text, std::string_view name) {
    std::optional<std::map<std::string, std::string>> found;
    bool inside = false;
    if (text.starts_with("\xef\xbb\xbf")) // as some editors mark UTF-8
        text.remove_prefix(3);
    while (!text.empty()) {
        const auto line = take_trimmed_line(text);
        if (line.starts_with('[')) {
            inside = section_name(line) == name;
            if (inside && !found)
                found.emplace();
            continue;
        }
        const auto equals = line.find('=');
        if (inside && equals != line.npos && !line.starts_with('#') && !line.starts_with(';'))
            (*found)[sigv4::lower(trimmed(line.substr(0, equals), white))] = trimmed(line.substr(equals + 1), white);
    }
    return found;
}

} // namespace infra::storage
