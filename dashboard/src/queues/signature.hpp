#pragma once

#include <string>
#include <string_view>

namespace infra::dashboard {

/// What errors have in common that differ only in what they are about: of the first line all but numbers, ids, addresses and what stands in
/// quotes. `no answer of 10.0.0.5:443 within 5000 ms` is `no answer of # within # ms`. At most 160 bytes.
std::string error_signature(std::string_view reason);

} // namespace infra::dashboard
