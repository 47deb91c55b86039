#include "xml.hpp"

#include <algorithm>
#include <cstddef>

namespace infra::storage::s3 {
namespace {

// A key may be a single space; and entities beyond XML's own five are not expanded, whatever a document type says.
constexpr unsigned how = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_ws_pcdata_single;

// A list of a thousand has some thirty thousand. What is made of each takes up to 128 bytes, so that 16 MiB of "<a/>" would take 272 MiB
// more.
constexpr std::ptrdiff_t most_marks = 100'000;

std::ptrdiff_t marks_in(std::string_view text) noexcept {
    return std::ranges::count_if(text, [](char c) { return c == '<' || c == '='; });
}

} // namespace

xml::xml(std::string_view text) {
    if (marks_in(text) > most_marks)
        return;
    if (document_.load_buffer(text.data(), text.size(), how, pugi::encoding_auto))
        root_ = document_.document_element();
}

bool xml::is(std::string_view name) const noexcept { return root_ && name_of(root_) == name; }

std::string_view name_of(const pugi::xml_node& element) noexcept {
    const std::string_view name = element.name();
    return name.substr(name.find(':') + 1); // npos + 1 is 0
}

pugi::xml_node child(const pugi::xml_node& of, std::string_view name) noexcept {
    for (const auto& below : of.children())
        if (name_of(below) == name)
            return below;
    return {};
}

std::string text_of(const pugi::xml_node& element) {
    std::string text;
    for (const auto& piece : element.children())
        if (piece.type() == pugi::node_pcdata || piece.type() == pugi::node_cdata)
            text += piece.value();
    return text;
}

} // namespace infra::storage::s3
