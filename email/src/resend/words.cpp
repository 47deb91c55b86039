#include "words.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>

namespace infra::email::resend {
namespace {

constexpr std::size_t longest = 300;
constexpr std::string_view gap = "…";

bool is_word(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
}

/// What may stand in an address; more than RFC 5322 has, since too much is better left out than too little.
bool is_of_address(char c) noexcept {
    return is_word(c) || std::string_view("!#$%&*+-/=?^_{|}~.@").find(c) != std::string_view::npos;
}

// Of the controls those of Latin-1 too, U+0080 to U+009F, which terminals obey.
std::string one_line(std::string_view words) {
    std::string line;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto c = static_cast<unsigned char>(words[i]);
        const bool high = c == 0xc2 && i + 1 < words.size() && static_cast<unsigned char>(words[i + 1]) < 0xa0;
        i += high ? 1 : 0;
        if (c > ' ' && c != 0x7f && !high)
            line += words[i];
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
    }
    return line;
}

// Each run of an address's characters with an '@' among them.
std::string without_addresses(std::string_view words) {
    std::string left;
    while (!words.empty()) {
        const auto run = static_cast<std::size_t>(std::ranges::find_if_not(words, is_of_address) - words.begin());
        const auto text = words.substr(0, run);
        left += text.find('@') == std::string_view::npos ? text : gap;
        words.remove_prefix(run);
        if (!words.empty())
            left += words.front();
        words.remove_prefix(std::min<std::size_t>(1, words.size()));
    }
    return left;
}

std::string without_keys(std::string_view words) {
    std::string left;
    for (std::size_t at = 0; at < words.size();) {
        const auto key = words.find("re_", at);
        const bool begins = key == 0 || (key != std::string_view::npos && !is_word(words[key - 1]));
        left += words.substr(at, key == std::string_view::npos ? key : key + 3 - at);
        if (key == std::string_view::npos)
            break;
        at = key + 3;
        if (!begins)
            continue;
        const auto end = std::find_if_not(words.begin() + static_cast<std::ptrdiff_t>(at), words.end(),
                                          [](char c) { return is_word(c) || c == '_'; });
        at = static_cast<std::size_t>(end - words.begin());
        left += gap;
    }
    return left;
}

// As a word of its own: who is called "Art" is no part of "part".
void leave_out(std::string& words, const std::string& name) {
    if (name.size() < 2)
        return;
    for (auto at = words.find(name); at != std::string::npos; at = words.find(name, at)) {
        const auto end = at + name.size();
        const bool alone = (at == 0 || !is_word(words[at - 1])) && (end == words.size() || !is_word(words[end]));
        if (alone)
            words.replace(at, name.size(), gap);
        at += alone ? gap.size() : 1;
    }
}

void leave_out_recipients(std::string& words, const mail& m) {
    for (const auto* const list : {&m.to, &m.cc, &m.bcc, &m.reply_to})
        for (const auto& each : *list)
            leave_out(words, each.name());
}

std::string cut(std::string words) {
    if (words.size() <= longest)
        return words;
    auto end = longest - gap.size();
    while ((words[end] & 0xc0) == 0x80) // within a character
        --end;
    return words.substr(0, end) + std::string(gap);
}

} // namespace

std::string shown(std::string_view words, mails_of_request mails) {
    if (words.size() > 8 * longest) // at a space, for half an address would not be known for one
        words = words.substr(0, words.rfind(' ', 8 * longest));
    if (words.size() > 8 * longest)
        return std::string(gap);
    auto line = one_line(encoding::to_utf8(words));
    for (const auto* const each : mails)
        leave_out_recipients(line, *each);
    return cut(without_keys(without_addresses(line)));
}

} // namespace infra::email::resend
