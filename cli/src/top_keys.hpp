#pragma once

/// From the bytes of a keyboard to what is looked at. Pure.
///
///     for (const auto key : keys.read(bytes))
///         press(now, key, screen.most_scroll);

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cli::top {

enum class section : std::size_t { overview, queues, routes, checks, attention };
inline constexpr std::size_t sections = 5;

struct sorting {
    std::size_t column = 0;
    bool reversed = false;
    bool operator==(const sorting&) const = default;
};

/// What somebody looks at, and how.
struct view {
    section at = section::overview;
    std::size_t scroll = 0; ///< lines that are above the first that is seen
    std::array<sorting, sections> sorted{{{}, {.column = 1}, {.column = 1}, {}, {}}}; // the most first
    bool paused = false;
    bool help = false;
    bool ended = false;

    /// Of the table that is seen: the overview has that of the queues.
    std::size_t table() const { return static_cast<std::size_t>(at == section::overview ? section::queues : at); }
    sorting& order() { return sorted[table()]; }
    const sorting& order() const { return sorted[table()]; }
};

enum class key {
    other,
    quit,
    pause,
    help,
    sort,
    reverse,
    up,
    down,
    page_up,
    page_down,
    first,
    last,
    next,
    previous,
    escape,
    section_1
};

/// One press; the sections' digits are `section_1` and what is added to it.
struct pressed {
    key which = key::other;
    std::size_t digit = 0; ///< of section_1: 0 for the first
    bool operator==(const pressed&) const = default;
};

/// Bytes as they come, a key's own in one piece or in several.
class key_reader {
public:
    std::vector<pressed> read(std::string_view bytes);

private:
    std::string begun_; // ESC, or ESC [ and what follows, of a key that has not ended
};

/// How many columns each section's table can be sorted by; 0 has none.
std::size_t sortable_columns(section of);

void press(view& now, pressed what, std::size_t most_scroll, std::size_t page);

} // namespace infra::cli::top
