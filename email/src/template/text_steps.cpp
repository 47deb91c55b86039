#include "link.hpp"
#include "markdown.hpp"

#include <algorithm>
#include <utility>

namespace infra::email::markdown {
namespace {

class text_visitor final : public visitor {
public:
    explicit text_visitor(const parts& marks) : marks_(marks) {}

    bool enter(node n) override {
        switch (n.type()) {
        case CMARK_NODE_TEXT:
        case CMARK_NODE_CODE: add(n.literal(marks_)); break;
        case CMARK_NODE_SOFTBREAK:
        case CMARK_NODE_LINEBREAK: out_.add({step_kind::line}); break;
        case CMARK_NODE_PARAGRAPH: begin_paragraph(n); break;
        case CMARK_NODE_HEADING: separate(); break;
        case CMARK_NODE_THEMATIC_BREAK: rule(); break;
        case CMARK_NODE_CODE_BLOCK: code_block(n); break;
        case CMARK_NODE_IMAGE: add(n.inner_text(marks_)); return false;
        case CMARK_NODE_LINK: links_.push_back(out_.mark()); break;
        case CMARK_NODE_BLOCK_QUOTE:
            separate();
            out_.open({.kind = step_kind::indented, .text = "> ", .closing = "> "});
            break;
        case CMARK_NODE_LIST: open_list(n); break;
        case CMARK_NODE_ITEM: out_.open({step_kind::item}); break;
        default: open_table_part(n);
        }
        return true;
    }

    void leave(node n) override {
        switch (n.type()) {
        case CMARK_NODE_PARAGRAPH: begin_paragraph(n); break;
        case CMARK_NODE_HEADING: separate(); break;
        case CMARK_NODE_LINK: close_link(n); break;
        case CMARK_NODE_BLOCK_QUOTE:
            out_.close();
            separate();
            break;
        case CMARK_NODE_LIST:
            out_.close();
            --lists_ > 0 ? end_line() : separate();
            break;
        case CMARK_NODE_ITEM: out_.close(); break;
        default: close_table_part(n);
        }
    }

    void open_section(const part& opening) override { out_.tag(opening); }
    void close_section() override { out_.close(); }

    steps take() && { return std::move(out_).take(); }

private:
    void separate() { out_.add({step_kind::paragraph}); }
    void end_line() { out_.add({step_kind::line}); }
    void begin_paragraph(node n) { n.is_in_tight_list() ? end_line() : separate(); }

    void add(const parts& content) {
        for (const auto& each : content)
            each.is_literal() ? add_lines(each.text) : out_.tag(each);
    }
    void add_lines(std::string_view text) {
        while (!text.empty()) {
            const auto end = std::min(text.find('\n'), text.size());
            out_.literal(text.substr(0, end));
            if (end < text.size())
                out_.add({step_kind::blank});
            text.remove_prefix(std::min(end + 1, text.size()));
        }
    }

    void rule() {
        separate();
        out_.literal("----");
        separate();
    }
    void code_block(node n) {
        separate();
        out_.open({.kind = step_kind::indented, .text = "    ", .closing = "    "});
        add(n.literal(marks_));
        out_.close();
        separate();
    }

    // A link whose text is its target, `<https://example.com>` or `<ann@example.com>`, says it once.
    void close_link(node n) {
        const auto target = n.url(marks_);
        const auto shown = out_.since(links_.back());
        links_.pop_back();
        auto address = shown;
        if (!address.empty() && address.front().is_literal())
            address.front().text.insert(0, "mailto:");
        if (shown != target && address != target && !is_forbidden_target(target, target_kind::link))
            out_.target(target);
    }

    void open_list(node n) {
        lists_++ == 0 ? separate() : end_line();
        n.is_ordered() ? out_.open({.kind = step_kind::list, .number = n.list_start()})
                       : out_.open({.kind = step_kind::list, .text = "- "});
    }

    void open_table_part(node n) {
        if (n.is("table"))
            separate();
        else if (n.is("table_row") || n.is("table_header"))
            end_line();
    }
    void close_table_part(node n) {
        if (n.is("table"))
            separate();
        else if (n.is("table_row") || n.is("table_header"))
            end_line();
        else if (n.is("table_cell") && !n.is_last())
            out_.literal(" | ");
    }

    const parts& marks_;
    step_list out_;
    std::size_t lists_ = 0;
    std::vector<std::size_t> links_;
};

} // namespace

steps text_steps(cmark_node* root, const parts& marks, const section_plan& sections) {
    text_visitor visitor(marks);
    walk(root, sections, visitor);
    return std::move(visitor).take();
}

} // namespace infra::email::markdown
