#include "document.hpp"

#include "follower.hpp"
#include "layout.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace infra::email {
namespace {

// C0 controls but tab and line ends.
constexpr bool is_forbidden(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < ' ' && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

// Empty: as it is.
constexpr std::string_view escape_of(char c) noexcept {
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return is_forbidden(c) ? "\xef\xbf\xbd" : "";
    }
}

constexpr std::array<bool, 256> special = [] {
    std::array<bool, 256> made{};
    for (int c = 0; c < 256; ++c)
        made[static_cast<std::size_t>(c)] = !escape_of(static_cast<char>(c)).empty();
    return made;
}();

class html_writer : public follower<html_writer> {
public:
    html_writer(std::string& to, const page_words& words) : out_(to), words_(words) {}

    void literal(std::string_view text) {
        wrote_ = wrote_ || text.find_first_not_of(" \n") != std::string_view::npos;
        out_ += text;
    }

    void value(std::string_view text) {
        wrote_ = true; // an empty one too: the elements do not depend on what a value is
        append_escaped(out_, text);
    }

    void target(std::string_view url) { append_escaped(out_, url); }

    void other(const step& s, const scope& values) {
        switch (s.kind) {
        case step_kind::group: return group(s, values);
        case step_kind::subject: return append_escaped(out_, words_.subject);
        case step_kind::preheader: return append_preheader(out_, words_.preheader);
        case step_kind::language: return language();
        default: break; // of plain text
        }
    }

private:
    void group(const step& s, const scope& values) {
        const auto before = out_.size();
        const bool wrote_before = std::exchange(wrote_, false);
        out_ += s.text;
        follow(s.inside, values);
        if (wrote_)
            out_ += s.closing;
        else
            out_.resize(before);
        wrote_ = wrote_ || wrote_before;
    }

    void language() {
        if (words_.language.empty())
            return;
        out_ += " lang=\"";
        append_escaped(out_, words_.language);
        out_ += '"';
    }

    std::string& out_;
    const page_words& words_;
    bool wrote_ = false; // anything, in the group that is open
};

} // namespace

void append_escaped(std::string& to, std::string_view text) {
    const auto is_special = [](char c) { return special[static_cast<unsigned char>(c)]; };
    while (true) {
        const auto plain = static_cast<std::size_t>(std::ranges::find_if(text, is_special) - text.begin());
        to += text.substr(0, plain);
        if (plain == text.size())
            return;
        to += escape_of(text[plain]);
        text.remove_prefix(plain + 1);
    }
}

void write_html(std::string& to, const steps& of, const page_words& words, const scope& values) {
    html_writer(to, words).follow(of, values);
}

} // namespace infra::email
