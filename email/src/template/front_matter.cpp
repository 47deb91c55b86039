#include "../ascii.hpp"
#include "compiled.hpp"
#include "template_text.hpp"

#include <infra/base/encoding.hpp>
#include <infra/email/error.hpp>
#include <infra/email/template.hpp>

#include <algorithm>
#include <vector>

namespace infra::email {
namespace {

std::string_view take_line(std::string_view& text) noexcept {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

// Takes blank lines off both ends, those at the beginning from `text` too. The first line keeps its indentation.
std::string_view without_blank_lines(std::string_view& text) noexcept {
    for (auto rest = text; !rest.empty() && trimmed(take_line(rest), white_space).empty();)
        text = rest;
    return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

bool is_fence(std::string_view line) noexcept {
    return line.starts_with("---") && line.find_first_not_of(" \t", 3) == std::string_view::npos;
}

std::string_view without_quotes(std::string_view value) noexcept {
    const bool quoted =
        value.size() >= 2 && value.front() == value.back() && (value.front() == '"' || value.front() == '\'');
    return quoted ? value.substr(1, value.size() - 2) : value;
}

std::string* field_of(email_template& t, std::string_view key) noexcept {
    if (key == "subject")
        return &t.subject;
    if (key == "preheader")
        return &t.preheader;
    if (key == "from")
        return &t.from;
    return key == "layout" ? &t.layout : nullptr;
}

class front_matter_reader {
public:
    explicit front_matter_reader(email_template& t) : template_(t) {}

    void read(std::string_view line) {
        ++line_;
        const auto colon = line.find(':');
        if (colon == std::string_view::npos)
            return; // a comment, a list: some other tool's
        const auto key = line.substr(0, colon);
        if (auto* const field = field_of(template_, key)) {
            refuse_second(field, key);
            *field = without_quotes(trimmed(line.substr(colon + 1), white_space));
        }
    }

private:
    // YAML refuses it too; and which of the two would the author have meant?
    void refuse_second(const std::string* field, std::string_view key) {
        if (std::ranges::find(read_, field) != read_.end())
            throw error(errc::bad_template, described(template_) + ", line " + std::to_string(line_) + ": " +
                                                std::string(key) + " is given a second time; keep one of them");
        read_.push_back(field);
    }

    email_template& template_;
    std::size_t line_ = 1; // the fence
    std::vector<const std::string*> read_;
};

// True if there was front matter; `rest` is then what follows it.
bool read_front_matter(email_template& t, std::string_view& rest) {
    auto text = rest;
    if (!is_fence(take_line(text)))
        return false;
    t.subject.clear();
    front_matter_reader reader(t);
    while (!text.empty()) {
        const auto line = take_line(text);
        if (is_fence(line)) {
            rest = text;
            return true;
        }
        reader.read(line);
    }
    throw error(errc::bad_template, described(t) + ", line 1: the front matter is not closed; end it with a line ---");
}

void refuse_unreadable(std::string_view text, const email_template& t) {
    if (text.size() > max_template_file)
        throw error(errc::bad_template, described(t) + ": it is over 1 MiB");
    if (!encoding::is_utf8(text))
        throw error(errc::bad_template, described(t) + ": it is not UTF-8");
}

} // namespace

std::string described(const email_template& t) {
    return "the template " + t.name + (t.locale.empty() ? "" : " (" + t.locale + ")");
}

email_template parse_template(std::string_view text, std::string name) {
    email_template t{.name = std::move(name)};
    refuse_unreadable(text, t);
    if (text.starts_with("\xef\xbb\xbf"))
        text.remove_prefix(3);
    auto rest = text;
    const bool has_front_matter = read_front_matter(t, rest);
    if (has_front_matter && t.subject.empty())
        t.subject = no_subject;
    if (!t.from.empty() && !is_valid_address(address(t.from).email()))
        throw error(errc::bad_template, described(t) +
                                            ": from is not an email address; expected hello@example.org or Shop "
                                            "<hello@example.org>");
    t.body = without_blank_lines(rest);
    const auto lines_before = std::ranges::count(text.substr(0, text.size() - rest.size()), '\n');
    t.compiled = std::make_shared<const compiled_template>(t, static_cast<std::size_t>(lines_before) + 1);
    return t;
}

} // namespace infra::email
