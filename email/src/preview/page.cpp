#include "page.hpp"

#include "../template/document.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <cstdio>

namespace infra::email::preview {
namespace {

std::string escaped(std::string_view text) {
    std::string made;
    append_escaped(made, text);
    return made;
}

// `<name attributes>content</name>`; attributes and content are HTML already.
std::string element(std::string_view name, std::string_view attributes, std::string_view content) {
    std::string made("<");
    made.append(name).append(attributes.empty() ? "" : " ").append(attributes).append(">").append(content);
    return made.append("</").append(name).append(">\n");
}

std::string classed(std::string_view name, std::string_view kind, std::string_view content) {
    return element(name, "class=\"" + std::string(kind) + "\"", content);
}

std::string query_of(const wish& w) {
    std::string query = "?name=" + encoding::form_encode(w.name);
    if (!w.locale.empty())
        query += "&locale=" + encoding::form_encode(w.locale);
    if (w.scheme == scheme::dark)
        query += "&scheme=dark";
    if (w.images)
        query += "&images=on";
    return escaped(query);
}

std::string link(const wish& to, std::string_view text, bool here) {
    return element("a", "href=\"template" + query_of(to) + "\"" + (here ? " aria-current=\"true\"" : ""),
                   escaped(text));
}

std::string frame(const wish& of, std::string_view title, bool lazy) {
    return element("iframe",
                   "sandbox src=\"html" + query_of(of) + "\" title=\"" + escaped(title) + "\" class=\"" +
                       (of.scheme == scheme::dark ? "dark" : "light") + "\"" + (lazy ? " loading=\"lazy\"" : ""),
                   "");
}

std::string shown_locale(std::string_view locale) { return locale.empty() ? "default" : std::string(locale); }

std::string first_locale(const listed_template& t) { return t.locales.empty() ? "" : t.locales.front(); }

// --- What is on every page ----------------------------------------------------------------------------------------

std::string entry(const listed_template& t, const wish& what) {
    wish to{.name = t.name, .locale = first_locale(t), .scheme = what.scheme, .images = what.images};
    if (std::ranges::find(t.locales, what.locale) != t.locales.end())
        to.locale = what.locale;
    return element("li", "", link(to, t.name, t.name == what.name));
}

std::string navigation(const surroundings& around, const wish& what) {
    std::string list;
    for (const auto& each : around.templates)
        list += entry(each, what);
    return element("nav", "aria-label=\"Templates\"",
                   "<a class=\"home\" href=\"./\">Mail preview</a>\n" +
                       classed("p", "where", escaped(around.directory)) + element("ul", "", list));
}

std::string page(const surroundings& around, const wish& what, std::string_view title, std::string_view content) {
    return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n" +
           element("title", "", escaped(title)) +
           "<link rel=\"stylesheet\" href=\"style.css\">\n<script src=\"live.js\" defer></script>\n</head>\n"
           "<body data-version=\"" +
           escaped(around.version) + "\">\n" + navigation(around, what) + element("main", "", content) +
           "</body>\n</html>\n";
}

std::string notice(std::string_view kind, std::string_view heading, std::string_view sentence) {
    return element("section", "role=\"status\" class=\"notice " + std::string(kind) + "\"",
                   element("h2", "", escaped(heading)) + element("p", "", escaped(sentence)));
}

// --- The index ----------------------------------------------------------------------------------------------------

std::string card(const listed_template& t) {
    std::string locales;
    for (const auto& each : t.locales)
        locales += link({.name = t.name, .locale = each}, shown_locale(each), false);
    const wish first{.name = t.name, .locale = first_locale(t)};
    return classed("article", "card",
                   classed("div", "thumbnail", frame(first, t.name, true)) +
                       element("h2", "", link(first, t.name, false)) +
                       (t.locales.size() > 1 ? classed("p", "pills", locales) : ""));
}

std::string how_to_begin(const surroundings& around) {
    return notice("hint", "No templates yet",
                  "Write " + around.directory +
                      "/welcome.md, with its sample data beside it in welcome.json. It appears here by itself.");
}

// --- A template ---------------------------------------------------------------------------------------------------

std::string choice(std::string_view label, std::string_view links) {
    return element("div", "class=\"choice\" role=\"group\" aria-label=\"" + std::string(label) + "\"", links);
}

std::string choices(const surroundings& around, const wish& what) {
    const auto changed = [&](auto change) {
        auto to = what;
        change(to);
        return to;
    };
    std::string locales;
    for (const auto& each : around.templates)
        if (each.name == what.name && each.locales.size() > 1)
            for (const auto& locale : each.locales)
                locales +=
                    link(changed([&](wish& w) { w.locale = locale; }), shown_locale(locale), locale == what.locale);
    const bool dark = what.scheme == scheme::dark;
    return classed(
        "div", "choices",
        choice("Locale", locales) +
            choice("Colours", link(changed([](wish& w) { w.scheme = scheme::light; }), "Light", !dark) +
                                  link(changed([](wish& w) { w.scheme = scheme::dark; }), "Dark", dark)) +
            choice("Images of the web", link(changed([](wish& w) { w.images = false; }), "No images", !what.images) +
                                            link(changed([](wish& w) { w.images = true; }), "Images", what.images)));
}

std::string size_text(std::size_t bytes) {
    if (bytes < 1024)
        return std::to_string(bytes) + " bytes";
    char text[32];
    std::snprintf(text, sizeof text, "%.1f KB", static_cast<double>(bytes) / 1024);
    return text;
}

std::string first_character(std::string_view text) {
    std::size_t size = std::min<std::size_t>(1, text.size());
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
        ++size;
    return std::string(text.substr(0, size));
}

// As a list of mails shows it.
std::string inbox_row(const rendered_email& mail) {
    const auto who = !mail.from                  ? std::string("EMAIL_FROM")
                     : mail.from->name().empty() ? mail.from->email()
                                                 : mail.from->name();
    return element("section", "class=\"inbox\" aria-label=\"In the inbox\"",
                   element("span", "class=\"avatar\" aria-hidden=\"true\"", escaped(first_character(who))) +
                       classed("span", "sender", escaped(who)) +
                       classed("span", "line",
                               element("strong", "", escaped(mail.subject)) +
                                   classed("span", "preheader", escaped(mail.preheader))));
}

std::string fact(std::string_view name, std::string_view value) {
    return element("div", "", element("dt", "", name) + element("dd", "", value));
}

std::string facts(const look& seen) {
    const auto size = seen.mail->html.size();
    return element("dl", "class=\"facts\"",
                   fact("Template", escaped(seen.path)) +
                       fact("Layout", seen.layout.empty() ? "built in" : escaped(seen.layout)) +
                       fact("HTML", size_text(size) + " of 102 KB") + fact("Text", size_text(seen.mail->text.size())));
}

std::string figure(std::string_view kind, std::string_view caption, const wish& what) {
    return classed("figure", kind,
                   element("figcaption", "", caption) + frame(what, what.name + ", " + std::string(caption), false));
}

std::string mail_sections(const wish& what, const look& seen) {
    std::string made;
    if (!seen.gaps.empty())
        made += notice("gaps", "Not all places have a value", seen.gaps);
    if (seen.mail->html.size() > clipping_size)
        made += notice("gaps", "Too long for Gmail",
                       "The HTML has " + size_text(seen.mail->html.size()) +
                           ". Gmail shows the first 102 KB and hides the rest behind a link.");
    return made + inbox_row(*seen.mail) + facts(seen) +
           classed("div", "frames",
                   figure("phone", "Phone, 375 wide", what) + figure("desktop", "Desktop, 700 wide", what)) +
           classed("section", "part",
                   element("h2", "", "Text part") + element("pre", "tabindex=\"0\"", escaped(seen.mail->text)));
}

// `emails/welcome.json`, where there is none yet.
std::string path_to_write(const surroundings& around, const wish& what) {
    return around.directory + "/" + what.name + ".json";
}

std::string data_section(const surroundings& around, const wish& what, const look& seen) {
    const auto where = seen.sample_path.empty()
                           ? "There is none: write " + path_to_write(around, what) + ", and it is put in here."
                           : "From " + seen.sample_path + ". Change the file, and this page follows.";
    return classed("section", "part",
                   element("h2", "", "Sample data") + classed("p", "where", escaped(where)) +
                       (seen.sample_path.empty() ? "" : element("pre", "tabindex=\"0\"", escaped(seen.sample))));
}

} // namespace

std::string index_page(const surroundings& around) {
    std::string cards;
    for (const auto& each : around.templates)
        cards += card(each);
    std::string content = element("header", "", element("h1", "", "Templates"));
    if (!around.problem.empty())
        content += notice("problem", "The templates cannot be listed", around.problem);
    else if (around.templates.empty())
        content += how_to_begin(around);
    return page(around, {}, "Mail preview", content + classed("div", "cards", cards));
}

std::string template_page(const surroundings& around, const wish& what, const look& seen) {
    auto content = element("header", "", element("h1", "", escaped(what.name)) + choices(around, what));
    if (!seen.mail)
        content += notice("problem", "This template cannot be rendered", seen.problem);
    else
        content += mail_sections(what, seen) + data_section(around, what, seen);
    return page(around, what, what.name + " · Mail preview", content);
}

} // namespace infra::email::preview
