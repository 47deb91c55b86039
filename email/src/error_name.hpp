#pragma once

#include <boost/system/error_code.hpp>

#include <string_view>

namespace infra::email {

/// One of a dozen words for metrics, spans and send_error: "bad_address", "timed_out", "error".
std::string_view name_of(const boost::system::error_code& code) noexcept;

} // namespace infra::email
