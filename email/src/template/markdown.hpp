#pragma once

/// cmark-gfm's tree, and a walk over it. The one place, with its two writers, that knows cmark.

#include "document.hpp"

#include <cmark-gfm.h>

#include <string>
#include <string_view>

namespace infra::email::markdown {

/// A node with what the writers ask of it.
class node {
public:
    explicit node(cmark_node* n) noexcept : node_(n) {}

    cmark_node_type type() const noexcept { return cmark_node_get_type(node_); }
    bool is(std::string_view extension_type) const noexcept; ///< "table", "table_row" …

    parts literal(const parts& marks) const; ///< of texts and code
    parts url(const parts& marks) const;     ///< of links and images
    parts title(const parts& marks) const;

    int heading_level() const noexcept { return cmark_node_get_heading_level(node_); }
    bool is_ordered() const noexcept { return cmark_node_get_list_type(node_) == CMARK_ORDERED_LIST; }
    int list_start() const noexcept { return cmark_node_get_list_start(node_); }

    /// A paragraph of a list without blank lines between its items is no paragraph.
    bool is_in_tight_list() const noexcept;
    bool is_last() const noexcept { return cmark_node_next(node_) == nullptr; }
    bool is_in_table_header() const noexcept;

    /// 'l', 'c', 'r' or 0 of a table's cell that stands in `column`, counted from 0.
    char alignment(std::size_t column) const noexcept;

    /// The text inside, as it would stand in an image's alternative text.
    parts inner_text(const parts& marks) const;

private:
    cmark_node* node_;
};

/// What a walk tells. Leaves are entered and not left.
class visitor {
public:
    virtual ~visitor() = default;
    /// False: what is inside is not visited (and neither is the node left).
    virtual bool enter(node n) = 0;
    virtual void leave(node n) = 0;
};

/// The document's HTML with inline styles, without head and body.
std::vector<piece> write_html(cmark_node* root, const parts& marks);

/// Plain text that keeps the document's structure.
std::vector<piece> write_text(cmark_node* root, const parts& marks);

void walk(cmark_node* root, visitor& v);

} // namespace infra::email::markdown
