#include "read_header.hpp"

#include "../ascii.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>

namespace infra::email::mime {
namespace {

constexpr std::size_t longest_line = 998;

std::string_view take_header_line(std::string_view& text) {
    const auto end = text.find("\r\n");
    if (end == std::string_view::npos || end > longest_line)
        refuse("a line of the header has no end, or over 998 characters");
    const auto line = text.substr(0, end);
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
        refuse("there is a lone CR or LF, or NUL, in the header");
    text.remove_prefix(end + 2);
    return line;
}

field field_in(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 ||
        !std::ranges::all_of(line.substr(0, colon), [](char c) { return c > ' ' && c < 0x7f; }))
        refuse("a line of the header is no field");
    auto value = line.substr(colon + 1);
    if (value.starts_with(' '))
        value.remove_prefix(1);
    return {std::string(line.substr(0, colon)), std::string(value)};
}

// `=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=`
std::optional<std::string> encoded_word(std::string_view word) {
    constexpr std::string_view begin = "=?UTF-8?", end = "?=";
    if (word.size() < begin.size() + 2 + end.size() || !word.starts_with(begin) || !word.ends_with(end))
        return std::nullopt;
    const auto text = word.substr(begin.size() + 2, word.size() - begin.size() - 2 - end.size());
    const auto kind = word.substr(begin.size(), 2);
    if (kind == "B?")
        return encoding::base64_decode(text);
    if (kind != "Q?" || text.find('%') != std::string_view::npos)
        return std::nullopt;
    std::string percents(text);
    std::ranges::replace(percents, '=', '%');
    std::ranges::replace(percents, '_', ' ');
    return encoding::percent_decode(percents);
}

std::string checked(std::string text) {
    if (!encoding::is_utf8(text) || text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
        refuse("a field holds what is no text");
    return text;
}

// "a \"b\"" off the front, without its quotes and backslashes.
std::string take_quoted(std::string_view& text) {
    std::string plain;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            text.remove_prefix(i + 1);
            return plain;
        }
        if (text[i] == '\\' && i + 1 < text.size())
            ++i;
        plain += text[i];
    }
    refuse("a quotation does not end");
}

void take(std::string_view& from, std::string_view what) {
    if (!from.starts_with(what))
        refuse("a field is not of the form it should have");
    from.remove_prefix(what.size());
}

std::string_view take_until(std::string_view& from, std::string_view any_of) {
    const auto taken = from.substr(0, from.find_first_of(any_of));
    from.remove_prefix(taken.size());
    return taken;
}

address take_mailbox(std::string_view& rest) {
    std::string name, email;
    if (rest.starts_with('"')) {
        name = take_quoted(rest);
        take(rest, " ");
    } else {
        const auto text = trimmed(take_until(rest, "<,"), " ");
        (rest.starts_with('<') ? name : email) = rest.starts_with('<') ? decoded(text) : std::string(text);
    }
    if (email.empty()) {
        take(rest, "<");
        email = take_until(rest, ">");
        take(rest, ">");
    }
    if (!is_valid_address(email))
        refuse("there is no email address where one should be");
    return address::named(checked(std::move(name)), email);
}

/// `name="value"`, or a piece of one in RFC 2231's form.
struct parameter_piece {
    std::string name;
    std::string value;
    bool extended = false;
};

parameter_piece take_parameter(std::string_view& rest) {
    std::string_view name = take_until(rest, "=");
    take(rest, "=");
    const bool extended = name.ends_with('*');
    std::string value = rest.starts_with('"') ? take_quoted(rest) : std::string(take_until(rest, ";"));
    return {std::string(name.substr(0, name.find('*'))), std::move(value), extended};
}

// Whole parameters have no piece before them; of one in pieces the first says how all are encoded.
void add(parametrised& to, parameter_piece piece) {
    auto [at, first] = to.parameters.try_emplace(std::move(piece.name));
    std::string_view text = piece.value;
    if (!piece.extended) {
        if (!first)
            refuse("a parameter stands twice");
        at->second = std::move(piece.value);
        return;
    }
    if (first)
        take(text, "UTF-8''");
    const auto plain = encoding::percent_decode(text);
    if (!plain)
        refuse("a parameter's percent signs are broken");
    at->second += *plain;
}

int number(std::string_view& rest, std::size_t digits) {
    int value = 0;
    const auto text = rest.substr(0, digits);
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || text.size() != digits || end != text.data() + digits || value < 0)
        refuse("the date is none");
    rest.remove_prefix(digits);
    return value;
}

unsigned month(std::string_view& rest) {
    static constexpr std::array<std::string_view, 12> names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto found = std::ranges::find(names, rest.substr(0, 3));
    if (found == names.end())
        refuse("the date is none");
    rest.remove_prefix(3);
    return static_cast<unsigned>(found - names.begin()) + 1;
}

} // namespace

void refuse(std::string_view why) {
    throw error(infra::errc::invalid_input, "this is no mail as infra writes it: " + std::string(why));
}

std::vector<field> take_fields(std::string_view& text) {
    std::vector<field> fields;
    for (auto line = take_header_line(text); !line.empty(); line = take_header_line(text)) {
        if (line[0] != ' ' && line[0] != '\t')
            fields.push_back(field_in(line));
        else if (!fields.empty())
            fields.back().value += line;
        else
            refuse("the header begins in the middle of a field");
    }
    return fields;
}

std::string decoded(std::string_view value) {
    if (value.find("=?") == std::string_view::npos)
        return checked(std::string(value));
    std::string made;
    while (!value.empty()) {
        const auto word = value.substr(0, value.find(' '));
        const auto plain = encoded_word(word);
        if (!plain)
            refuse("an encoded word is broken");
        made += *plain;
        value.remove_prefix(std::min(word.size() + 1, value.size()));
    }
    return checked(std::move(made));
}

std::vector<address> mailboxes_in(std::string_view value) {
    std::vector<address> all;
    all.push_back(take_mailbox(value));
    while (!value.empty()) {
        take(value, ", ");
        all.push_back(take_mailbox(value));
    }
    return all;
}

parametrised parameters_in(std::string_view value) {
    parametrised made{.value = std::string(take_until(value, ";")), .parameters = {}};
    while (!value.empty()) {
        take(value, "; ");
        add(made, take_parameter(value));
    }
    for (auto& [name, text] : made.parameters)
        text = checked(std::move(text));
    return made;
}

wall_time date_in(std::string_view value) {
    value.remove_prefix(std::min<std::size_t>(value.size(), 5)); // the weekday says nothing new
    const auto day = number(value, 2);
    take(value, " ");
    const auto in = month(value);
    take(value, " ");
    const auto year = number(value, 4);
    take(value, " ");
    const auto hours = number(value, 2);
    take(value, ":");
    const auto minutes = number(value, 2);
    take(value, ":");
    const auto seconds = number(value, 2);
    take(value, " +0000");
    const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(in),
                                           std::chrono::day(static_cast<unsigned>(day)));
    const bool fits = year >= 1678 && year <= 2261; // wall_time counts nanoseconds
    if (!date.ok() || !fits || hours > 23 || minutes > 59 || seconds > 59 || !value.empty())
        refuse("the date is none");
    return std::chrono::sys_days(date) + std::chrono::hours(hours) + std::chrono::minutes(minutes) +
           std::chrono::seconds(seconds);
}

} // namespace infra::email::mime
