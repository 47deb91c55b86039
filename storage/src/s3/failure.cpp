#include "failure.hpp"

#include "endpoint.hpp"
#include "text.hpp"
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

// --- The table --------------------------------------------------------------------------------------------------

/// What kind of failure it is.
struct verdict {
    error_code code;
    std::string_view sentence;
    bool retryable = false;
    bool uncertain = false;
    bool fresh_connection = false;
};

struct row {
    std::string_view names; ///< between spaces
    verdict as;
};

const std::vector<row>& rows() {
    static const std::vector<row> table = {
        // Who asks.
        {" SignatureDoesNotMatch ",
         {errc::denied,
          "the signature is not the one that the store computes; check S3_SECRET_ACCESS_KEY, this machine's clock, "
          "the region and proxies that change paths or Host"}},
        {" InvalidAccessKeyId InvalidAccessKey ",
         {errc::denied, "the store does not know the access key; check S3_ACCESS_KEY_ID and S3_ENDPOINT"}},
        {" ExpiredToken TokenRefreshRequired ", {errc::denied, "the session's credentials have expired; renew them"}},
        {" InvalidToken InvalidSecurity ",
         {errc::denied,
          "the session token is not one of the store's; check S3_SESSION_TOKEN, which long-lived keys do not have"}},
        {" RequestTimeTooSkewed RequestExpired ",
         {errc::denied, "this machine's clock and the store's differ by more than 15 minutes; set it"}},
        {" AccessDenied AllAccessDisabled Forbidden Unauthorized AccountProblem ",
         {errc::denied, "the credentials are not allowed to; check the policies of the key and of the bucket"}},
        {" Unexplained ",
         {errc::denied,
          "the store refuses without saying why, as it does after a HEAD; check S3_SECRET_ACCESS_KEY, this machine's "
          "clock, the region, and the policies of the key and of the bucket"}},

        // What is asked for.
        {" NoSuchBucket ",
         {errc::no_bucket, "the store has no such bucket; check S3_BUCKET and S3_ENDPOINT, or create it"}},
        {" NoSuchKey NoSuchVersion ", {errc::not_found, "there is no such object"}},
        {" NoSuchUpload ", {errc::no_upload, "the upload is over: completed, aborted or swept"}},
        {" PreconditionFailed ", {errc::precondition, "the condition does not hold"}},
        {" NotModified ", {errc::precondition, "it has not changed"}},
        {" ConditionalRequestConflict ", {errc::precondition, "another write to the same key is under way", true}},
        {" InvalidRange ", {errc::bad_range, "the range begins behind the object's end"}},
        {" InvalidObjectState ", {errc::refused, "the object is in an archive; restore it first"}},

        // What is sent.
        {" BadDigest InvalidDigest XAmzContentChecksumMismatch XAmzContentSHA256Mismatch IncompleteBody ",
         {errc::integrity, "what arrived is not what was sent; nothing of it was kept", true}},
        {" EntityTooLarge MaxMessageLengthExceeded ", {errc::too_large, "it is larger than the store takes"}},
        {" EntityTooSmall ", {errc::refused, "a part that is not the last is smaller than the store takes"}},
        {" InvalidPart InvalidPartOrder ",
         {errc::refused, "the parts are not those that the store has; put the missing ones again"}},
        {" QuotaExceeded QuotaExceededException ServiceQuotaExceededException InsufficientStorage XMinioStorageFull "
         "XMinioAdminBucketQuotaExceeded ",
         {errc::full, "the store's disk, or the quota, is full"}},
        {" NotImplemented MethodNotAllowed UnsupportedOperation XNotImplemented ",
         {errc::unsupported, "the store cannot do this; infra storage verify tells what it can"}},

        // Where it is asked.
        {" PermanentRedirect TemporaryRedirect Redirect AuthorizationHeaderMalformed "
         "IllegalLocationConstraintException ",
         {infra::errc::misconfigured, "the bucket is in another region; check S3_REGION and S3_ENDPOINT"}},

        // When.
        {" SlowDown SlowDownRead SlowDownWrite TooManyRequests RequestLimitExceeded Throttling ThrottlingException "
         "BandwidthLimitExceeded ",
         {errc::throttled, "the store asks for patience", true, false, true}},
        {" RequestTimeout ",
         {infra::errc::unavailable, "the store waited too long for the request", true, false, true}},
        {" OperationAborted ", {infra::errc::unavailable, "another operation on the same is under way", true}},
        {" ServiceUnavailable Busy ", {infra::errc::unavailable, "the store is out of order for now", true}},
        {" InternalError InternalServerError ", {infra::errc::unavailable, "the store is out of order", true, true}},
    };
    return table;
}

std::optional<verdict> by_code(std::string_view code) {
    const auto word = std::string(" ").append(code).append(" ");
    for (const auto& each : rows())
        if (!code.empty() && each.names.find(word) != std::string_view::npos)
            return each.as;
    return std::nullopt;
}

// HEAD's answers have no body, nor have those of what stands between.
std::string_view code_of(int status, bool of_object) noexcept {
    switch (status) {
    case 304: return "NotModified";
    case 401:
    case 403: return "AccessDenied";
    case 404: return of_object ? "NoSuchKey" : "NoSuchBucket";
    case 405:
    case 501: return "NotImplemented";
    case 408: return "RequestTimeout";
    case 409: return "OperationAborted";
    case 412: return "PreconditionFailed";
    case 413: return "EntityTooLarge";
    case 416: return "InvalidRange";
    case 429: return "TooManyRequests";
    case 499: return "InternalError";
    case 507: return "InsufficientStorage";
    default: return status >= 500 ? "InternalError" : status >= 300 && status < 400 ? "Redirect" : "";
    }
}

verdict judge(const complaint& c, int status, bool of_object) {
    if (c.code.empty() && (status == 401 || status == 403))
        return *by_code("Unexplained");
    if (auto known = by_code(c.code))
        return *known;
    if (auto known = by_code(code_of(status, of_object)))
        return *known;
    return {errc::refused, "the store does not take the request"};
}

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
