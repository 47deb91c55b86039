#include "marker.hpp"

#include "lines.hpp"

#include <infra/email/error.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace infra::email {
namespace {

constexpr std::size_t deepest_section = 50; // sections inside each other; rendering calls itself for each
constexpr std::size_t most_blocks = 1000;   // each is looked for among all blocks

bool begins_with_tag(std::string_view line) noexcept {
    line.remove_prefix(leading(line).size());
    return line.size() > 2 && line.starts_with("{{") &&
           std::string_view("#^/!").find(line[2]) != std::string_view::npos;
}

// Whether a tag may stand where the sections `open` are; keeps them up to date. Ends of none are not ours.
bool is_ours(const tag& of, std::vector<std::string_view>& open) {
    if (opens(of.kind))
        open.push_back(of.name);
    if (of.kind != tag_kind::end)
        return opens(of.kind) || of.kind == tag_kind::comment;
    const auto found = std::find(open.rbegin(), open.rend(), of.name);
    if (found == open.rend())
        return false;
    open.erase(std::next(found).base());
    return true;
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
    if (!line.starts_with("{{"))
        return {};
    std::vector<tag> found;
    auto open = names_of(open_); // as it is after each of them
    while (!line.empty()) {
        const auto next = line.starts_with("{{") ? read_tag(line) : std::nullopt;
        if (!next || !is_ours(*next, open))
            return {};
        found.push_back(*next);
        line.remove_prefix(next->size);
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    }
    return found;
}

// What stays of the line is a blank one, so that the blocks around it are no longer one paragraph; or nothing, so that they
// stay one list or one table.
void marker::take_tag_line(const std::vector<tag>& tags) {
    const auto line = line_of(rest_);
    const auto after = rest_.substr(std::min(line.size() + 1, rest_.size()));
    if (!joins(next_text(after))) {
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
    if (made_.blocks.size() == most_blocks)
        refuse(line_, "over 1000 sections");
    open(of, made_.blocks.size());
    made_.blocks.push_back({.opening = {.text = std::string(of.name), .name = std::string(of.name), .kind = of.kind},
                            .begin = out_line_,
                            .end = out_line_,
                            .line = line_});
}

// The next line that is more than tags, as far as one can see from here; looked for once for all the lines before it.
std::string_view marker::next_text(std::string_view after) noexcept {
    if (!next_.data() || next_.size() > after.size())
        next_ = after;
    while (begins_with_tag(line_of(next_)))
        next_.remove_prefix(std::min(line_of(next_).size() + 1, next_.size()));
    return line_of(next_);
}

bool marker::joins(std::string_view next) const noexcept {
    return (in_table_ && is_row(next)) || (after_text_ && begins_item(next));
}

// --- Which sections are open ------------------------------------------------------------------------------------

void marker::open(const tag& of, std::size_t block) {
    if (open_.size() == deepest_section)
        refuse(line_, "over 50 sections inside each other");
    open_.push_back({std::string(of.name), line_, block});
}

bool marker::is_open(std::string_view name) const noexcept {
    return std::ranges::find(open_, name, &open_section::name) != open_.end();
}

std::vector<std::string_view> marker::names_of(const std::vector<open_section>& all) {
    std::vector<std::string_view> names;
    for (const auto& each : all)
        names.push_back(each.name);
    return names;
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
