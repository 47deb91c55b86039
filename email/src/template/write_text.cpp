#include "document.hpp"

#include "follower.hpp"
#include "line_writer.hpp"

#include <algorithm>
#include <utility>

namespace infra::email {
namespace {

constexpr bool is_break(char c) noexcept { return c == '\r' || c == '\n'; }

std::size_t size_of_line(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::ranges::find_if(text, is_break) - text.begin());
}

std::size_t size_of_breaks(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::ranges::find_if_not(text, is_break) - text.begin());
}

class text_writer : public follower<text_writer> {
public:
    explicit text_writer(std::string& to) : out_(to) {}

    void literal(std::string_view text) { out_.add(text); }

    // In one line: it must not look like several paragraphs.
    void value(std::string_view text) {
        out_.begin(); // an empty one too: as many lines, whatever the value
        while (!text.empty()) {
            const auto line = text.substr(0, size_of_line(text));
            out_.add(line);
            text.remove_prefix(line.size());
            if (!text.empty() && !line.ends_with(' '))
                out_.add(" ");
            text.remove_prefix(size_of_breaks(text));
        }
    }

    void target(std::string_view url) {
        out_.begin(); // as for an empty value
        if (url.empty())
            return;
        out_.add(" (");
        out_.add(url);
        out_.add(")");
    }

    void other(const step& s, const scope& values) {
        switch (s.kind) {
        case step_kind::line: return out_.end_line();
        case step_kind::blank: return out_.blank();
        case step_kind::paragraph: return out_.separate();
        case step_kind::indented: return indented(s, s.text, s.closing, values);
        case step_kind::list: return list(s, values);
        case step_kind::item: return item(s, values);
        default: break; // of a page
        }
    }

private:
    void indented(const step& s, std::string_view first, std::string_view others, const scope& values) {
        out_.indent(first, others);
        follow(s.inside, values);
        out_.outdent();
    }

    void list(const step& s, const scope& values) {
        lists_.push_back({s.text, s.number});
        follow(s.inside, values);
        lists_.pop_back();
    }

    // Numbered as it is written: how often a section is, the data decides.
    void item(const step& s, const scope& values) {
        auto& [bullet, next] = lists_.back();
        const auto first = bullet.empty() ? std::to_string(next) + ". " : bullet;
        out_.end_line();
        out_.indent(first, std::string(first.size(), ' '));
        const auto before = out_.written();
        follow(s.inside, values);
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
    text_writer(to).follow(of, values);
    to += '\n';
}

} // namespace infra::email
