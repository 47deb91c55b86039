#include "refusal.hpp"

#include <infra/base/telemetry.hpp>

#include <boost/asio/error.hpp>

namespace infra::storage::serve {
namespace {

struct words {
    int value;
    refusal as;
};

const words of_storage[] = {
    {static_cast<int>(errc::not_found), {404, "NoSuchKey", "The specified key does not exist."}},
    {static_cast<int>(errc::no_bucket), {404, "NoSuchBucket", "The specified bucket does not exist."}},
    {static_cast<int>(errc::precondition),
     {412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"}},
    {static_cast<int>(errc::integrity), {400, "BadDigest", "The checksum you specified is not that of what arrived."}},
    {static_cast<int>(errc::too_large),
     {400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"}},
    {static_cast<int>(errc::full), {507, "InsufficientStorage", "There is no room left."}},
    {static_cast<int>(errc::bad_range), {416, "InvalidRange", "The requested range is not satisfiable"}},
    {static_cast<int>(errc::no_upload),
     {404, "NoSuchUpload", "The specified multipart upload does not exist. It may have been aborted or completed."}},
    {static_cast<int>(errc::unsupported), {501, "NotImplemented", "This store has no such thing."}},
    {static_cast<int>(errc::throttled), {503, "SlowDown", "Please reduce your request rate."}},
};

const words of_base[] = {
    {static_cast<int>(infra::errc::invalid_input), {400, "InvalidArgument", "The request cannot be one."}},
    {static_cast<int>(infra::errc::overloaded), {503, "SlowDown", "Please reduce your request rate."}},
    {static_cast<int>(infra::errc::unavailable), {503, "ServiceUnavailable", "Please try again."}},
    {static_cast<int>(infra::errc::timed_out), {503, "ServiceUnavailable", "Please try again."}},
};

const refusal internal{500, "InternalError", "We encountered an internal error. Please try again."};

} // namespace

refusal refusal_of(sigv4::verdict v) {
    using enum sigv4::verdict;
    switch (v) {
    case malformed:
    case wrong_scope: return {403, "AuthorizationQueryParametersError", "The query has no signature as it should be."};
    case unknown_key: return {403, "InvalidAccessKeyId", "The access key id you provided does not exist."};
    case expired: return {403, "AccessDenied", "Request has expired"};
    case unsigned_headers:
        return {403, "AccessDenied", "There were headers present in the request which were not signed"};
    case mismatch:
        return {403, "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided."};
    default: return {403, "AccessDenied", "Access Denied"};
    }
}

refusal refusal_of(const storage_error& e) {
    if (e.code() == errc::refused)
        return {400, e.name().empty() ? "InvalidRequest" : e.name(), "The request cannot be done."};
    if (e.code().category() == storage_category())
        for (const auto& each : of_storage)
            if (each.value == e.code().value())
                return each.as;
    if (e.code().category() == base_category())
        for (const auto& each : of_base)
            if (each.value == e.code().value())
                return each.as;
    return internal;
}

http::response answer_thrown(const std::exception_ptr& thrown, std::string_view key, std::string_view request_id) {
    auto why = internal;
    try {
        std::rethrow_exception(thrown);
    } catch (const refused& e) {
        why = e.why();
    } catch (const storage_error& e) {
        why = refusal_of(e);
    } catch (const http::error_response&) {
        throw; // the body's: the server knows the answer
    } catch (...) {
        if (code_of(thrown) == asio::error::operation_aborted || code_of(thrown) == infra::errc::closed)
            throw;
    }
    if (why.status >= 500)
        telemetry::log(level::error, "storage", "a signed URL could not be served",
                       {{"key", key}, {"request_id", request_id}, {"error", describe(thrown)}});
    return answer_refusal(why, key, request_id);
}

http::response answer_refusal(const refusal& why, std::string_view key, std::string_view request_id) {
    std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + why.code + "</Code><Message>" +
                       escape_xml(why.sentence) + "</Message>";
    if (!key.empty())
        text += "<Key>" + escape_xml(key) + "</Key>";
    text += "<RequestId>" + escape_xml(request_id) + "</RequestId></Error>";
    auto made = http::response::of(why.status, "application/xml", std::move(text));
    made.headers.set("X-Content-Type-Options", "nosniff");
    return made;
}

std::string escape_xml(std::string_view text) {
    std::string made;
    for (const char c : text)
        switch (c) {
        case '<': made += "&lt;"; break;
        case '>': made += "&gt;"; break;
        case '&': made += "&amp;"; break;
        case '"': made += "&quot;"; break;
        default: made += c;
        }
    return made;
}

} // namespace infra::storage::serve
