#include "redaction.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace infra::health::detail {
namespace {

constexpr std::string_view redacted = "[redacted]";
constexpr std::string_view ellipsis = "…";

// Compared without '-', '_', '.' and case, so that api_key, API-Key and apiKey are one.
constexpr std::array<std::string_view, 14> secret_words{
    "password",  "passwd",     "pwd",        "passphrase",    "secret", "token",     "apikey",
    "accesskey", "privatekey", "credential", "authorization", "cookie", "signature", "sessionid"};

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr bool is_quote(char c) noexcept { return c == '"' || c == '\'' || c == '`'; }
constexpr bool is_separator(char c) noexcept { return c == '-' || c == '_' || c == '.'; }
constexpr bool is_word(char c) noexcept {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || is_separator(c);
}

std::size_t skip_spaces(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && is_space(text[at]))
        ++at;
    return at;
}

std::size_t end_of_token(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && !is_space(text[at]))
        ++at;
    return at;
}

/// Past the quote that closes the one at `at`, or the end: an unclosed one hides everything after it.
std::size_t end_of_quoted(std::string_view text, std::size_t at) noexcept {
    const char quote = text[at];
    for (++at; at < text.size(); ++at) {
        if (text[at] == '\\')
            ++at;
        else if (text[at] == quote)
            return at + 1;
    }
    return text.size();
}

bool same_word(std::string_view text, std::string_view word) noexcept {
    return std::ranges::equal(text, word, {}, lower, lower);
}

bool is_scheme_of_credentials(std::string_view word) noexcept {
    return same_word(word, "bearer") || same_word(word, "basic");
}

/// Walks over the text once, copying what may stay.
class redactor {
public:
    explicit redactor(std::string_view text) : text_(text) {}

    std::string run() {
        while (at_ < text_.size()) {
            if (text_.substr(at_, 3) == "://")
                credentials_of_url();
            else if (is_word(text_[at_]))
                word();
            else
                out_ += text_[at_++];
        }
        return std::move(out_);
    }

private:
    void hide_until(std::size_t end) {
        out_ += redacted;
        at_ = end;
    }

    void copy_until(std::size_t end) {
        out_ += text_.substr(at_, end - at_);
        at_ = end;
    }

    // A password may hold any of :/?#@ unescaped. So once the part before the path says that there are credentials, or
    // might (a colon), everything to the last @ of the token goes.
    void credentials_of_url() {
        copy_until(at_ + 3);
        if (at_ >= token_end_)
            measure_token();
        const auto authority = text_.substr(at_, std::min(text_.find_first_of("/?#", at_), token_end_) - at_);
        const bool may_have_credentials = authority.find_first_of(":@") != std::string_view::npos;
        if (may_have_credentials && last_at_ && *last_at_ >= at_)
            hide_until(*last_at_);
    }

    // Once a token, so that a long one full of `://` is not read again and again.
    void measure_token() {
        token_end_ = end_of_token(text_, at_);
        const auto found = text_.substr(at_, token_end_ - at_).rfind('@');
        last_at_.reset();
        if (found != std::string_view::npos)
            last_at_ = at_ + found;
    }

    void word() {
        auto end = at_;
        while (end < text_.size() && is_word(text_[end]))
            ++end;
        const auto name = text_.substr(at_, end - at_);
        copy_until(end);
        if (is_scheme_of_credentials(name))
            hide_next_token();
        else if (names_a_secret(name))
            hide_assigned_value();
    }

    void hide_next_token() {
        const auto value = skip_spaces(text_, at_);
        if (value == at_ || value == text_.size())
            return;
        copy_until(value);
        hide_until(end_of_token(text_, value));
    }

    // `= value`, `: value`, also behind the quote that closes the name: "password": "value".
    void hide_assigned_value() {
        auto sign = at_;
        while (sign < text_.size() && (is_quote(text_[sign]) || text_[sign] == '\\' || text_[sign] == ']'))
            ++sign;
        sign = skip_spaces(text_, sign);
        if (sign == text_.size() || (text_[sign] != '=' && text_[sign] != ':') || text_.substr(sign, 3) == "://")
            return;
        while (sign < text_.size() && (text_[sign] == '=' || text_[sign] == ':' || text_[sign] == '>'))
            ++sign;
        const auto value = skip_spaces(text_, sign);
        if (value == text_.size())
            return;
        copy_until(value);
        if (is_quote(text_[value]))
            return hide_until(end_of_quoted(text_, value));
        const auto end = end_of_token(text_, value);
        if (is_scheme_of_credentials(text_.substr(value, end - value)))
            return hide_until(end_of_token(text_, skip_spaces(text_, end)));
        hide_until(end);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t token_end_ = 0;          // of the token that last_at_ speaks of
    std::optional<std::size_t> last_at_; // its last @
    std::string out_;
};

/// At most `max_bytes` of well-formed UTF-8, cut between characters.
std::string bounded(std::string text, std::size_t max_bytes) {
    if (text.size() <= max_bytes)
        return text;
    auto end = max_bytes - std::min(max_bytes, ellipsis.size());
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end;
    text.resize(end);
    return text += ellipsis;
}

void clean_in_place(json::value& v);

void clean_in_place(json::object& members) {
    for (auto& each : members) {
        if (names_a_secret(each.key()))
            each.value() = redacted;
        else
            clean_in_place(each.value());
    }
}

void clean_in_place(json::value& v) {
    if (auto* text = v.if_string())
        v = clean_message(std::string_view(text->data(), text->size()));
    else if (auto* members = v.if_object())
        clean_in_place(*members);
    else if (auto* items = v.if_array())
        for (auto& each : *items)
            clean_in_place(each);
}

} // namespace

bool names_a_secret(std::string_view name) noexcept {
    // A name is as long as it is; only its letters are compared, in place.
    for (const auto word : secret_words)
        for (std::size_t start = 0; start < name.size(); ++start) {
            std::size_t at = start;
            std::size_t matched = 0;
            for (; at < name.size() && matched < word.size(); ++at) {
                if (is_separator(name[at]) && matched > 0)
                    continue;
                if (lower(name[at]) != word[matched])
                    break;
                ++matched;
            }
            if (matched == word.size())
                return true;
        }
    return false;
}

std::string redact(std::string_view text) { return redactor(text).run(); }

std::string clean_message(std::string_view text, std::size_t max_bytes) {
    // A megabyte is not searched for secrets to keep a line of it. The last word goes, for it may be half a password
    // that is no longer recognised.
    const auto searched = max_bytes * 8;
    std::string shown;
    if (text.size() > searched) {
        const auto end = text.substr(0, searched).find_last_of(" \t\r\n");
        shown = redact(text.substr(0, end == std::string_view::npos ? 0 : end)) + std::string(ellipsis);
    } else {
        shown = redact(text);
    }
    return bounded(encoding::to_utf8(shown), max_bytes);
}

json::object clean_details(const json::object& details, std::size_t max_bytes) {
    if (details.empty() || json::to_text(details).size() <= max_bytes) {
        auto cleaned = details;
        clean_in_place(cleaned);
        return cleaned;
    }
    return {{"dropped", "more than " + std::to_string(max_bytes) + " bytes of JSON"}};
}

check_result clean(check_result result) {
    result.message = clean_message(result.message);
    result.details = clean_details(result.details);
    return result;
}

} // namespace infra::health::detail
