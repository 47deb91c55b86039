#pragma once

/// cmark-gfm's tree, and a walk over it. The one place, with sections and the two visitors, that knows cmark.

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

class section_plan;

/// What a walk tells. Leaves are entered and not left.
class visitor {
public:
    virtual ~visitor() = default;
    /// False: what is inside is not visited (and neither is the node left).
    virtual bool enter(node n) = 0;
    virtual void leave(node n) = 0;

    /// Sections of whole blocks, around the nodes they are about.
    virtual void open_section(const part& opening) = 0;
    virtual void close_section() = 0;
};

void walk(cmark_node* root, const section_plan& sections, visitor& v);

/// What writes the document's HTML with inline styles, without head and body.
steps html_steps(cmark_node* root, const parts& marks, const section_plan& sections);

/// What writes plain text that keeps the document's structure.
steps text_steps(cmark_node* root, const parts& marks, const section_plan& sections);

} // namespace infra::email::markdown
