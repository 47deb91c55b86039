#include "sections.hpp"

#include "markdown.hpp"

#include <infra/email/error.hpp>

#include <algorithm>
#include <memory>

namespace infra::email::markdown {
namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
    throw error(errc::bad_template, where + why);
}

bool is_row(cmark_node* n) noexcept { return node(n).is("table_row") || node(n).is("table_header"); }

bool holds_blocks(cmark_node* n) noexcept {
    const auto type = cmark_node_get_type(n);
    return type == CMARK_NODE_DOCUMENT || type == CMARK_NODE_LIST || type == CMARK_NODE_ITEM ||
           type == CMARK_NODE_BLOCK_QUOTE || node(n).is("table");
}

// cmark gives the paragraph that directly precedes a table no lines of its own, and its lines to the table.
std::size_t first_line(cmark_node* n) noexcept {
    const auto line = cmark_node_get_start_line(n);
    auto* const next = cmark_node_next(n);
    return static_cast<std::size_t>(line == 0 && next ? cmark_node_get_start_line(next) : line);
}

// What cmark says for containers includes blank lines behind them, and for headings the line after.
std::size_t last_line(cmark_node* n) noexcept {
    auto last = first_line(n);
    if (holds_blocks(n)) {
        for (auto* each = cmark_node_first_child(n); each; each = cmark_node_next(each))
            last = std::max(last, last_line(each));
    } else if (!is_row(n) && cmark_node_get_type(n) != CMARK_NODE_HEADING)
        last = std::max(last, static_cast<std::size_t>(cmark_node_get_end_line(n)));
    return last;
}

/// The neighbours that a section has lines of.
struct run {
    cmark_node* first = nullptr;
    cmark_node* last = nullptr;
};

run children_in(cmark_node* in, const block_section& s) noexcept {
    run found;
    for (auto* each = cmark_node_first_child(in); each && first_line(each) < s.end; each = cmark_node_next(each)) {
        auto* const next = cmark_node_next(each);
        const bool is_before = next && first_line(next) <= s.begin; // which spares a look at all that is in it
        if (is_before || last_line(each) < s.begin)
            continue;
        found.first = found.first ? found.first : each;
        found.last = each;
    }
    return found;
}

bool reaches_out(cmark_node* n, const block_section& s) noexcept {
    return first_line(n) < s.begin || last_line(n) >= s.end;
}

/// Looks at the sections whose marks are in texts: none may begin in one node and end in another, or be lost.
class word_sections {
public:
    word_sections(const parts& marks, const std::string& where) : marks_(marks), where_(where) {}

    void look_at(cmark_node* root) {
        const std::unique_ptr<cmark_iter, decltype(&cmark_iter_free)> it(cmark_iter_new(root), cmark_iter_free);
        for (auto event = cmark_iter_next(it.get()); event != CMARK_EVENT_DONE; event = cmark_iter_next(it.get()))
            event == CMARK_EVENT_ENTER ? enter(cmark_iter_get_node(it.get())) : leave();
        const auto expected = std::ranges::count_if(marks_, [](const part& each) { return is_of_section(each); });
        if (seen_ != static_cast<std::size_t>(expected))
            refuse(where_, ": a section stands where only values may: in a link's target or title, a code block's "
                           "language, a table's superfluous cell or HTML");
    }

private:
    static bool is_of_section(const part& p) noexcept { return !p.is_literal() && !p.is_place(); }

    void enter(cmark_node* n) {
        const auto type = cmark_node_get_type(n);
        const bool is_code = type == CMARK_NODE_CODE || type == CMARK_NODE_CODE_BLOCK;
        if (type == CMARK_NODE_TEXT)
            look_at(node(n).literal(marks_));
        else if (is_code) {
            ++depth_; // it begins and ends in the code, or around it
            look_at(node(n).literal(marks_));
            leave();
        } else if (!is_leaf(type))
            ++depth_;
    }
    void leave() {
        --depth_;
        expect_none_within(depth_);
    }

    static bool is_leaf(cmark_node_type type) noexcept {
        return type == CMARK_NODE_HTML_BLOCK || type == CMARK_NODE_HTML_INLINE || type == CMARK_NODE_SOFTBREAK ||
               type == CMARK_NODE_LINEBREAK || type == CMARK_NODE_THEMATIC_BREAK;
    }

    void look_at(const parts& literal) {
        for (const auto& each : literal)
            if (is_of_section(each))
                look_at(each);
    }
    void look_at(const part& p) {
        ++seen_;
        if (p.kind != tag_kind::end)
            return open_.push_back({p.name, depth_});
        if (open_.empty() || open_.back().depth != depth_)
            refuse_half(p.name);
        open_.pop_back();
    }
    void expect_none_within(std::size_t depth) const {
        if (!open_.empty() && open_.back().depth > depth)
            refuse_half(open_.back().name);
    }
    [[noreturn]] void refuse_half(const std::string& name) const {
        refuse(where_, ": the section " + name +
                           " must begin and end within the same paragraph, and within the same emphasis, link or code; "
                           "for whole paragraphs give each of its tags a line of its own");
    }

    struct opened {
        std::string name;
        std::size_t depth;
    };

    const parts& marks_;
    const std::string& where_;
    std::vector<opened> open_;
    std::size_t depth_ = 0;
    std::size_t seen_ = 0;
};

} // namespace

section_plan::section_plan(cmark_node* root, const marked_text& body, const std::string& where) {
    for (const auto& each : body.blocks)
        place(root, each, where);
    word_sections(body.marks, where).look_at(root);
}

// A list all of whose items are in a section stays one list: it is the items that are repeated.
void section_plan::place(cmark_node* in, const block_section& of, const std::string& where) {
    const auto [first, last] = children_in(in, of);
    if (!first)
        return; // nothing in it
    const bool is_list = cmark_node_get_type(first) == CMARK_NODE_LIST;
    if (first == last && holds_blocks(first) && (is_list || reaches_out(first, of)))
        return place(first, of, where);
    const bool is_half_table = node(first).is("table_header");
    if (is_half_table || reaches_out(first, of) || reaches_out(last, of))
        refuse(where, ", line " + std::to_string(of.line) + ": the section " + of.opening.name +
                          " must begin and end between paragraphs, items of one list or rows of one table");
    begins_[first].push_back(&of.opening);
    ++ends_[last];
}

const std::vector<const part*>& section_plan::begins(cmark_node* n) const {
    static const std::vector<const part*> none;
    const auto found = begins_.find(n);
    return found == begins_.end() ? none : found->second;
}

std::size_t section_plan::ends(cmark_node* n) const {
    const auto found = ends_.find(n);
    return found == ends_.end() ? 0 : found->second;
}

} // namespace infra::email::markdown
