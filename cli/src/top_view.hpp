#pragma once

/// The picture of a service as the lines of a terminal. Pure.
///
///     const auto now = render(model.shown(), view, {.columns = 80, .rows = 24}, steady_clock::now());
///     for (const auto& line : now.lines)
///         write(text_of(line));

#include "top_keys.hpp"
#include "top_model.hpp"

#include <string>
#include <vector>

namespace infra::cli::top {

enum class tint { plain, good, doubt, bad, faint, strong, chosen };

struct piece {
    std::string text; ///< safe
    tint in = tint::plain;
};
using line = std::vector<piece>;

struct extent {
    std::size_t columns = 80;
    std::size_t rows = 24;
};

/// Exactly `rows` lines, none of more than `columns` cells.
struct screen {
    std::vector<line> lines;
    std::size_t most_scroll = 0; ///< further down there is nothing
    std::size_t page = 1;        ///< lines that scroll
};

/// What is asked, and how often.
struct place {
    std::string url;
    std::chrono::milliseconds interval{1'000};
};

screen render(const picture& shown, const view& how, const place& of, extent size, steady_time now);

/// Without colours.
std::string text_of(const line& from);

/// For a terminal: with the colours that it has.
std::string painted(const line& from, bool colours);

} // namespace infra::cli::top
