#include "failure.hpp"

#include "endpoint.hpp"
#include "text.hpp"
#include "verdict.hpp"
#include "xml.hpp"

#include <infra/base/encoding.hpp>
#include <infra/http_client/client_errc.hpp>
#include <infra/http_client/retry_after.hpp>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

namespace infra::storage::s3 {
namespace {

using boost::system::error_code;

constexpr std::size_t longest = 300;

// A secret, a token and a signature are runs of at least forty of these; words are none.
bool is_of_secret(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/' ||
           c == '=' || c == '%' || c == '-' || c == '_';
}

std::string without_secrets(std::string_view words) {
    std::string left;
    while (!words.empty()) {
        const auto run = static_cast<std::size_t>(std::ranges::find_if_not(words, is_of_secret) - words.begin());
        left += run >= 40 ? "…" : words.substr(0, run);
        words.remove_prefix(run);
        if (words.empty())
            break;
        left += static_cast<unsigned char>(words.front()) < ' ' || words.front() == 0x7f ? ' ' : words.front();
        words.remove_prefix(1);
    }
    return left;
}

// A word for programs, which must not carry anything else.
bool is_code(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
               c == '-';
    });
}

std::string id_of(std::string_view text) { return is_code(text) ? std::string(text) : std::string(); }

constexpr std::string_view tls_is_spoken = "; where TLS is spoken there, S3_ENDPOINT begins with https://";

/// What the sentence names beside the key, where it helps.
std::string detail_of(const verdict& v, const complaint& c, int status, const asked& by) {
    std::string text;
    if (v.code == errc::denied && !by.key_id.empty())
        text += "; the access key is " + by.key_id + ", the region " + by.region;
    if (v.code == errc::no_bucket)
        text += "; the bucket is " + by.bucket;
    if (v.code == infra::errc::misconfigured && !c.region.empty())
        text += "; it is in " + c.region;
    if (by.perhaps_of_tls && c.code.empty() && status == 400) // what servers say of a request in the clear
        text += tls_is_spoken;
    return text;
}

std::string sentence_of(const verdict& v, const complaint& c, int status, const asked& by) {
    auto text = by.what + ": " + std::string(v.sentence) + detail_of(v, c, status, by) + " (" + std::to_string(status);
    if (!c.code.empty())
        text.append(" ").append(c.code);
    text += ")";
    const bool says_more = v.code == errc::refused || v.code == errc::unsupported || c.code == "AccessDenied";
    if (says_more && !c.message.empty())
        text.append(": ").append(c.message);
    return text;
}

std::string name_of(const verdict& v, const complaint& c, int status) {
    if (status == 304)
        return "not_modified";
    return c.code.empty() ? storage_error(v.code, {}).name() : c.code;
}

/// `<bucket>.s3.eu-west-1.amazonaws.com`, `s3-eu-west-1.amazonaws.com`.
std::string region_in_host(std::string_view host) {
    const auto end = host.find(".amazonaws.com");
    if (end == std::string_view::npos)
        return {};
    host = host.substr(0, end);
    const auto at = std::max(host.rfind("s3-") + 1, host.rfind("s3.") + 1); // 0 where there is none
    const auto region = at == 0 ? std::string_view() : host.substr(at + 2);
    return is_region(region) ? std::string(region) : std::string();
}

void add_region(complaint& to, const answer& a, const pugi::xml_node& error) {
    for (const auto& said :
         {std::string(a.headers.get("x-amz-bucket-region").value_or("")), text_in(error, "Region"),
          region_in_host(text_in(error, "Endpoint")), region_in_host(a.headers.get("location").value_or(""))})
        if (to.region.empty() && is_region(said))
            to.region = said;
}

pugi::xml_node error_in(const xml& document) {
    if (document.is("Error"))
        return document.root();
    return child(document.root(), "Error"); // <ErrorResponse><Error>…
}

} // namespace

std::string shown(std::string_view words) {
    auto line = without_secrets(encoding::to_utf8(words.substr(0, 4 * longest)));
    if (line.size() <= longest)
        return line;
    auto end = longest;
    while ((line[end] & 0xc0) == 0x80) // within a character
        --end;
    return line.substr(0, end) + "…";
}

complaint complaint_of(const answer& a) {
    const xml document(a.body);
    const auto error = error_in(document);
    complaint c{.code = id_of(text_in(error, "Code")),
                .message = shown(text_in(error, "Message")),
                .request_id = id_of(text_in(error, "RequestId")),
                .server_time = text_in(error, "ServerTime")};
    if (const auto id = id_of(a.headers.get("x-amz-request-id").value_or("")); !id.empty())
        c.request_id = id;
    add_region(c, a, error);
    return c;
}

bool is_belated_failure(const answer& a) { return a.succeeded() && xml(a.body).is("Error"); }

storage_error failure_of(const answer& a, const asked& by, wall_time now) {
    const auto made = failure_of(complaint_of(a), a.status, by);
    const auto after = a.headers.get("retry-after");
    if (!after)
        return made;
    auto with = made.all();
    with.retry_after = http::parse_retry_after(*after, now).value_or(std::chrono::milliseconds(0));
    return {made.code(), made.what(), std::move(with)};
}

storage_error failure_of(const complaint& c, int status, const asked& by) {
    const auto v = judge(c, status, by.of_object);
    return {v.code,
            sentence_of(v, c, status, by),
            {.name = name_of(v, c, status),
             .status = status,
             .request_id = c.request_id,
             .retryable = v.retryable,
             .uncertain = v.uncertain && by.changes,
             .fresh_connection = v.fresh_connection}};
}

namespace {

std::string advice_on(const error_code& code, const asked& by) {
    if (code == http::client_errc::tls)
        return "; check S3_ENDPOINT (https:// or http://, and its host), and S3_CA_FILE, which names whose "
               "certificates "
               "are trusted";
    const bool broken = code == http::client_errc::lost || code == http::client_errc::protocol;
    return std::string(broken && by.perhaps_of_tls ? tls_is_spoken : "");
}

} // namespace

storage_error failure_of(const error& e, const asked& by) {
    const auto* const ours = dynamic_cast<const http::client_error*>(&e);
    const bool arrived = by.changes && (!ours || ours->may_have_arrived());
    const bool broken = e.code() == http::client_errc::lost || e.code() == http::client_errc::protocol;
    const bool known = e.code() == infra::errc::timed_out || e.code() == infra::errc::closed ||
                       e.code() == infra::errc::overloaded || e.code() == infra::errc::misconfigured;
    const error_code code = known                                ? e.code()
                            : e.code() == http::client_errc::tls ? error_code(infra::errc::misconfigured)
                                                                 : error_code(infra::errc::unavailable);
    return {code,
            by.what + ": " + e.what() + advice_on(e.code(), by),
            {.name = std::string(http::failure_name(e.code())),
             .retryable = http::is_retryable(e.code()) || broken,
             .uncertain = arrived,
             .fresh_connection = broken || e.code() == infra::errc::timed_out}};
}

storage_error failure_of(const not_removed& n) {
    return failure_of(complaint{.code = id_of(n.code), .message = shown(n.message)}, 200,
                      {.what = "remove " + n.key, .changes = false});
}

} // namespace infra::storage::s3
