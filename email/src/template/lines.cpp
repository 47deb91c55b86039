#include "lines.hpp"

#include <algorithm>

namespace infra::email {

std::string_view line_of(std::string_view text) noexcept { return text.substr(0, text.find('\n')); }

bool is_blank(std::string_view line) noexcept { return line.find_first_not_of(" \t>") == std::string_view::npos; }

std::string_view leading(std::string_view line) noexcept {
    return line.substr(0, std::min(line.find_first_not_of(" \t>"), line.size()));
}

bool is_row(std::string_view line) noexcept { return line.find('|') != std::string_view::npos; }

bool is_delimiter_row(std::string_view line) noexcept {
    return is_row(line) && line.find('-') != std::string_view::npos &&
           line.find_first_not_of("|:- \t>") == std::string_view::npos;
}

bool begins_item(std::string_view line) noexcept {
    line.remove_prefix(leading(line).size());
    const auto digits = std::min(line.find_first_not_of("0123456789"), line.size());
    const auto bullet = line.substr(digits);
    const std::string_view bullets = digits == 0 ? "-+*" : ".)";
    return bullet.size() > 1 && bullets.find(bullet[0]) != std::string_view::npos &&
           (bullet[1] == ' ' || bullet[1] == '\t'); // alone it may underline a heading
}

} // namespace infra::email
