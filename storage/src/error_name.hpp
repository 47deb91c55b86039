#pragma once

#include <boost/system/error_code.hpp>

#include <string_view>

namespace infra::storage {

/// One of two dozen words for metrics, spans and storage_error: "not_found", "timed_out", "error".
std::string_view name_of(const boost::system::error_code& code) noexcept;

} // namespace infra::storage
