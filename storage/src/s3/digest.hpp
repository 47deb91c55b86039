#pragma once

#include <string>
#include <string_view>

namespace infra::storage::s3 {

/// The MD5 of `bytes` in Base64, as Content-MD5 has it. Against accidents, not against anybody.
std::string md5_base64(std::string_view bytes);

} // namespace infra::storage::s3
