#include <infra/base/json.hpp>

#include <infra/base/encoding.hpp>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>
#include <boost/json/value_stack.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace infra::json::detail {

// --- writing ---

namespace {

template <class Number>
void append_number(std::string& out, Number number) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

/// The shortest digits that read back as the same number; whole ones without fraction or exponent, as JavaScript does.
void append_double(std::string& out, double number) {
    if (!std::isfinite(number))
        out += "null";
    else if (std::trunc(number) == number && std::abs(number) < 0x1p53)
        append_number(out, static_cast<std::int64_t>(number));
    else
        append_number(out, number);
}

void append_escaped(std::string& out, char c) {
    static constexpr std::string_view named = "\"\\\b\f\n\r\t";
    static constexpr std::string_view letters = "\"\\bfnrt";
    static constexpr std::string_view hex = "0123456789abcdef";
    out += '\\';
    if (const auto i = named.find(c); i != std::string_view::npos) {
        out += letters[i];
    } else {
        out += "u00";
        out += hex[static_cast<unsigned char>(c) >> 4];
        out += hex[static_cast<unsigned char>(c) & 15];
    }
}

constexpr bool needs_escape(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

// Whether one of eight bytes is more than a character of ASCII that stands for itself. The top bit of each tells: of what is below a
// space, equal to a quote or a backslash, or beyond ASCII. A borrow may tell it of a byte too many, never of one too few.
constexpr bool has_other_than_plain(std::uint64_t eight) noexcept {
    constexpr std::uint64_t each = 0x0101010101010101, top = 0x80 * each;
    const auto below_space = (eight - ' ' * each) & ~eight;
    const auto no_quote = eight ^ ('"' * each), no_backslash = eight ^ ('\\' * each);
    const auto escaped = ((no_quote - each) & ~no_quote) | ((no_backslash - each) & ~no_backslash);
    return ((eight | below_space | escaped) & top) != 0;
}

// Most texts are nothing else, and those that are long enough are not looked at byte by byte.
bool is_plain(std::string_view text) noexcept {
    for (; text.size() >= sizeof(std::uint64_t); text.remove_prefix(sizeof(std::uint64_t))) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, text.data(), sizeof eight);
        if (has_other_than_plain(eight))
            return false;
    }
    return std::ranges::all_of(text, [](char c) { return static_cast<signed char>(c) >= 0 && !needs_escape(c); });
}

void append_string(std::string& out, std::string_view text) {
    if (is_plain(text)) {
        out.append(1, '"').append(text).append(1, '"');
        return;
    }
    if (!encoding::is_utf8(text))
        return append_string(out, encoding::to_utf8(text));
    out += '"';
    while (!text.empty()) {
        const auto plain = std::find_if(text.begin(), text.end(), needs_escape) - text.begin();
        out += text.substr(0, static_cast<std::size_t>(plain));
        text.remove_prefix(static_cast<std::size_t>(plain));
        if (text.empty())
            break;
        append_escaped(out, text.front());
        text.remove_prefix(1);
    }
    out += '"';
}

} // namespace

void append_text(std::string& out, const object& o) {
    char separator = '{';
    for (const auto& member : o) {
        out += separator;
        append_string(out, member.key());
        out += ':';
        append_text(out, member.value());
        separator = ',';
    }
    out += o.empty() ? "{}" : "}";
}

void append_text(std::string& out, const array& a) {
    char separator = '[';
    for (const auto& element : a) {
        out += separator;
        append_text(out, element);
        separator = ',';
    }
    out += a.empty() ? "[]" : "]";
}

void append_text(std::string& out, const value& v) {
    switch (v.kind()) {
    case boost::json::kind::null: out += "null"; break;
    case boost::json::kind::bool_: out += v.get_bool() ? "true" : "false"; break;
    case boost::json::kind::int64: append_number(out, v.get_int64()); break;
    case boost::json::kind::uint64: append_number(out, v.get_uint64()); break;
    case boost::json::kind::double_: append_double(out, v.get_double()); break;
    case boost::json::kind::string: append_string(out, v.get_string()); break;
    case boost::json::kind::array: append_text(out, v.get_array()); break;
    case boost::json::kind::object: append_text(out, v.get_object()); break;
    }
}

// --- reading ---

namespace {

/// "line 3, column 14", counted in bytes from 1.
std::string place_of(std::string_view text, std::size_t offset) {
    const auto before = text.substr(0, offset);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto line_start = before.rfind('\n') + 1; // npos + 1 is 0: the first line
    return "line " + std::to_string(line) + ", column " + std::to_string(offset - line_start + 1);
}

std::string sentence_for(const boost::system::error_code& code, const limits& limit) {
    if (code == boost::json::error::incomplete)
        return "the JSON text ends too early";
    if (code == boost::json::error::extra_data)
        return "there is more text after the end of the JSON value";
    if (code == boost::json::error::too_deep)
        return "nested deeper than " + std::to_string(limit.max_depth) + " arrays and objects";
    if (code == boost::json::error::exponent_overflow)
        return "the number is too large";
    if (code == boost::json::error::syntax)
        return "this is not JSON";
    return "this is not JSON (" + code.message() + ")";
}

/// Builds the value as boost::json::parser does, but for doubles: those of Boost 1.81 are off by a bit for every third
/// random number, and infinite where the text is too large.
struct value_builder {
    static constexpr std::size_t max_object_size = object::max_size();
    static constexpr std::size_t max_array_size = array::max_size();
    static constexpr std::size_t max_key_size = boost::json::string::max_size();
    static constexpr std::size_t max_string_size = boost::json::string::max_size();

    using view = boost::json::string_view;
    using code = boost::system::error_code;

    std::array<unsigned char, 2048> scratch;
    boost::json::value_stack stack{{}, scratch.data(), scratch.size()};

    bool on_document_begin(code&) { return stack.reset(), true; }
    bool on_document_end(code&) { return true; }
    bool on_object_begin(code&) { return true; }
    bool on_object_end(std::size_t n, code&) { return stack.push_object(n), true; }
    bool on_array_begin(code&) { return true; }
    bool on_array_end(std::size_t n, code&) { return stack.push_array(n), true; }
    bool on_key_part(view s, std::size_t, code&) { return stack.push_chars(s), true; }
    bool on_key(view s, std::size_t, code&) { return stack.push_key(s), true; }
    bool on_string_part(view s, std::size_t, code&) { return stack.push_chars(s), true; }
    bool on_string(view s, std::size_t, code&) { return stack.push_string(s), true; }
    bool on_number_part(view, code&) { return true; }
    bool on_int64(std::int64_t i, view, code&) { return stack.push_int64(i), true; }
    bool on_uint64(std::uint64_t u, view, code&) { return stack.push_uint64(u), true; }
    bool on_bool(bool b, code&) { return stack.push_bool(b), true; }
    bool on_null(code&) { return stack.push_null(), true; }
    bool on_comment_part(view, code&) { return true; }
    bool on_comment(view, code&) { return true; }

    /// `digits` is the whole number: the text comes in one piece.
    bool on_double(double approximate, view digits, code& failed) {
        double exact = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), exact);
        // Out of range at the small end is zero as near as a double can say.
        if (read.ec == std::errc::result_out_of_range && std::abs(approximate) > 1) {
            failed = boost::json::error::exponent_overflow;
            return false;
        }
        stack.push_double(exact);
        return true;
    }
};

} // namespace

result<value> parse_text(std::string_view text, limits limit) {
    if (text.size() > limit.max_bytes)
        return failure({}, "the JSON text is longer than " + std::to_string(limit.max_bytes) + " bytes");
    if (text.empty())
        return failure({}, "the JSON text is empty");
    boost::json::parse_options options;
    options.max_depth = limit.max_depth;
    boost::json::basic_parser<value_builder> parser(options);
    boost::system::error_code failed;
    const auto consumed = parser.write_some(false, text.data(), text.size(), failed);
    if (!failed && consumed < text.size())
        failed = boost::json::error::extra_data;
    if (failed)
        return failure({}, place_of(text, consumed) + ": " + sentence_for(failed, limit));
    return parser.handler().stack.release();
}

} // namespace infra::json::detail
