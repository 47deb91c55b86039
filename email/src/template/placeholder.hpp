#pragma once

/// Places for values, and how they get through the Markdown parser unharmed.
///
/// `{{first_name}}` means things to Markdown: the underscores, the braces in a link's target, the space in `{{ name }}`.
/// So each place is replaced by a mark before parsing, a number between two private-use characters, which Markdown takes
/// for part of a word; afterwards the marks are found again in the texts and targets of the document.

#include <infra/base/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::email {

/// Literal text, or a place for the value `name`.
struct part {
    std::string text;   ///< literal: the text; a place: as it is written, "{{ name }}"
    std::string name{}; ///< empty: literal
    bool is_place() const noexcept { return !name.empty(); }
    friend bool operator==(const part&, const part&) = default;
};
using parts = std::vector<part>;

/// Text with marks, and what they stand for.
struct marked_text {
    std::string text;
    parts marks;
    std::vector<std::string> unknown{}; ///< between double braces and no name: "{{#if x}}"; it stays in `text`
};

/// Finds the places in `source`. `where` begins the message of errc::bad_template for a `{{` that is not closed on its
/// line: "the template welcome", followed by the line's number counted from `first_line`.
marked_text mark_places(std::string_view source, const std::string& where, std::size_t first_line = 1);

/// Text in which nothing is a place.
marked_text without_places(std::string_view source);

/// The parts of a stretch of marked text; neighbouring literals are one part.
parts unmark(std::string_view text, const parts& marks);

/// Both at once, for text that no parser stands between.
parts find_places(std::string_view source, const std::string& where, std::size_t first_line = 1);

/// The value of `name`, a dot leading into objects, as text; empty when there is none or it is null.
std::optional<std::string> value_of(const json::object& data, std::string_view name);

} // namespace infra::email
