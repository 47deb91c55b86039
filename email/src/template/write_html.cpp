#include "document.hpp"

#include "../bidi.hpp"
#include "link.hpp"

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

void write_html(std::string& to, const steps& of, const scope& values) { html_filler(to).write(of, values); }

} // namespace infra::email
