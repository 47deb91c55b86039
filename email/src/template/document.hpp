#pragma once

/// A Markdown body, parsed once into two lists of pieces, for HTML and for plain text. Rendering fills the places and
/// joins the pieces: since all structure is in the literals, no value can change it.

#include "link.hpp"
#include "placeholder.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace infra::email {

/// How the values of a piece get into the output. The literal parts of `html` and `text` pieces are ready to be written.
enum class filling {
    html,        ///< escaped, in text and in attributes
    text,        ///< line breaks become spaces
    html_target, ///< a link's target: fill_target, then escaped
    text_target, ///< " (target)" behind a link's text, nothing when it is empty
};

struct piece {
    filling how;
    parts content;
};

struct document {
    std::vector<piece> html;
    std::vector<piece> text;
};

/// Parses CommonMark with tables. `body` is well-formed UTF-8. Throws errc::too_large where a table might have over 1,000 columns
/// or 200,000 cells, or quotations and lists over 500 levels.
document parse_markdown(const marked_text& body);

/// The pieces with their values.
std::string fill(const std::vector<piece>& pieces, const lookup& values);

/// Text for HTML: & < > and both quotes escaped, characters that HTML does not allow replaced by U+FFFD.
std::string escape_html(std::string_view text);

/// Makes a list of pieces, for HTML or for text.
class piece_list {
public:
    /// `base`: filling::html or filling::text.
    explicit piece_list(filling base) : base_(base) {}

    void raw(std::string_view literal); ///< markup of our own
    void add(const parts& content);     ///< literals are escaped for HTML here, once
    void target(const parts& content);  ///< of a link

    std::size_t mark();                  ///< what follows begins a new piece, of this index
    parts since(std::size_t mark) const; ///< the content from there on
    std::vector<piece> take() && { return std::move(pieces_); }

private:
    parts& open();

    filling base_;
    std::vector<piece> pieces_;
    bool closed_ = true;
};

} // namespace infra::email
