#include "outcome.hpp"

#include <infra/base/error.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace infra::email::smtp {
namespace {

using boost::system::error_code;

constexpr std::size_t longest_text = 200;

char lower(char c) noexcept { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

std::string lower(std::string_view s) {
    std::string out(s);
    std::ranges::transform(out, out.begin(), [](char c) { return lower(c); });
    return out;
}

std::string_view trimmed(std::string_view word) {
    constexpr std::string_view punctuation = "<>()[]{}\"'`:;,.!?=";
    const auto begin = word.find_first_not_of(punctuation);
    return begin == std::string_view::npos ? std::string_view()
                                           : word.substr(begin, word.find_last_not_of(punctuation) + 1 - begin);
}

// A short secret hides the word that it is, a longer one each word that it is in.
bool tells(std::string_view word, const std::vector<std::string>& secrets) {
    if (word.find('@') != std::string_view::npos)
        return true;
    const auto plain = lower(trimmed(word));
    return std::ranges::any_of(secrets, [&](const std::string& each) {
        const auto secret = lower(each);
        return !secret.empty() &&
               (secret == plain || (secret.size() >= 4 && lower(word).find(secret) != std::string::npos));
    });
}

// --- Codes -------------------------------------------------------------------------------------------------------

bool about_login(const reply& r) {
    constexpr std::array codes{530, 534, 535, 538};
    const auto enhanced = r.enhanced();
    return std::ranges::find(codes, r.code) != codes.end() || enhanced == "5.7.8" || enhanced == "5.7.9";
}

bool about_size(const reply& r) {
    const auto enhanced = r.enhanced();
    return enhanced == "5.3.4" || enhanced == "5.2.3" || (r.code == 552 && enhanced.empty());
}

error_code code_of(step at, const reply& r) {
    if (r.code / 100 != 5)
        return infra::errc::unavailable;
    if (about_login(r))
        return errc::unauthorized;
    if (at == step::connecting)
        return infra::errc::unavailable;
    if (r.enhanced() == "5.4.5")
        return errc::quota_exceeded;
    return about_size(r) ? errc::too_large : errc::refused;
}

std::string name_of(const reply& r) {
    if (r.code < 400)
        return "protocol"; // "yes", where only another yes will do
    return r.enhanced().empty() ? std::to_string(r.code) : std::string(r.enhanced());
}

std::string quoted(const reply& r, const subject& of) {
    const auto text = without_secrets(r.text, of.secrets);
    return " (" + std::to_string(r.code) + (text.empty() ? "" : " " + text) + ")";
}

// --- Sentences ---------------------------------------------------------------------------------------------------

std::string begin(const subject& of) { return "smtp: " + of.host + ": "; }

std::string_view during(step at) {
    constexpr std::string_view words[] = {
        "waiting for a free connection", "connecting",       "telling the sender",
        "telling the recipients",        "sending the mail", "waiting for the answer to the whole mail"};
    return words[static_cast<std::size_t>(at)];
}

std::string_view what_to_do(const error_code& code, const reply& r) {
    if (code == errc::unauthorized)
        return "; check user, password and tls";
    if (code == errc::too_large)
        return "; send less, or links instead of attachments";
    return r.code / 100 == 4 ? "; it may later" : "";
}

send_error certain(error_code code, std::string name, bool retryable, std::string sentence) {
    return {code, std::move(sentence), {.name = std::move(name), .retryable = retryable}};
}

std::string with_detail(std::string sentence, std::string_view detail) {
    return detail.empty() ? sentence : sentence.append(" (").append(detail).append(")");
}

std::string whom(const recipient& r) { return std::to_string(r.number) + " of " + std::string(r.field); }

} // namespace

subject about(std::string host, bool keeps_keys, const envelope& e, std::vector<std::string> further) {
    subject made{.host = std::move(host), .keeps_keys = keeps_keys, .secrets = std::move(further)};
    const auto hide = [&made](const std::string& email) { made.secrets.push_back(email.substr(0, email.rfind('@'))); };
    hide(e.from);
    for (const auto& each : e.to)
        hide(each.email);
    return made;
}

std::string without_secrets(std::string_view text, const std::vector<std::string>& secrets) {
    std::string plain(text.substr(0, 16 * longest_text));
    std::ranges::replace_if(plain, [](char c) { return c <= ' ' || c >= 0x7f; }, ' ');
    std::string out;
    for (std::string_view rest = plain; !rest.empty() && out.size() < longest_text;) {
        const auto word = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        if (!word.empty())
            out.append(out.empty() ? "" : " ").append(tells(word, secrets) ? "***" : word);
    }
    if (out.size() > longest_text)
        out.resize(longest_text);
    return out;
}

// --- Connecting --------------------------------------------------------------------------------------------------

namespace {

send_error refused_connection(const connect_end& end, const subject& of) {
    if (end.last.code < 400)
        return certain(infra::errc::unavailable, "protocol", false,
                       begin(of) + "what answers does not speak SMTP as it should; check host and port");
    return refusal(step::connecting, end.last, "the connection", of);
}

// The server's text is left out: it may repeat what was sent.
send_error failed_login(const connect_end& end, const subject& of) {
    const bool answered = end.last.code >= 400;
    const auto code = answered && end.last.code < 500 ? error_code(infra::errc::unavailable) : errc::unauthorized;
    auto sentence = begin(of) + (answered ? "does not let us log in (" + std::to_string(end.last.code) + " " +
                                                std::string(end.last.enhanced()) + ")"
                                          : "offers no way to log in that we have");
    if (sentence.ends_with(" )"))
        sentence.replace(sentence.size() - 2, 2, ")");
    return {code,
            sentence.append(what_to_do(code, end.last)),
            {.name = answered ? name_of(end.last) : "login",
             .status = answered ? end.last.code : 0,
             .retryable = code == infra::errc::unavailable}};
}

send_error without_tls(const connect_end& end, const subject& of) {
    if (end.last.code / 100 == 4)
        return refusal(step::connecting, end.last, "STARTTLS", of);
    return certain(infra::errc::unavailable, "starttls", false,
                   begin(of) +
                       "offers no TLS (STARTTLS), and without it nothing is sent; use smtps:// if it takes that");
}

} // namespace

std::optional<send_error> connect_failure(const connect_end& end, const subject& of) {
    const auto fail = [&](const char* name, bool retryable, std::string sentence) {
        return certain(infra::errc::unavailable, name, retryable,
                       begin(of) + with_detail(std::move(sentence), end.detail));
    };
    if (end.malformed)
        return refused_connection({}, of);
    switch (end.code) {
    case CURLE_OK:
        if (end.logs_in && end.last.code != 235)
            return failed_login({}, of);
        return std::nullopt;
    case CURLE_LOGIN_DENIED: return failed_login(end, of);
    case CURLE_USE_SSL_FAILED: return without_tls(end, of);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_REMOTE_ACCESS_DENIED: return refused_connection(end, of);
    case CURLE_COULDNT_RESOLVE_HOST:
        return certain(infra::errc::unavailable, "dns", true,
                       begin(of) + "no such host; check the name and the resolver");
    case CURLE_COULDNT_CONNECT: return fail("connect", true, "cannot connect; is it running and reachable?");
    case CURLE_PEER_FAILED_VERIFICATION: return fail("tls", false, "the certificate is not trusted");
    case CURLE_SSL_CACERT_BADFILE:
        return certain(infra::errc::misconfigured, "tls", false,
                       begin(of) +
                           "the certificates to trust cannot be read; check ca_file, or install ca-certificates");
    case CURLE_SSL_CONNECT_ERROR: return fail("tls", true, "the TLS handshake failed");
    case CURLE_OPERATION_TIMEDOUT: return interrupted(step::connecting, interruption::timed_out, of);
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING: return interrupted(step::connecting, interruption::lost, of);
    default: return fail("connect", true, curl_easy_strerror(end.code));
    }
}

// --- Speaking ----------------------------------------------------------------------------------------------------

send_error refusal(step at, const reply& answer, const std::string& what, const subject& of) {
    const auto code = code_of(at, answer);
    return {code,
            begin(of) + "does not take " + what + quoted(answer, of).append(what_to_do(code, answer)),
            {.name = name_of(answer), .status = answer.code, .retryable = answer.code / 100 == 4}};
}

std::optional<send_error> refused_introduction(const std::vector<reply>& answers, const envelope& e,
                                               const subject& of) {
    if (answers.empty() || !answers.front().positive())
        return refusal(step::sender, answers.empty() ? reply{} : answers.front(), "the sender", of);
    const reply* worst = nullptr;
    std::string who;
    for (std::size_t i = 1; i < answers.size(); ++i) {
        if (answers[i].positive())
            continue;
        who.append(who.empty() ? "" : ", ").append(whom(e.to[i - 1]));
        if (!worst || (answers[i].code >= 500 && worst->code < 500))
            worst = &answers[i];
    }
    if (!worst)
        return std::nullopt;
    return refusal(step::recipients, *worst, "recipient " + who + ", so nobody got it", of);
}

send_error interrupted(step at, interruption how, const subject& of) {
    constexpr std::string_view names[] = {"lost", "protocol", "timed_out"};
    constexpr std::string_view words[] = {"the connection ended", "what came was no answer", "time ran out"};
    const bool uncertain = at == step::acceptance;
    const auto index = static_cast<std::size_t>(how);
    auto sentence = begin(of) + std::string(words[index]) + " while " + std::string(during(at));
    if (uncertain)
        sentence.append("; it may have been accepted");
    return {how == interruption::timed_out ? infra::errc::timed_out : infra::errc::unavailable,
            std::move(sentence),
            {.name = std::string(names[index]),
             .retryable = uncertain ? of.keeps_keys : how != interruption::malformed,
             .uncertain = uncertain}};
}

send_error over_size(std::size_t size, std::size_t limit, const subject& of) {
    return certain(errc::too_large, "too_large", false,
                   begin(of) + "takes " + std::to_string(limit) + " bytes, and the mail has " + std::to_string(size) +
                       "; send less, or links instead of attachments");
}

} // namespace infra::email::smtp
