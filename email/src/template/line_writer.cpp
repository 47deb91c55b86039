#include "line_writer.hpp"

#include <utility>

namespace infra::email {
namespace {

// Every line repeats what stands before it: of thousands of levels that would be gigabytes.
constexpr std::size_t shown_levels = 20;

} // namespace

void line_writer::indent(std::string_view first, std::string_view others) {
    levels_.push_back({std::string(first), std::string(others)});
}

void line_writer::separate() {
    want(2);
    blank_levels_ = std::min(blank_levels_, levels_.size());
}

void line_writer::add(std::string_view text) {
    if (text.empty())
        return;
    begin();
    out_ += text;
}

// Breaks are written late, so that none stand at the end. A blank line belongs to what both sides of it are in: the one
// before a quotation is not quoted, the one between its paragraphs is.
void line_writer::begin_line() {
    const int breaks = std::exchange(wanted_breaks_, 0);
    const auto shared = std::min(std::exchange(blank_levels_, std::string::npos), levels_.size());
    for (int i = 0; i < breaks; ++i) {
        out_ += '\n';
        if (i + 1 < breaks)
            add_blank_prefix(shared);
    }
    if (breaks > 0 || !began_)
        add_text_prefix();
    began_ = true;
}

void line_writer::add_blank_prefix(std::size_t levels) {
    const auto begin = out_.size();
    for (std::size_t i = 0; i < std::min(levels, shown_levels); ++i)
        out_ += levels_[i].others;
    while (out_.size() > begin && out_.back() == ' ')
        out_.pop_back();
}

void line_writer::add_text_prefix() {
    for (std::size_t i = 0; i < std::min(levels_.size(), shown_levels); ++i) {
        out_ += levels_[i].next;
        levels_[i].next = levels_[i].others;
    }
}

} // namespace infra::email
