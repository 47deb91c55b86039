#include "reply.hpp"

#include "../ascii.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace infra::email::smtp {
namespace {

constexpr std::size_t longest_line = 4096; // RFC 5321 allows 512
constexpr std::size_t longest_reply = 64 * 1024;

struct line {
    int code;
    bool last;
    std::string_view text;
};

line parse_line(std::string_view s) {
    if (s.ends_with('\r'))
        s.remove_suffix(1);
    const bool coded = s.size() >= 3 && s[0] >= '2' && s[0] <= '5' && is_digit(s[1]) && is_digit(s[2]);
    if (!coded || (s.size() > 3 && s[3] != ' ' && s[3] != '-'))
        throw malformed();
    const int code = (s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0');
    return {code, s.size() == 3 || s[3] == ' ', s.substr(std::min<std::size_t>(s.size(), 4))};
}

std::size_t digits_at(std::string_view s, std::size_t from) noexcept {
    std::size_t n = 0;
    while (n < 4 && from + n < s.size() && is_digit(s[from + n]))
        ++n;
    return n;
}

// The length of `class.subject.detail`; 0 for anything else.
std::size_t enhanced_size(std::string_view s) noexcept {
    if (s.size() < 5 || !is_digit(s[0]) || s[1] != '.')
        return 0;
    const auto subject = digits_at(s, 2);
    const auto dot = 2 + subject;
    if (subject == 0 || subject > 3 || dot >= s.size() || s[dot] != '.')
        return 0;
    const auto detail = digits_at(s, dot + 1);
    const auto end = dot + 1 + detail;
    const bool ends = end == s.size() || s[end] == ' ' || s[end] == '\n';
    return detail == 0 || detail > 3 || !ends ? 0 : end;
}

std::string upper(std::string_view s) {
    std::string out(s);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return out;
}

void note(capabilities& into, std::string_view offered) {
    const auto word = upper(offered.substr(0, offered.find(' ')));
    const auto rest = offered.substr(std::min(offered.size(), word.size() + 1));
    into.pipelining |= word == "PIPELINING";
    into.auth |= word == "AUTH";
    if (word != "SIZE")
        return;
    into.size = true;
    std::from_chars(rest.data(), rest.data() + rest.size(), into.max_size); // stays 0 where there is no number
}

} // namespace

std::string_view reply::enhanced() const noexcept {
    const auto size = enhanced_size(text);
    return size > 0 && text[0] - '0' == code / 100 ? std::string_view(text).substr(0, size) : std::string_view();
}

std::optional<reply> take_reply(std::string& bytes) {
    reply whole;
    for (std::size_t at = 0;;) {
        const auto end = bytes.find('\n', at);
        if (end == std::string::npos) {
            if (bytes.size() - at > longest_line || bytes.size() > longest_reply)
                throw malformed();
            return std::nullopt;
        }
        if (end - at > longest_line || end > longest_reply)
            throw malformed();
        const auto one = parse_line(std::string_view(bytes).substr(at, end - at));
        if (whole.code != 0 && whole.code != one.code)
            throw malformed();
        whole.text.append(whole.code != 0 ? "\n" : "").append(one.text);
        whole.code = one.code;
        at = end + 1;
        if (one.last) {
            bytes.erase(0, at);
            return whole;
        }
    }
}

capabilities capabilities_in(const reply& to_ehlo) {
    capabilities found;
    std::string_view rest = to_ehlo.text;
    for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        rest.remove_prefix(end + 1); // the first line is the server's name
        note(found, rest.substr(0, rest.find('\n')));
    }
    return found;
}

} // namespace infra::email::smtp
