#include "document.hpp"

#include "../bidi.hpp"

#include <algorithm>
#include <utility>

namespace infra::email {
namespace {

// In HTML white space collapses anyway; in plain text a value must not look like several paragraphs.
std::string one_line(std::string_view text) {
    std::string made;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of("\r\n"), text.size());
        made.append(text.substr(0, end));
        text.remove_prefix(end);
        if (text.empty())
            break;
        made += ' ';
        text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
    }
    return made;
}

std::string filled(const piece& p, const lookup& values) {
    if (p.how == filling::html_target)
        return escape_html(fill_target(p.content, values));
    if (p.how == filling::text_target) {
        const auto target = fill_target(p.content, values);
        return target.empty() ? "" : " (" + target + ")";
    }
    std::string made;
    for (const auto& [text, name] : p.content) {
        if (name.empty()) {
            made += text;
            continue;
        }
        const auto found = values(name);
        const auto value = found ? with_directions_ended(*found) : text;
        made += p.how == filling::html ? escape_html(value) : one_line(value);
    }
    return made;
}

// C0 controls but tab and line ends.
bool is_forbidden(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < ' ' && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

} // namespace

std::string escape_html(std::string_view text) {
    std::string made;
    made.reserve(text.size() + text.size() / 8);
    for (const char c : text) {
        switch (c) {
        case '&': made += "&amp;"; break;
        case '<': made += "&lt;"; break;
        case '>': made += "&gt;"; break;
        case '"': made += "&quot;"; break;
        case '\'': made += "&#39;"; break;
        default: is_forbidden(c) ? made.append("\xef\xbf\xbd") : made.append(1, c);
        }
    }
    return made;
}

std::string fill(const std::vector<piece>& pieces, const lookup& values) {
    std::string made;
    for (const auto& each : pieces)
        made += filled(each, values);
    return made;
}

namespace {

void append(parts& to, std::string_view literal) {
    if (to.empty() || to.back().is_place())
        to.push_back({.text = std::string(literal)});
    else
        to.back().text.append(literal);
}

} // namespace

parts& piece_list::open() {
    if (std::exchange(closed_, false))
        pieces_.push_back({base_, {}});
    return pieces_.back().content;
}

void piece_list::raw(std::string_view literal) {
    if (!literal.empty())
        append(open(), literal);
}

void piece_list::add(const parts& content) {
    for (const auto& each : content) {
        if (each.is_place())
            open().push_back(each);
        else
            raw(base_ == filling::html ? escape_html(each.text) : each.text);
    }
}

void piece_list::target(const parts& content) {
    pieces_.push_back({base_ == filling::html ? filling::html_target : filling::text_target, content});
    closed_ = true;
}

std::size_t piece_list::mark() {
    closed_ = true;
    return pieces_.size();
}

parts piece_list::since(std::size_t mark) const {
    parts found;
    for (auto i = mark; i < pieces_.size(); ++i)
        for (const auto& each : pieces_[i].content) {
            if (each.is_place())
                found.push_back(each);
            else
                append(found, each.text);
        }
    return found;
}

} // namespace infra::email
