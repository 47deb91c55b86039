#include "marker.hpp"

#include <infra/email/error.hpp>

#include <algorithm>
#include <utility>

namespace infra::email {
namespace {

constexpr std::size_t deepest = 50; // sections inside each other; rendering calls itself for each

std::string_view line_of(std::string_view text) noexcept { return text.substr(0, text.find('\n')); }

bool is_blank(std::string_view line) noexcept { return line.find_first_not_of(" \t>") == std::string_view::npos; }

// Where a line stands in: quotations and, by its indentation, items of lists.
std::string_view leading(std::string_view line) noexcept {
    return line.substr(0, std::min(line.find_first_not_of(" \t>"), line.size()));
}

bool is_row(std::string_view line) noexcept { return line.find('|') != std::string_view::npos; }

// The line under a table's header: | --- | :-: |
bool is_delimiter_row(std::string_view line) noexcept {
    return is_row(line) && line.find('-') != std::string_view::npos &&
           line.find_first_not_of("|:- \t>") == std::string_view::npos;
}

bool begins_item(std::string_view line) noexcept {
    line.remove_prefix(leading(line).size());
    const auto digits = std::min(line.find_first_not_of("0123456789"), line.size());
    const auto bullet = line.substr(digits);
    const std::string_view bullets = digits == 0 ? "-+*" : ".)";
    return !bullet.empty() && bullets.find(bullet[0]) != std::string_view::npos &&
           (bullet.size() == 1 || bullet[1] == ' ' || bullet[1] == '\t');
}

bool begins_with_tag(std::string_view line) noexcept {
    line.remove_prefix(leading(line).size());
    return line.size() > 2 && line.starts_with("{{") &&
           std::string_view("#^/!").find(line[2]) != std::string_view::npos;
}

// The next line that is more than tags, as far as one can see from here.
std::string_view next_text_line(std::string_view text) noexcept {
    while (begins_with_tag(line_of(text)))
        text.remove_prefix(std::min(line_of(text).size() + 1, text.size()));
    return line_of(text);
}

} // namespace

marked_text marker::markdown() && {
    while (!rest_.empty()) {
        const auto tags = tags_alone();
        tags.empty() ? take_line() : take_tag_line(tags);
    }
    refuse_open_sections();
    return std::move(made_);
}

marked_text marker::plain() && {
    while (!rest_.empty())
        take_line();
    refuse_open_sections();
    return std::move(made_);
}

marked_text marker::untagged() && {
    while (!rest_.empty())
        take_character();
    return std::move(made_);
}

// --- Tags within a line -----------------------------------------------------------------------------------------

void marker::take_line() {
    const auto line = line_of(rest_);
    after_text_ = !is_blank(line);
    in_table_ = is_delimiter_row(line) || (in_table_ && is_row(line));
    const auto after = rest_.size() - std::min(line.size() + 1, rest_.size());
    while (rest_.size() > after) {
        if (rest_.starts_with("\\{{"))
            mark({.text = "{{"}, 3); // in code too, where Markdown would keep the backslash
        else if (rest_.starts_with("{{"))
            take_tag();
        else
            take_character();
    }
}

void marker::take_tag() {
    const auto found = read_tag(rest_);
    if (!found)
        refuse(line_, "{{ is not closed; write }} after the name, or \\{{ for braces");
    switch (found->kind) {
    case tag_kind::value: return mark(part_of(*found), found->size);
    case tag_kind::comment: return rest_.remove_prefix(found->size);
    case tag_kind::end: return take_end(*found);
    case tag_kind::section:
    case tag_kind::inverted: open(*found, no_block); return mark(part_of(*found), found->size);
    default: keep_unknown(found->size);
    }
}

void marker::take_end(const tag& of) {
    if (!is_open(of.name))
        return keep_unknown(of.size);
    close(of, false);
    mark(part_of(of), of.size);
}

// Only its first brace: `{{{name}}}` holds a place.
void marker::keep_unknown(std::size_t end) {
    end = std::min(rest_.find_first_not_of('}', end), rest_.size());
    made_.unknown.emplace_back(rest_.substr(0, end));
    keep(1);
}

// The text's own private-use characters must not be taken for marks.
void marker::take_character() {
    if (rest_.starts_with(mark_begin) || rest_.starts_with(mark_end))
        mark({.text = std::string(rest_.substr(0, mark_begin.size()))}, mark_begin.size());
    else
        keep(1);
}

void marker::mark(part what, std::size_t size) {
    made_.text.append(mark_begin).append(std::to_string(made_.marks.size())).append(mark_end);
    made_.marks.push_back(std::move(what));
    rest_.remove_prefix(size);
}

void marker::keep(std::size_t size) {
    if (rest_.front() == '\n')
        ++line_, ++out_line_;
    made_.text.append(rest_.substr(0, size));
    rest_.remove_prefix(size);
}

part marker::part_of(const tag& of) const {
    return {.text = std::string(rest_.substr(0, of.size)), .name = std::string(of.name), .kind = of.kind};
}

// --- Tags that have a line to themselves ------------------------------------------------------------------------

// Empty unless there is nothing else on the line, and all of it is ours.
std::vector<tag> marker::tags_alone() const {
    auto line = line_of(rest_);
    line.remove_prefix(leading(line).size());
    std::vector<tag> found;
    while (!line.empty()) {
        const auto next = line.starts_with("{{") ? read_tag(line) : std::nullopt;
        if (!next || !is_ours(*next, found))
            return {};
        found.push_back(*next);
        line.remove_prefix(next->size);
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    }
    return found;
}

// An end whose section is open, perhaps since a moment ago on the same line.
bool marker::is_ours(const tag& of, const std::vector<tag>& before) const noexcept {
    if (of.kind != tag_kind::end)
        return opens(of.kind) || of.kind == tag_kind::comment;
    return is_open(of.name) ||
           std::ranges::any_of(before, [&](const tag& each) { return opens(each.kind) && each.name == of.name; });
}

// What stays of the line is a blank one, so that the blocks around it are no longer one paragraph; or nothing, so that they
// stay one list or one table.
void marker::take_tag_line(const std::vector<tag>& tags) {
    const auto line = line_of(rest_);
    const auto after = rest_.substr(std::min(line.size() + 1, rest_.size()));
    if (!joins(next_text_line(after))) {
        made_.text.append(leading(line)).append("\n");
        ++out_line_;
        after_text_ = in_table_ = false;
    }
    for (const auto& each : tags) {
        if (each.kind == tag_kind::end)
            close(each, true);
        else if (opens(each.kind))
            open_block(each);
    }
    rest_ = after;
    ++line_;
}

void marker::open_block(const tag& of) {
    open(of, made_.blocks.size());
    made_.blocks.push_back({.opening = {.text = std::string(of.name), .name = std::string(of.name), .kind = of.kind},
                            .begin = out_line_,
                            .end = out_line_,
                            .line = line_});
}

bool marker::joins(std::string_view next) const noexcept {
    return (in_table_ && is_row(next)) || (after_text_ && begins_item(next));
}

// --- Which sections are open ------------------------------------------------------------------------------------

void marker::open(const tag& of, std::size_t block) {
    if (open_.size() == deepest)
        refuse(line_, "over 50 sections inside each other");
    open_.push_back({std::string(of.name), line_, block});
}

bool marker::is_open(std::string_view name) const noexcept {
    return std::ranges::find(open_, name, &open_section::name) != open_.end();
}

void marker::close(const tag& of, bool alone) {
    const auto last = open_.back();
    if (last.name != of.name)
        refuse(line_,
               "{{/" + std::string(of.name) + "}} closes a section before {{/" + last.name + "}} closes the one in it");
    if ((last.block != no_block) != alone)
        refuse(last.line, "the tags of the section " + last.name +
                              " must both have a line to themselves, or both be within one paragraph");
    if (alone)
        made_.blocks[last.block].end = out_line_;
    open_.pop_back();
}

void marker::refuse_open_sections() const {
    if (!open_.empty())
        refuse(open_.back().line,
               "the section " + open_.back().name + " is not closed; write {{/" + open_.back().name + "}}");
}

void marker::refuse(std::size_t line, const std::string& why) const {
    throw error(errc::bad_template, where_ + ", line " + std::to_string(line) + ": " + why);
}

} // namespace infra::email
