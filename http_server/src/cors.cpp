#include "cors.hpp"

#include <algorithm>
#include <stdexcept>

namespace infra::http::detail {
namespace {

std::string joined(const std::vector<std::string>& items) {
    std::string text;
    for (const auto& item : items)
        text.append(text.empty() ? "" : ", ").append(item);
    return text;
}

bool contains(const std::vector<std::string>& items, std::string_view item) {
    return std::find(items.begin(), items.end(), item) != items.end();
}

} // namespace

cors_policy::cors_policy(cors_options options)
    : options_(std::move(options)),
      methods_(joined(options_.methods)),
      headers_(joined(options_.headers)),
      exposed_(joined(options_.exposed_headers)),
      max_age_(std::to_string(options_.max_age.count())),
      any_origin_(contains(options_.origins, "*")),
      any_header_(contains(options_.headers, "*")) {
    if (options_.origins.empty())
        throw std::invalid_argument("http::cors_options::origins must name at least one origin, or '*'");
    if (any_origin_ && options_.credentials)
        throw std::invalid_argument(
            "http::cors_options::credentials needs origins by name: with '*' any site could act "
            "as the user");
}

bool cors_policy::is_preflight(method m, const headers& of_request) noexcept {
    return m == method::options && of_request.contains("Origin") &&
           of_request.contains("Access-Control-Request-Method");
}

void cors_policy::answer_preflight(const headers& of_request, headers& of_response) const {
    of_response.append("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
    const auto origin = of_request.get("Origin").value_or("");
    if (!allows(origin))
        return;
    name_origin(origin, of_response);
    of_response.append("Access-Control-Allow-Methods", methods_);
    const auto allowed = any_header_ ? of_request.get("Access-Control-Request-Headers").value_or("") : headers_;
    if (!allowed.empty())
        of_response.append("Access-Control-Allow-Headers", allowed);
    of_response.append("Access-Control-Max-Age", max_age_);
}

void cors_policy::decorate(std::string_view origin, headers& of_response) const {
    if (!any_origin_)
        of_response.append("Vary", "Origin");
    if (origin.empty() || !allows(origin))
        return;
    name_origin(origin, of_response);
    if (!exposed_.empty())
        of_response.append("Access-Control-Expose-Headers", exposed_);
}

bool cors_policy::allows(std::string_view origin) const noexcept {
    return any_origin_ || contains(options_.origins, origin);
}

void cors_policy::name_origin(std::string_view origin, headers& of_response) const {
    of_response.set("Access-Control-Allow-Origin", any_origin_ ? std::string_view("*") : origin);
    if (options_.credentials)
        of_response.set("Access-Control-Allow-Credentials", "true");
}

} // namespace infra::http::detail
