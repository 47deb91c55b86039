#include "document.hpp"

#include "../bidi.hpp"
#include "line_writer.hpp"
#include "link.hpp"

#include <algorithm>
#include <utility>

namespace infra::email {
namespace {

// A value must not look like several paragraphs.
std::string one_line(std::string text) {
    if (text.find_first_of("\r\n") == std::string::npos)
        return text;
    std::string made;
    for (const char c : text) {
        const bool is_break = c == '\r' || c == '\n';
        if (!is_break)
            made += c;
        else if (made.empty() || made.back() != ' ')
            made += ' ';
    }
    return made;
}

class text_filler {
public:
    explicit text_filler(std::string& to) : out_(to) {}

    void write(const steps& all, const scope& values) {
        for (const auto& each : all)
            write(each, values);
    }

private:
    void write(const step& s, const scope& values) {
        switch (s.kind) {
        case step_kind::literal: return out_.add(s.text);
        case step_kind::value: return value(s, values);
        case step_kind::target: return target(s, values);
        case step_kind::section:
        case step_kind::inverted:
            return values.each(s.name, s.kind == step_kind::inverted,
                               [&](const scope& inner) { write(s.inside, inner); });
        case step_kind::line: return out_.end_line();
        case step_kind::blank: return out_.blank();
        case step_kind::paragraph: return out_.separate();
        case step_kind::indented: return indented(s, s.text, s.closing, values);
        case step_kind::list: return list(s, values);
        case step_kind::item: return item(s, values);
        case step_kind::group: write(s.inside, values);
        }
    }

    void value(const step& s, const scope& values) {
        auto found = values.text(s.name);
        out_.begin(); // an empty one too: as many lines, whatever the value
        out_.add(one_line(found ? with_directions_ended(std::move(*found)) : s.text));
    }

    void target(const step& s, const scope& values) {
        const auto url = fill_target(s.url, [&](std::string_view name) { return values.text(name); });
        if (!url.empty())
            out_.add(" (" + url + ")");
    }

    void indented(const step& s, std::string_view first, std::string_view others, const scope& values) {
        out_.indent(first, others);
        write(s.inside, values);
        out_.outdent();
    }

    void list(const step& s, const scope& values) {
        lists_.push_back({s.text, s.number});
        write(s.inside, values);
        lists_.pop_back();
    }

    // Numbered as it is written: how often a section is, the data decides.
    void item(const step& s, const scope& values) {
        auto& [bullet, next] = lists_.back();
        const auto first = bullet.empty() ? std::to_string(next) + ". " : bullet;
        out_.end_line();
        out_.indent(first, std::string(first.size(), ' '));
        const auto before = out_.written();
        write(s.inside, values);
        out_.outdent();
        out_.end_line();
        if (out_.written() != before)
            ++lists_.back().next;
    }

    struct open_list {
        std::string bullet;
        int next;
    };

    line_writer out_;
    std::vector<open_list> lists_;
};

} // namespace

void write_text(std::string& to, const steps& of, const scope& values) {
    text_filler(to).write(of, values);
    to += '\n';
}

} // namespace infra::email
