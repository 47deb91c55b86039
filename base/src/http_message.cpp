#include <infra/base/http_message.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <stdexcept>
#include <utility>

namespace infra::http {

namespace {

constexpr std::array<std::pair<std::string_view, method>, 9> methods{{
    {"GET", method::get},
    {"HEAD", method::head},
    {"POST", method::post},
    {"PUT", method::put},
    {"DELETE", method::delete_},
    {"PATCH", method::patch},
    {"OPTIONS", method::options},
    {"CONNECT", method::connect},
    {"TRACE", method::trace},
}};

constexpr bool is_letter_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// RFC 9110 section 5.6.2.
constexpr std::array<bool, 256> is_token_character = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0; c < table.size(); ++c)
        table[c] = is_letter_or_digit(static_cast<char>(c));
    for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

constexpr bool is_token(char c) noexcept { return is_token_character[static_cast<unsigned char>(c)]; }

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool same_name(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return x == y || lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view value) noexcept {
    const auto first = value.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return value.substr(first, value.find_last_not_of(" \t") - first + 1);
}

/// A name that was refused may hold anything, so an error shows only its harmless characters and not too many of them.
std::string printable(std::string_view name) {
    std::string text(name.substr(0, 64));
    std::replace_if(text.begin(), text.end(), [](char c) { return !is_token(c); }, '?');
    return text;
}

/// The one gate through which names and values pass before they are stored.
void check_field(std::string_view name, std::string_view value) {
    static constexpr std::string_view forbidden("\r\n\0", 3);
    if (name.empty())
        throw std::invalid_argument("http::headers: a field's name must not be empty");
    if (!std::all_of(name.begin(), name.end(), is_token))
        throw std::invalid_argument("http::headers: the name '" + printable(name) +
                                    "' is not a token (RFC 9110 5.6.2)");
    if (value.find_first_of(forbidden) != std::string_view::npos)
        throw std::invalid_argument("http::headers: the value of '" + printable(name) +
                                    "' must not contain CR, LF or NUL");
}

} // namespace

std::string_view to_string(method m) noexcept {
    for (const auto& [text, known] : methods)
        if (known == m)
            return text;
    return "OTHER";
}

method parse_method(std::string_view text) noexcept {
    for (const auto& [known, m] : methods)
        if (known == text)
            return m;
    return method::other;
}

headers::headers(std::initializer_list<header_field> fields) {
    for (const auto& [name, value] : fields)
        append(name, value);
}

std::optional<std::string_view> headers::get(std::string_view name) const noexcept {
    const auto index = find(name);
    return index < size() ? std::optional((*this)[index].value) : std::nullopt;
}

std::vector<std::string_view> headers::get_all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (auto i = find(name); i < size(); i = find(name, i + 1))
        values.push_back((*this)[i].value);
    return values;
}

void headers::append(std::string_view name, std::string_view value) {
    value = trimmed(value);
    check_field(name, value);
    if (overlaps(name) || overlaps(value))
        return append(std::string(name), std::string(value));
    const auto total = text_.size() + name.size() + value.size();
    if (total > std::numeric_limits<std::uint32_t>::max())
        throw std::length_error("http::headers: more than 4 GiB of text");
    // Reserved before the first change, so that running out of memory changes nothing.
    text_.reserve(total);
    slots_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size())});
    text_.append(name).append(value);
}

void headers::set(std::string_view name, std::string_view value) {
    value = trimmed(value);
    check_field(name, value);
    if (overlaps(name) || overlaps(value))
        return set(std::string(name), std::string(value));
    const auto index = find(name);
    if (index == size())
        return append(name, value);
    replace_value(index, value);
    remove_from(index + 1, name);
}

std::size_t headers::remove(std::string_view name) {
    return overlaps(name) ? remove_from(0, std::string(name)) : remove_from(0, name);
}

void headers::clear() noexcept {
    text_.clear();
    slots_.clear();
}

void headers::reserve(std::size_t fields, std::size_t bytes) {
    slots_.reserve(fields);
    text_.reserve(bytes);
}

header_field headers::operator[](std::size_t index) const noexcept {
    const auto& s = slots_[index];
    const std::string_view text = text_;
    return {text.substr(s.offset, s.name_size), text.substr(s.offset + s.name_size, s.value_size)};
}

bool operator==(const headers& a, const headers& b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const header_field& x, const header_field& y) {
        return same_name(x.name, y.name) && x.value == y.value;
    });
}

std::size_t headers::find(std::string_view name, std::size_t from) const noexcept {
    while (from < size() && !same_name((*this)[from].name, name))
        ++from;
    return from;
}

std::size_t headers::remove_from(std::size_t index, std::string_view name) {
    std::size_t removed = 0;
    while ((index = find(name, index)) < size()) {
        const auto gone = slots_[index];
        replace_text(index, gone.offset, std::size_t{gone.name_size} + gone.value_size, {});
        slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(index));
        ++removed;
    }
    return removed;
}

void headers::replace_value(std::size_t index, std::string_view value) {
    auto& s = slots_[index];
    replace_text(index, std::size_t{s.offset} + s.name_size, s.value_size, value);
    s.value_size = static_cast<std::uint32_t>(value.size());
}

/// Replaces part of the text of slot `index`; the slots behind it move by the difference.
void headers::replace_text(std::size_t index, std::size_t at, std::size_t size, std::string_view with) {
    if (text_.size() - size + with.size() > std::numeric_limits<std::uint32_t>::max())
        throw std::length_error("http::headers: more than 4 GiB of text");
    text_.replace(at, size, with);
    for (auto i = index + 1; i < slots_.size(); ++i)
        slots_[i].offset = static_cast<std::uint32_t>(slots_[i].offset + with.size() - size);
}

/// Whether `view` would dangle, or change under the hand, when the text changes: `h.set("a", *h.get("b"))`.
bool headers::overlaps(std::string_view view) const noexcept {
    const std::less<const char*> before;
    return !view.empty() && !before(view.data(), text_.data()) && before(view.data(), text_.data() + text_.size());
}

std::string_view reason_phrase(int status) noexcept {
    // The IANA registry of status codes, as of RFC 9110.
    switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 102: return "Processing";
    case 103: return "Early Hints";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 203: return "Non-Authoritative Information";
    case 204: return "No Content";
    case 205: return "Reset Content";
    case 206: return "Partial Content";
    case 207: return "Multi-Status";
    case 208: return "Already Reported";
    case 226: return "IM Used";
    case 300: return "Multiple Choices";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 305: return "Use Proxy";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 407: return "Proxy Authentication Required";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 423: return "Locked";
    case 424: return "Failed Dependency";
    case 425: return "Too Early";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 451: return "Unavailable For Legal Reasons";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 506: return "Variant Also Negotiates";
    case 507: return "Insufficient Storage";
    case 508: return "Loop Detected";
    case 511: return "Network Authentication Required";
    default: return "";
    }
}

} // namespace infra::http
