#pragma once

/// Where in a document's tree the sections begin and end.

#include "placeholder.hpp"

#include <cmark-gfm.h>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace infra::email::markdown {

/// Sections of whole blocks, each around some neighbours of the tree. Those within a paragraph have their marks in its texts,
/// and are only looked at here.
///
/// Lifetime: of the tree and the marked text.
class section_plan {
public:
    /// Throws errc::bad_template, with `where` before it, for a section that would take a part of the tree and leave the rest
    /// of it: a paragraph's second half, an emphasis without its end.
    section_plan(cmark_node* root, const marked_text& body, const std::string& where);

    /// The openings of sections that begin before `n`, outer ones first.
    const std::vector<const part*>& begins(cmark_node* n) const;

    /// How many sections end behind `n`.
    std::size_t ends(cmark_node* n) const;

private:
    void place(cmark_node* in, const block_section& of, const std::string& where);

    std::map<cmark_node*, std::vector<const part*>> begins_;
    std::map<cmark_node*, std::size_t> ends_;
};

} // namespace infra::email::markdown
