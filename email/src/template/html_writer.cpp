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

class html_writer final : public visitor {
public:
    explicit html_writer(const parts& marks) : marks_(marks) {}

    bool enter(node n) override {
        switch (n.type()) {
        case CMARK_NODE_TEXT: out_.add(n.literal(marks_)); break;
        case CMARK_NODE_SOFTBREAK: out_.raw("\n"); break;
        case CMARK_NODE_LINEBREAK: out_.raw("<br>\n"); break;
        case CMARK_NODE_THEMATIC_BREAK: open("hr", rule_style, "\n"); break;
        case CMARK_NODE_CODE: code(n); break;
        case CMARK_NODE_CODE_BLOCK: code_block(n); break;
        case CMARK_NODE_HTML_BLOCK:
        case CMARK_NODE_HTML_INLINE: break; // left out, whole
        case CMARK_NODE_IMAGE: image(n); return false;
        case CMARK_NODE_LINK: open_link(n); break;
        case CMARK_NODE_PARAGRAPH:
            if (!n.is_in_tight_list())
                open("p", paragraph_style);
            break;
        case CMARK_NODE_HEADING:
            open(heading(n), heading_styles[static_cast<std::size_t>(n.heading_level() - 1)]);
            break;
        case CMARK_NODE_BLOCK_QUOTE: open("blockquote", quote_style, "\n"); break;
        case CMARK_NODE_LIST: open_list(n); break;
        case CMARK_NODE_ITEM: open("li", item_style); break;
        case CMARK_NODE_EMPH: out_.raw("<em>"); break;
        case CMARK_NODE_STRONG: out_.raw("<strong>"); break;
        default: open_table_part(n);
        }
        return true;
    }

    void leave(node n) override {
        switch (n.type()) {
        case CMARK_NODE_LINK: out_.raw("</a>"); break;
        case CMARK_NODE_PARAGRAPH:
            if (!n.is_in_tight_list())
                close("p");
            else if (!n.is_last())
                out_.raw("\n");
            break;
        case CMARK_NODE_HEADING: close(heading(n)); break;
        case CMARK_NODE_BLOCK_QUOTE: close("blockquote"); break;
        case CMARK_NODE_LIST: close(n.is_ordered() ? "ol" : "ul"); break;
        case CMARK_NODE_ITEM: close("li"); break;
        case CMARK_NODE_EMPH: out_.raw("</em>"); break;
        case CMARK_NODE_STRONG: out_.raw("</strong>"); break;
        default: close_table_part(n);
        }
    }

    std::vector<piece> take() && { return std::move(out_).take(); }

private:
    static std::string heading(node n) { return "h" + std::to_string(n.heading_level()); }

    void open(std::string_view element, std::string_view style, std::string_view after = "") {
        out_.raw("<");
        out_.raw(element);
        out_.raw(" style=\"");
        out_.raw(style);
        out_.raw("\">");
        out_.raw(after);
    }
    void close(std::string_view element) {
        out_.raw("</");
        out_.raw(element);
        out_.raw(">\n");
    }

    void code(node n) {
        open("code", code_style);
        out_.add(n.literal(marks_));
        out_.raw("</code>");
    }
    void code_block(node n) {
        open("pre", block_style);
        code(n);
        close("pre");
    }

    void add_target(std::string_view attribute, node n, target_kind kind) {
        out_.raw(attribute);
        const auto url = n.url(marks_);
        if (!is_forbidden_target(url, kind))
            out_.target(url);
        out_.raw("\"");
    }
    void add_title(node n) {
        const auto title = n.title(marks_);
        if (title.empty())
            return;
        out_.raw(" title=\"");
        out_.add(title);
        out_.raw("\"");
    }
    void open_link(node n) {
        add_target("<a href=\"", n, target_kind::link);
        add_title(n);
        out_.raw(" style=\"");
        out_.raw(link_style);
        out_.raw("\">");
    }
    void image(node n) {
        add_target("<img src=\"", n, target_kind::image);
        out_.raw(" alt=\"");
        out_.add(n.inner_text(marks_));
        out_.raw("\"");
        add_title(n);
        out_.raw(" style=\"");
        out_.raw(image_style);
        out_.raw("\">");
    }

    void open_list(node n) {
        if (n.is_ordered() && n.list_start() != 1) {
            out_.raw("<ol start=\"" + std::to_string(n.list_start()) + "\" style=\"");
            out_.raw(list_style);
            out_.raw("\">\n");
        } else
            open(n.is_ordered() ? "ol" : "ul", list_style, "\n");
    }

    void open_table_part(node n) {
        if (n.is("table"))
            open("table", table_style, "\n");
        else if (n.is("table_row") || n.is("table_header")) {
            out_.raw("<tr>\n");
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
    piece_list out_{filling::html};
    std::size_t column_ = 0; // of the row that is being written
};

} // namespace

std::vector<piece> write_html(cmark_node* root, const parts& marks) {
    html_writer writer(marks);
    walk(root, writer);
    return std::move(writer).take();
}

} // namespace infra::email::markdown
