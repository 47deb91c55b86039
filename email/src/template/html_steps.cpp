#include "link.hpp"
#include "markdown.hpp"

#include <array>

namespace infra::email::markdown {
namespace {

// Some mail readers (Gmail's for other accounts) know no <style> at all, so every element carries its own.
constexpr std::string_view paragraph_style = "margin:0 0 16px;line-height:1.5";
constexpr std::string_view link_style = "color:#0b57d0;text-decoration:underline";
constexpr std::string_view list_style = "margin:0 0 16px;padding:0 0 0 24px;line-height:1.5";
constexpr std::string_view item_style = "margin:0 0 4px";
constexpr std::string_view quote_style = "margin:0 0 16px;padding:0 0 0 16px;border-left:4px solid #c8ccd0";
constexpr std::string_view code_style = "font-family:Menlo,Consolas,monospace;font-size:14px";
constexpr std::string_view block_style =
    "margin:0 0 16px;padding:12px;border:1px solid #c8ccd0;border-radius:4px;overflow:auto;line-height:1.4";
constexpr std::string_view rule_style = "margin:24px 0;border:0;border-top:1px solid #c8ccd0";
constexpr std::string_view image_style = "max-width:100%;height:auto;border:0";
constexpr std::string_view table_style = "margin:0 0 16px;border-collapse:collapse";
constexpr std::string_view cell_style = "padding:6px 12px;border:1px solid #c8ccd0";
constexpr std::array<std::string_view, 6> heading_styles{
    "margin:24px 0 16px;font-size:26px;line-height:1.25", "margin:24px 0 12px;font-size:21px;line-height:1.3",
    "margin:20px 0 8px;font-size:18px;line-height:1.35",  "margin:16px 0 8px;font-size:16px;line-height:1.4",
    "margin:16px 0 8px;font-size:14px;line-height:1.4",   "margin:16px 0 8px;font-size:13px;line-height:1.4"};

class html_visitor final : public visitor {
public:
    explicit html_visitor(const parts& marks) : marks_(marks) {}

    bool enter(node n) override {
        switch (n.type()) {
        case CMARK_NODE_TEXT: add(n.literal(marks_)); break;
        case CMARK_NODE_SOFTBREAK: out_.literal("\n"); break;
        case CMARK_NODE_LINEBREAK: out_.literal("<br>\n"); break;
        case CMARK_NODE_THEMATIC_BREAK: open("hr", rule_style, "\n"); break;
        case CMARK_NODE_CODE: code(n); break;
        case CMARK_NODE_CODE_BLOCK: code_block(n); break;
        case CMARK_NODE_HTML_BLOCK:
        case CMARK_NODE_HTML_INLINE: break; // left out, whole
        case CMARK_NODE_IMAGE: image(n); return false;
        case CMARK_NODE_LINK: open_link(n); break;
        case CMARK_NODE_PARAGRAPH:
            if (!n.is_in_tight_list())
                open_group("p", paragraph_style);
            break;
        case CMARK_NODE_HEADING:
            open_group(heading(n), heading_styles[static_cast<std::size_t>(n.heading_level() - 1)]);
            break;
        case CMARK_NODE_BLOCK_QUOTE: open_group("blockquote", quote_style, "\n"); break;
        case CMARK_NODE_LIST: open_list(n); break;
        case CMARK_NODE_ITEM: open_group("li", item_style); break;
        case CMARK_NODE_EMPH: out_.literal("<em>"); break;
        case CMARK_NODE_STRONG: out_.literal("<strong>"); break;
        default: open_table_part(n);
        }
        return true;
    }

    void leave(node n) override {
        switch (n.type()) {
        case CMARK_NODE_LINK: out_.literal("</a>"); break;
        case CMARK_NODE_PARAGRAPH:
            if (!n.is_in_tight_list())
                out_.close();
            else if (!n.is_last())
                out_.literal("\n");
            break;
        case CMARK_NODE_HEADING:
        case CMARK_NODE_BLOCK_QUOTE:
        case CMARK_NODE_LIST:
        case CMARK_NODE_ITEM: out_.close(); break;
        case CMARK_NODE_EMPH: out_.literal("</em>"); break;
        case CMARK_NODE_STRONG: out_.literal("</strong>"); break;
        default: close_table_part(n);
        }
    }

    void open_section(const part& opening) override { out_.tag(opening); }
    void close_section() override { out_.close(); }

    steps take() && { return std::move(out_).take(); }

private:
    static std::string heading(node n) { return "h" + std::to_string(n.heading_level()); }

    void add(const parts& content) {
        for (const auto& each : content)
            each.is_literal() ? out_.literal(escaped(each.text)) : out_.tag(each);
    }
    static std::string escaped(std::string_view text) {
        std::string made;
        append_escaped(made, text);
        return made;
    }

    static std::string opening(std::string_view element, std::string_view style) {
        return std::string("<").append(element).append(" style=\"").append(style).append("\">");
    }
    static std::string closing(std::string_view element) { return std::string("</").append(element).append(">\n"); }
    void open(std::string_view element, std::string_view style, std::string_view after = "") {
        out_.literal(opening(element, style).append(after));
    }
    void close(std::string_view element) { out_.literal(closing(element)); }

    // What is left out where the data leave nothing to stand in it.
    void open_group(std::string_view element, std::string_view style, std::string_view after = "") {
        out_.open(
            {.kind = step_kind::group, .text = opening(element, style).append(after), .closing = closing(element)});
    }

    void code(node n) {
        open("code", code_style);
        add(n.literal(marks_));
        out_.literal("</code>");
    }
    void code_block(node n) {
        open("pre", block_style);
        code(n);
        close("pre");
    }

    void add_target(std::string_view attribute, node n, target_kind kind) {
        out_.literal(attribute);
        const auto url = n.url(marks_);
        if (!is_forbidden_target(url, kind))
            out_.target(url);
        out_.literal("\"");
    }
    void add_title(node n) {
        const auto title = n.title(marks_);
        if (title.empty())
            return;
        out_.literal(" title=\"");
        add(title);
        out_.literal("\"");
    }
    void open_link(node n) {
        add_target("<a href=\"", n, target_kind::link);
        add_title(n);
        out_.literal(" style=\"");
        out_.literal(link_style);
        out_.literal("\">");
    }
    void image(node n) {
        add_target("<img src=\"", n, target_kind::image);
        out_.literal(" alt=\"");
        add(n.inner_text(marks_));
        out_.literal("\"");
        add_title(n);
        out_.literal(" style=\"");
        out_.literal(image_style);
        out_.literal("\">");
    }

    void open_list(node n) {
        const std::string element = n.is_ordered() ? "ol" : "ul";
        const bool counted = n.is_ordered() && n.list_start() != 1;
        const auto start = counted ? " start=\"" + std::to_string(n.list_start()) + "\"" : "";
        out_.open({.kind = step_kind::group,
                   .text = "<" + element + start + " style=\"" + std::string(list_style) + "\">\n",
                   .closing = closing(element)});
    }

    void open_table_part(node n) {
        if (n.is("table"))
            open("table", table_style, "\n");
        else if (n.is("table_row") || n.is("table_header")) {
            out_.literal("<tr>\n");
            column_ = 0;
        } else if (n.is("table_cell"))
            open(n.is_in_table_header() ? "th" : "td",
                 std::string(cell_style).append(alignment(n.alignment(column_++))));
    }
    void close_table_part(node n) {
        if (n.is("table"))
            close("table");
        else if (n.is("table_row") || n.is("table_header"))
            close("tr");
        else if (n.is("table_cell"))
            close(n.is_in_table_header() ? "th" : "td");
    }
    static std::string_view alignment(char side) {
        switch (side) {
        case 'c': return ";text-align:center";
        case 'r': return ";text-align:right";
        default: return ";text-align:left";
        }
    }

    const parts& marks_;
    step_list out_;
    std::size_t column_ = 0; // of the row that is being written
};

} // namespace

steps html_steps(cmark_node* root, const parts& marks, const section_plan& sections) {
    html_visitor visitor(marks);
    walk(root, sections, visitor);
    return std::move(visitor).take();
}

} // namespace infra::email::markdown
