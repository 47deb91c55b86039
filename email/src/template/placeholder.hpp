#pragma once

/// Places for values and sections, and how they get through the Markdown parser unharmed.
///
/// `{{first_name}}` means things to Markdown: the underscores, the braces in a link's target, the space in `{{ name }}`.
/// So each tag is replaced by a mark before parsing, a number between two private-use characters, which Markdown takes
/// for part of a word; afterwards the marks are found again in the texts and targets of the document.
///
/// Tags of sections that have a line to themselves are about whole blocks: paragraphs, items of a list, rows of a table. No
/// mark is left of them, since it would be a block of its own; they are told apart by the lines they stand between.

#include "tag.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace infra::email {

/// Literal text, or a tag.
struct part {
    std::string text;   ///< a literal's text; a tag as it is written, "{{ name }}"
    std::string name{}; ///< a tag's
    tag_kind kind = tag_kind::none;

    bool is_place() const noexcept { return kind == tag_kind::value; }
    bool is_literal() const noexcept { return kind == tag_kind::none; }
    friend bool operator==(const part&, const part&) = default;
};
using parts = std::vector<part>;

/// A section of whole blocks.
struct block_section {
    part opening;
    std::size_t begin; ///< the first line of `marked_text::text` inside, counted from 1
    std::size_t end;   ///< the first line behind it
    std::size_t line;  ///< of the source, where it is opened
};

/// Text with marks, and what they stand for.
struct marked_text {
    std::string text;
    parts marks;
    std::vector<block_section> blocks{}; ///< outer ones before those inside
    std::vector<std::string> unknown{};  ///< between double braces and no tag of ours: "{{#if x}}"; it stays in `text`
};

/// Finds the tags in Markdown. `where` begins the message of errc::bad_template for a `{{` that is not closed on its line
/// and for sections that are not closed or not in order: "the template welcome", followed by the line's number counted
/// from `first_line`. Line ends of any kind become LF.
marked_text mark_places(std::string_view source, const std::string& where, std::size_t first_line = 1);

/// Text in which nothing is a tag.
marked_text without_places(std::string_view source);

/// The parts of a stretch of marked text; neighbouring literals are one part.
parts unmark(std::string_view text, const parts& marks);

/// The same in plain text, where a line of its own means nothing.
marked_text mark_plain(std::string_view source, const std::string& where);

/// Its parts, since no parser stands between.
parts find_places(std::string_view source, const std::string& where);

} // namespace infra::email
