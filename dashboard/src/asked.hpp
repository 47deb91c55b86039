#pragma once

// What requests to the API ask for, and downloads.

#include <infra/http_server/request.hpp>
#include <infra/http_server/response.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace infra::dashboard {

/// `limit` of a list's query, 1 to 200, by default 50. Throws http::error_response 400.
std::size_t limit_of(const http::request& r);

/// Whether the query says `<name>=1`.
bool says(const http::request& r, std::string_view name);

/// Bytes that a browser keeps as a file and does nothing else with, whatever they are.
http::response download_of(std::string_view filename, std::string bytes);

/// The same of an answer that is sent while it is read.
http::response download_of(std::string_view filename, http::response made);

} // namespace infra::dashboard
