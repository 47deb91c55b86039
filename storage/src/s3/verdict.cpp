#include "verdict.hpp"

#include <infra/storage/error.hpp>

#include <optional>
#include <string>
#include <vector>

namespace infra::storage::s3 {
namespace {

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

} // namespace

verdict judge(const complaint& c, int status, bool of_object) {
    if (c.code.empty() && (status == 401 || status == 403))
        return *by_code("Unexplained");
    if (auto known = by_code(c.code))
        return *known;
    if (auto known = by_code(code_of(status, of_object)))
        return *known;
    return {errc::refused, "the store does not take the request"};
}

} // namespace infra::storage::s3
