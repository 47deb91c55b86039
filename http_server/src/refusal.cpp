#include "refusal.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

namespace infra::http::detail {
namespace {

struct refusal {
    int status;
    std::string_view code;
    std::string_view message;
};
constexpr refusal refusals[] = {
    {400, "malformed_request", "this is not a request as RFC 9112 has it"},
    {408, "request_timeout", "the request took too long to arrive"},
    {413, "body_too_large", "the body is larger than this server accepts"},
    {417, "expectation_failed", "only 100-continue may be expected"},
    {431, "header_too_large", "the header is larger than this server accepts"},
    {501, "not_implemented", "the only transfer coding is chunked"},
    {503, "overloaded", "the server is too busy; try again"},
    {505, "version_not_supported", "this server speaks HTTP/1.1"},
};

const refusal& refusal_of(int status) noexcept {
    const auto* const found = std::ranges::find(refusals, status, &refusal::status);
    return found == std::end(refusals) ? refusals[0] : *found;
}

} // namespace

response make_refusal(int status) {
    const auto& [known, code, message] = refusal_of(status);
    auto made = response::error(known, code, message);
    if (known == 503)
        made.headers.append("Retry-After", "1");
    return made;
}

error_response refused(int status) {
    const auto& [known, code, message] = refusal_of(status);
    return {known, std::string(code), std::string(message)};
}

} // namespace infra::http::detail
