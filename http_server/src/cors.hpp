#pragma once

// CORS as the Fetch standard has it: what to tell a browser whose page comes from elsewhere.

#include <infra/base/http_message.hpp>
#include <infra/http_server/options.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace infra::http::detail {

/// The options made ready to be sent.
class cors_policy {
public:
    /// Throws std::invalid_argument naming the option.
    explicit cors_policy(cors_options options);

    /// Whether an OPTIONS request is a browser's question rather than a request.
    static bool is_preflight(method m, const headers& of_request) noexcept;

    /// Adds to a 204 what the browser wants to know; for a foreign origin nothing but Vary.
    void answer_preflight(const headers& of_request, headers& of_response) const;

    /// Adds to any other response; `origin` is empty when the request had none. Vary is there even then, since a cache may
    /// serve both sides.
    void decorate(std::string_view origin, headers& of_response) const;

private:
    bool allows(std::string_view origin) const noexcept;
    void name_origin(std::string_view origin, headers& of_response) const;

    cors_options options_;
    std::string methods_, headers_, exposed_, max_age_;
    bool any_origin_ = false;
    bool any_header_ = false;
};

} // namespace infra::http::detail
