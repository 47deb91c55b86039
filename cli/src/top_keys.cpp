#include "top_keys.hpp"

#include <algorithm>
#include <utility>

namespace infra::cli::top {
namespace {

constexpr std::size_t longest_sequence = 16;

pressed plain_key(char c) {
    switch (c) {
    case 'q':
    case 'Q':
    case '\x03':
    case '\x04': return {key::quit};
    case ' ':
    case 'p': return {key::pause};
    case '?':
    case 'h': return {key::help};
    case 's': return {key::sort};
    case 'r':
    case 'S': return {key::reverse};
    case 'k': return {key::up};
    case 'j': return {key::down};
    case 'b':
    case '\x02': return {key::page_up};
    case 'f':
    case '\x06': return {key::page_down};
    case 'g': return {key::first};
    case 'G': return {key::last};
    case '\t':
    case 'l': return {key::next};
    default: break;
    }
    if (c >= '1' && c < static_cast<char>('1' + sections))
        return {key::section_1, static_cast<std::size_t>(c - '1')};
    return {};
}

// After ESC [ or ESC O.
pressed sequence_key(std::string_view tail) {
    constexpr std::pair<std::string_view, key> known[] = {
        {"A", key::up},       {"B", key::down},       {"C", key::next},  {"D", key::previous}, {"Z", key::previous},
        {"5~", key::page_up}, {"6~", key::page_down}, {"H", key::first}, {"1~", key::first},   {"7~", key::first},
        {"F", key::last},     {"4~", key::last},      {"8~", key::last},
    };
    const auto found = std::ranges::find(known, tail, &std::pair<std::string_view, key>::first);
    return {found == std::end(known) ? key::other : found->second};
}

bool ends_sequence(char c) { return c >= 0x40 && c <= 0x7e; }

void show(view& now, section what) {
    now.at = what;
    now.scroll = 0;
    now.help = false;
}

section beside(section at, std::size_t further) {
    return static_cast<section>((static_cast<std::size_t>(at) + further) % sections);
}

} // namespace

std::vector<pressed> key_reader::read(std::string_view bytes) {
    std::vector<pressed> all;
    if (begun_ == "\x1b" && !bytes.empty() && bytes[0] != '[' && bytes[0] != 'O') {
        all.push_back({key::escape});
        begun_.clear();
    }
    for (const char c : bytes) {
        if (begun_.empty() && c != '\x1b') {
            all.push_back(plain_key(c));
        } else if (begun_ == "\x1b" && c != '[' && c != 'O') {
            all.push_back({}); // with Alt
            begun_.clear();
        } else if (begun_.size() < 2) {
            begun_ += c;
        } else {
            begun_ += c;
            if (ends_sequence(c) || begun_.size() == longest_sequence) {
                all.push_back(sequence_key(std::string_view(begun_).substr(2)));
                begun_.clear();
            }
        }
    }
    return all;
}

std::size_t sortable_columns(section of) {
    constexpr std::size_t columns[sections] = {9, 9, 6, 0, 0};
    return columns[static_cast<std::size_t>(of)];
}

void press(view& now, pressed what, std::size_t most_scroll, std::size_t page) {
    now.scroll = std::min(now.scroll, most_scroll);
    if (now.help && what.which != key::quit && what.which != key::section_1) {
        now.help = false;
        return;
    }
    switch (what.which) {
    case key::quit: now.ended = true; break;
    case key::pause: now.paused = !now.paused; break;
    case key::help: now.help = true; break;
    case key::sort:
        if (const auto columns = sortable_columns(now.at); columns > 0)
            now.order() = {(now.order().column + 1) % columns, false};
        break;
    case key::reverse: now.order().reversed = !now.order().reversed; break;
    case key::up: now.scroll -= std::min<std::size_t>(1, now.scroll); break;
    case key::down: now.scroll = std::min(now.scroll + 1, most_scroll); break;
    case key::page_up: now.scroll -= std::min(page, now.scroll); break;
    case key::page_down: now.scroll = std::min(now.scroll + page, most_scroll); break;
    case key::first: now.scroll = 0; break;
    case key::last: now.scroll = most_scroll; break;
    case key::next: show(now, beside(now.at, 1)); break;
    case key::previous: show(now, beside(now.at, sections - 1)); break;
    case key::section_1: show(now, static_cast<section>(what.digit)); break;
    case key::escape:
    case key::other: break;
    }
}

} // namespace infra::cli::top
