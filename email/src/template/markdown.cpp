#include "markdown.hpp"

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

// cmark-gfm fills up every row of a table to the columns of the first, and what writes them is outside our hands: 56 KB of text
// would become gigabytes. So this is looked at before, generously: no table has more cells than the text's widest line has
// columns, times its lines.
void refuse_endless_tables(std::string_view text) {
    constexpr std::size_t most_cells = 200'000;
    std::size_t lines = 1, bars = 0, widest = 0;
    for (const char c : text) {
        const bool ends = c == '\n' || c == '\r';
        lines += ends ? 1 : 0;
        bars = ends ? 0 : bars + (c == '|' ? 1 : 0);
        widest = std::max(widest, bars);
    }
    if (widest * lines > most_cells)
        throw error(errc::too_large, "the Markdown may hold a table of " + std::to_string(widest * lines) +
                                         " cells, over the limit of " + std::to_string(most_cells) +
                                         "; make its widest line narrower or the text shorter");
}

std::string_view text_of(const char* text) noexcept { return text ? std::string_view(text) : std::string_view(); }

} // namespace

namespace markdown {

bool node::is(std::string_view extension_type) const noexcept {
    return text_of(cmark_node_get_type_string(node_)) == extension_type;
}

parts node::literal(const parts& marks) const { return unmark(text_of(cmark_node_get_literal(node_)), marks); }
parts node::url(const parts& marks) const { return unmark(text_of(cmark_node_get_url(node_)), marks); }
parts node::title(const parts& marks) const { return unmark(text_of(cmark_node_get_title(node_)), marks); }

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
            text += text_of(cmark_node_get_literal(inner));
        else if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK)
            text += ' ';
    }
    return unmark(text, marks);
}

void walk(cmark_node* root, visitor& v) {
    const iterator_handle it(cmark_iter_new(root));
    for (auto event = cmark_iter_next(it.get()); event != CMARK_EVENT_DONE; event = cmark_iter_next(it.get())) {
        auto* const at = cmark_iter_get_node(it.get());
        if (event == CMARK_EVENT_EXIT)
            v.leave(node(at));
        else if (!v.enter(node(at))) {
            cmark_iter_reset(it.get(), at, CMARK_EVENT_EXIT);
        }
    }
}

} // namespace markdown

document parse_markdown(const marked_text& body) {
    refuse_endless_tables(body.text);
    const auto tree = parse(body.text);
    return {markdown::write_html(tree.get(), body.marks), markdown::write_text(tree.get(), body.marks)};
}

} // namespace infra::email
