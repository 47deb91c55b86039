#include "redaction.hpp"

#include "ascii.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace infra::health::detail {
namespace {

constexpr std::string_view redacted = "[redacted]";
constexpr std::string_view ellipsis = "…";

// Compared without '-', '_', '.' and case, so that api_key, API-Key and apiKey are one.
constexpr std::array<std::string_view, 16> secret_words{
    "password",   "passwd",     "pwd",       "passphrase", "secret",        "token",  "apikey",    "accesskey",
    "privatekey", "accountkey", "sharedkey", "credential", "authorization", "cookie", "signature", "sessionid"};

// These count only as a whole part of a name, for `bypass` and `design` hold no secret.
constexpr std::array<std::string_view, 3> secret_parts{"pass", "pw", "sig"};

// How the keys and tokens begin that people meet most: JWT, AWS, GitHub, GitLab, Slack, Stripe, Resend.
constexpr std::array<std::string_view, 17> secret_beginnings{
    "eyJ",   "AKIA",  "ASIA",     "ghp_",     "gho_",     "ghs_", "ghu_", "github_pat_", "glpat-",
    "xoxb-", "xoxp-", "sk_live_", "sk_test_", "rk_live_", "sk-",  "re_",  "whsec_"};
constexpr std::size_t shortest_secret_by_looks = 20;

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

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool looks_like_a_secret(std::string_view word) noexcept {
    return word.size() >= shortest_secret_by_looks && std::ranges::any_of(word, is_digit) &&
           std::ranges::any_of(secret_beginnings, [word](auto beginning) { return word.starts_with(beginning); });
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
        measure_token();
        const auto authority = text_.substr(at_, std::min(text_.find_first_of("/?#", at_), token_end_) - at_);
        const bool may_have_credentials = authority.find_first_of(":@") != std::string_view::npos;
        if (may_have_credentials && last_at_ && *last_at_ >= at_)
            hide_until(*last_at_);
    }

    // Once a token, so that a long one full of `://` is not read again and again.
    void measure_token() {
        if (at_ < token_end_)
            return;
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
        if (looks_like_a_secret(name))
            return hide_until(end);
        if (end < text_.size() && text_[end] == ':' && text_.substr(end, 3) != "://" && credentials_before_host(end))
            return hide_until(*last_at_);
        copy_until(end);
        if (is_scheme_of_credentials(name))
            hide_next_token();
        else if (names_a_secret(name))
            hide_assigned_value();
    }

    /// `user:password@host`, as data source names without a scheme have it.
    bool credentials_before_host(std::size_t colon) {
        measure_token();
        return last_at_ && *last_at_ > colon && !names_a_secret(text_.substr(at_, colon - at_));
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

std::string_view view(const boost::json::string& text) noexcept { return {text.data(), text.size()}; }

json::value cleaned(const json::value& v);

json::object cleaned(const json::object& members) {
    json::object out;
    for (const auto& each : members)
        out[clean_message(each.key())] = names_a_secret(each.key()) ? json::value(redacted) : cleaned(each.value());
    return out;
}

json::array cleaned(const json::array& items) {
    json::array out;
    for (const auto& each : items)
        out.push_back(cleaned(each));
    return out;
}

json::value cleaned(const json::value& v) {
    if (const auto* text = v.if_string())
        return json::value(clean_message(view(*text)));
    if (const auto* members = v.if_object())
        return cleaned(*members);
    if (const auto* items = v.if_array())
        return cleaned(*items);
    return v;
}

/// Whether a part of the name, between separators, is one of those words.
bool has_secret_part(std::string_view name) noexcept {
    while (!name.empty()) {
        const auto end = static_cast<std::size_t>(std::ranges::find_if(name, is_separator) - name.begin());
        if (std::ranges::any_of(secret_parts, [&](auto part) { return same_word(name.substr(0, end), part); }))
            return true;
        name.remove_prefix(std::min(end + 1, name.size()));
    }
    return false;
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
    return has_secret_part(name);
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
    if (details.empty() || json::to_text(details).size() <= max_bytes)
        return cleaned(details);
    return {{"dropped", "more than " + std::to_string(max_bytes) + " bytes of JSON"}};
}

check_result clean(check_result result) {
    result.status = std::clamp(result.status, health_status::healthy, health_status::unhealthy);
    result.message = clean_message(result.message);
    result.details = clean_details(result.details);
    return result;
}

} // namespace infra::health::detail
