#include "document.hpp"

#include "../bidi.hpp"
#include "link.hpp"

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

class html_filler {
public:
    explicit html_filler(std::string& to) : out_(to) {}

    void write(const steps& all, const scope& values) {
        for (const auto& each : all)
            write(each, values);
    }

private:
    void write(const step& s, const scope& values) {
        switch (s.kind) {
        case step_kind::value: return value(s, values);
        case step_kind::target: return target(s, values);
        case step_kind::section:
        case step_kind::inverted:
            return values.each(s.name, s.kind == step_kind::inverted,
                               [&](const scope& inner) { write(s.inside, inner); });
        case step_kind::group: return group(s, values);
        default: literal(s.text);
        }
    }

    void literal(std::string_view text) {
        wrote_ = wrote_ || text.find_first_not_of(" \n") != std::string_view::npos;
        out_ += text;
    }

    void value(const step& s, const scope& values) {
        wrote_ = true; // an empty one too: the elements do not depend on what a value is
        auto found = values.text(s.name);
        append_escaped(out_, found ? with_directions_ended(std::move(*found)) : s.text);
    }

    void target(const step& s, const scope& values) {
        append_escaped(out_, fill_target(s.url, [&](std::string_view name) { return values.text(name); }));
    }

    void group(const step& s, const scope& values) {
        const auto before = out_.size();
        const bool wrote_before = std::exchange(wrote_, false);
        out_ += s.text;
        write(s.inside, values);
        if (wrote_)
            out_ += s.closing;
        else
            out_.resize(before);
        wrote_ = wrote_ || wrote_before;
    }

    bool wrote_ = false; // anything, in the group that is open
    std::string& out_;
};

} // namespace

void append_escaped(std::string& to, std::string_view text) {
    std::size_t plain = 0; // the first character not yet written
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto escaped = escape_of(text[i]);
        if (escaped.empty())
            continue;
        to.append(text, plain, i - plain).append(escaped);
        plain = i + 1;
    }
    to.append(text, plain);
}

void write_html(std::string& to, const steps& of, const scope& values) { html_filler(to).write(of, values); }

} // namespace infra::email
