#pragma once

/// What makes text small on its way to a collector:
///
///     headers.set("Content-Encoding", "gzip");
///     body = monitoring::gzip(body);

#include <string>
#include <string_view>

namespace infra::monitoring {

/// RFC 1952, at the fastest setting. Throws std::length_error above 4 GiB.
std::string gzip(std::string_view text);

} // namespace infra::monitoring
