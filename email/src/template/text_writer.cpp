#include "markdown.hpp"

#include <algorithm>
#include <utility>

namespace infra::email::markdown {
namespace {

/// Lines with what stands before each of them: "> " in a quotation, spaces in a list.
class line_writer {
public:
    void indent(std::string_view first, std::string_view others) {
        levels_.push_back({std::string(first), std::string(others)});
    }
    void outdent() { levels_.pop_back(); }

    /// The next text begins a paragraph.
    void separate() {
        wanted_breaks_ = std::max(wanted_breaks_, began_ ? 2 : 0);
        blank_levels_ = std::min(blank_levels_, levels_.size());
    }
    /// … or only a line.
    void end_line() { wanted_breaks_ = std::max(wanted_breaks_, began_ ? 1 : 0); }

    void add(const parts& content) {
        for (const auto& each : content) {
            if (each.is_place()) {
                begin_text();
                out_.add({each});
            } else
                add_lines(each.text);
        }
    }
    void raw(std::string_view text) { add({{.text = std::string(text)}}); }
    void target(const parts& content) { out_.target(content); }

    std::size_t mark() {
        begin_text();
        return out_.mark();
    }
    parts since(std::size_t m) const { return out_.since(m); }

    std::vector<piece> take() && {
        out_.raw("\n");
        return std::move(out_).take();
    }

private:
    struct level {
        std::string next;
        std::string others;
    };

    void add_lines(std::string_view text) {
        while (!text.empty()) {
            const auto end = std::min(text.find('\n'), text.size());
            if (end > 0) {
                begin_text();
                out_.add({{.text = std::string(text.substr(0, end))}});
            }
            if (end < text.size())
                ++wanted_breaks_;
            text.remove_prefix(std::min(end + 1, text.size()));
        }
    }

    // Breaks are written late, so that none stand at the end. A blank line belongs to what both sides of it are in: the
    // one before a quotation is not quoted, the one between its paragraphs is.
    void begin_text() {
        const int breaks = std::exchange(wanted_breaks_, 0);
        const auto shared = std::min(std::exchange(blank_levels_, std::string::npos), levels_.size());
        for (int i = 0; i < breaks; ++i) {
            out_.raw("\n");
            if (i + 1 < breaks)
                out_.raw(trimmed(blank_prefix(shared)));
        }
        if (breaks > 0 || !began_)
            out_.raw(text_prefix());
        began_ = true;
    }

    std::string blank_prefix(std::size_t levels) const {
        std::string made;
        for (std::size_t i = 0; i < std::min(levels, shown_levels); ++i)
            made += levels_[i].others;
        return made;
    }
    std::string text_prefix() {
        std::string made;
        for (std::size_t i = 0; i < std::min(levels_.size(), shown_levels); ++i)
            made += std::exchange(levels_[i].next, levels_[i].others);
        return made;
    }
    // Every line repeats what stands before it: of thousands of levels that would be gigabytes.
    static constexpr std::size_t shown_levels = 20;

    static std::string trimmed(std::string text) { return text.substr(0, text.find_last_not_of(' ') + 1); }

    piece_list out_{filling::text};
    std::vector<level> levels_;
    int wanted_breaks_ = 0;
    std::size_t blank_levels_ = std::string::npos;
    bool began_ = false;
};

class text_writer final : public visitor {
public:
    explicit text_writer(const parts& marks) : marks_(marks) {}

    bool enter(node n) override {
        switch (n.type()) {
        case CMARK_NODE_TEXT:
        case CMARK_NODE_CODE: out_.add(n.literal(marks_)); break;
        case CMARK_NODE_SOFTBREAK:
        case CMARK_NODE_LINEBREAK: out_.raw("\n"); break;
        case CMARK_NODE_PARAGRAPH: n.is_in_tight_list() ? out_.end_line() : out_.separate(); break;
        case CMARK_NODE_HEADING: out_.separate(); break;
        case CMARK_NODE_THEMATIC_BREAK: block("----"); break;
        case CMARK_NODE_CODE_BLOCK: code_block(n); break;
        case CMARK_NODE_IMAGE: out_.add(n.inner_text(marks_)); return false;
        case CMARK_NODE_LINK: links_.push_back(out_.mark()); break;
        case CMARK_NODE_BLOCK_QUOTE:
            out_.separate();
            out_.indent("> ", "> ");
            break;
        case CMARK_NODE_LIST: open_list(n); break;
        case CMARK_NODE_ITEM: open_item(); break;
        default: open_table_part(n);
        }
        return true;
    }

    void leave(node n) override {
        switch (n.type()) {
        case CMARK_NODE_PARAGRAPH: n.is_in_tight_list() ? out_.end_line() : out_.separate(); break;
        case CMARK_NODE_HEADING: out_.separate(); break;
        case CMARK_NODE_LINK: close_link(n); break;
        case CMARK_NODE_BLOCK_QUOTE:
            out_.outdent();
            out_.separate();
            break;
        case CMARK_NODE_LIST:
            lists_.pop_back();
            lists_.empty() ? out_.separate() : out_.end_line();
            break;
        case CMARK_NODE_ITEM:
            out_.outdent();
            out_.end_line();
            break;
        default: close_table_part(n);
        }
    }

    std::vector<piece> take() && { return std::move(out_).take(); }

private:
    struct list {
        bool ordered;
        int next;
    };

    void block(std::string_view line) {
        out_.separate();
        out_.raw(line);
        out_.separate();
    }
    void code_block(node n) {
        out_.separate();
        out_.indent("    ", "    ");
        out_.add(n.literal(marks_));
        out_.outdent();
        out_.separate();
    }

    // A link whose text is its target, `<https://example.com>` or `<ann@example.com>`, says it once.
    void close_link(node n) {
        const auto target = n.url(marks_);
        const auto shown = out_.since(links_.back());
        links_.pop_back();
        auto address = shown;
        if (!address.empty() && !address.front().is_place())
            address.front().text.insert(0, "mailto:");
        if (shown != target && address != target && !is_forbidden_target(target, target_kind::link))
            out_.target(target);
    }

    void open_list(node n) {
        lists_.empty() ? out_.separate() : out_.end_line();
        lists_.push_back({n.is_ordered(), n.list_start()});
    }
    void open_item() {
        auto& of = lists_.back();
        const auto bullet = of.ordered ? std::to_string(of.next++) + ". " : std::string("- ");
        out_.end_line();
        out_.indent(bullet, std::string(bullet.size(), ' '));
    }

    void open_table_part(node n) {
        if (n.is("table"))
            out_.separate();
        else if (n.is("table_row") || n.is("table_header"))
            out_.end_line();
    }
    void close_table_part(node n) {
        if (n.is("table"))
            out_.separate();
        else if (n.is("table_row") || n.is("table_header"))
            out_.end_line();
        else if (n.is("table_cell") && !n.is_last())
            out_.raw(" | ");
    }

    const parts& marks_;
    line_writer out_;
    std::vector<list> lists_;
    std::vector<std::size_t> links_;
};

} // namespace

std::vector<piece> write_text(cmark_node* root, const parts& marks) {
    text_writer writer(marks);
    walk(root, writer);
    return std::move(writer).take();
}

} // namespace infra::email::markdown
