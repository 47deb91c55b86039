#pragma once

#include <infra/http_server/response.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace infra::email::preview {

/// Whether a request's Host is one of `names`, with any port; all are where none is named.
bool is_for(std::string_view host, const std::vector<std::string>& names);

/// Whether another page loads it in the background, by the Sec-Fetch-Site and Sec-Fetch-Mode of its browser (W3C Fetch Metadata); empty
/// where they are not sent. A link that somebody follows from there is none.
bool is_loaded_elsewhere(std::string_view fetch_site, std::string_view fetch_mode) noexcept;

// Answers with what browsers are to keep to.

http::response page_response(int status, std::string html);
http::response mail_response(std::string html, bool images); ///< what stands in a frame
http::response asset_response(std::string_view content_type, std::string_view text);

} // namespace infra::email::preview
