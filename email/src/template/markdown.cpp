#include "markdown.hpp"

#include "sections.hpp"

#include <infra/email/error.hpp>

#include <cmark-gfm-core-extensions.h>

#include <algorithm>
#include <memory>
#include <new>

namespace infra::email {
namespace {

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* held) const noexcept {
        Free(held);
    }
};
using parser_handle = std::unique_ptr<cmark_parser, freed_by<cmark_parser_free>>;
using tree_handle = std::unique_ptr<cmark_node, freed_by<cmark_node_free>>;
using iterator_handle = std::unique_ptr<cmark_iter, freed_by<cmark_iter_free>>;

void register_extensions_once() {
    static const bool done = (cmark_gfm_core_extensions_ensure_registered(), true);
    static_cast<void>(done);
}

tree_handle parse(std::string_view text) {
    register_extensions_once();
    const parser_handle parser(cmark_parser_new(CMARK_OPT_DEFAULT));
    if (!parser)
        throw std::bad_alloc();
    if (auto* const table = cmark_find_syntax_extension("table"))
        cmark_parser_attach_syntax_extension(parser.get(), table);
    cmark_parser_feed(parser.get(), text.data(), text.size());
    tree_handle tree(cmark_parser_finish(parser.get()));
    if (!tree)
        throw std::bad_alloc();
    cmark_consolidate_text_nodes(tree.get());
    return tree;
}

std::string_view take_markdown_line(std::string_view& text) noexcept {
    const auto line = text.substr(0, text.find_first_of("\r\n"));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

// How many quotations and lists may begin inside each other on this line, at most.
std::size_t levels_of(std::string_view line) noexcept {
    const auto leading = line.substr(0, line.find_first_not_of(" \t>-+*.)0123456789"));
    return static_cast<std::size_t>(std::ranges::count_if(
        leading, [](char c) { return std::string_view(">-+*.)").find(c) != std::string_view::npos; }));
}

void refuse_over(std::size_t limit, std::size_t found, const char* of_what) {
    if (found > limit)
        throw error(errc::too_large, "the Markdown may have " + std::to_string(found) + " " + of_what +
                                         ", over the limit of " + std::to_string(limit) +
                                         "; make it simpler, or attach it as a file");
}

// Two things grow out of hand inside cmark-gfm, where nothing can stop them: it fills up every row of a table to the columns of
// the first, so that 56 KB become gigabytes, and it takes time for each node by the levels above it and for each column by those
// before it. So this is looked at before, generously.
void refuse_what_explodes(std::string_view text) {
    std::size_t lines = 0, columns = 0, levels = 0;
    for (; !text.empty(); ++lines) {
        const auto line = take_markdown_line(text);
        columns = std::max(columns, static_cast<std::size_t>(std::ranges::count(line, '|')));
        levels = std::max(levels, levels_of(line));
    }
    refuse_over(1000, columns, "columns in a table");
    refuse_over(200'000, columns * lines, "cells in a table");
    refuse_over(500, levels, "levels of quotations and lists");
}

std::string_view text_or_nothing(const char* text) noexcept {
    return text ? std::string_view(text) : std::string_view();
}

} // namespace

namespace markdown {

bool node::is(std::string_view extension_type) const noexcept {
    return text_or_nothing(cmark_node_get_type_string(node_)) == extension_type;
}

parts node::literal(const parts& marks) const { return unmark(text_or_nothing(cmark_node_get_literal(node_)), marks); }
parts node::url(const parts& marks) const { return unmark(text_or_nothing(cmark_node_get_url(node_)), marks); }
parts node::title(const parts& marks) const { return unmark(text_or_nothing(cmark_node_get_title(node_)), marks); }

bool node::is_in_tight_list() const noexcept {
    auto* const item = cmark_node_parent(node_);
    auto* const list = item ? cmark_node_parent(item) : nullptr;
    return list && cmark_node_get_type(list) == CMARK_NODE_LIST && cmark_node_get_list_tight(list);
}

bool node::is_in_table_header() const noexcept {
    auto* const row = cmark_node_parent(node_);
    return row && cmark_gfm_extensions_get_table_row_is_header(row);
}

char node::alignment(std::size_t column) const noexcept {
    auto* const table = cmark_node_parent(cmark_node_parent(node_));
    const auto* const alignments = cmark_gfm_extensions_get_table_alignments(table);
    return column < cmark_gfm_extensions_get_table_columns(table) ? static_cast<char>(alignments[column]) : '\0';
}

parts node::inner_text(const parts& marks) const {
    std::string text;
    const iterator_handle it(cmark_iter_new(node_));
    for (auto event = cmark_iter_next(it.get()); event != CMARK_EVENT_DONE; event = cmark_iter_next(it.get())) {
        auto* const inner = cmark_iter_get_node(it.get());
        const auto type = cmark_node_get_type(inner);
        if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE)
            text += text_or_nothing(cmark_node_get_literal(inner));
        else if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK)
            text += ' ';
    }
    return unmark(text, marks);
}

namespace {

// Of blocks; what is inside a paragraph has no sections around it.
bool is_leaf_block(cmark_node* n) noexcept {
    const auto type = cmark_node_get_type(n);
    return type == CMARK_NODE_CODE_BLOCK || type == CMARK_NODE_HTML_BLOCK || type == CMARK_NODE_THEMATIC_BREAK;
}

void close_sections(std::size_t how_many, visitor& v) {
    for (; how_many > 0; --how_many)
        v.close_section();
}

} // namespace

void walk(cmark_node* root, const section_plan& sections, visitor& v) {
    const iterator_handle it(cmark_iter_new(root));
    for (auto event = cmark_iter_next(it.get()); event != CMARK_EVENT_DONE; event = cmark_iter_next(it.get())) {
        auto* const at = cmark_iter_get_node(it.get());
        if (event == CMARK_EVENT_EXIT) {
            v.leave(node(at));
            close_sections(sections.ends(at), v);
            continue;
        }
        for (const auto* each : sections.begins(at))
            v.open_section(*each);
        if (!v.enter(node(at)))
            cmark_iter_reset(it.get(), at, CMARK_EVENT_EXIT);
        else if (is_leaf_block(at))
            close_sections(sections.ends(at), v);
    }
}

} // namespace markdown

document parse_markdown(const marked_text& body, const std::string& where) {
    refuse_what_explodes(body.text);
    const auto tree = parse(body.text);
    const markdown::section_plan sections(tree.get(), body, where);
    return {markdown::html_steps(tree.get(), body.marks, sections),
            markdown::text_steps(tree.get(), body.marks, sections)};
}

} // namespace infra::email
