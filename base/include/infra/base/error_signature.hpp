#pragma once

/// What errors have in common that differ only in what they are about, so that equal ones can be counted together.
///
///     ++seen[error_signature(reason)];    // "no answer of # within # ms", of whatever address

#include <string>
#include <string_view>

namespace infra {

/// Of the first line all but numbers, ids, addresses and what stands in quotes: `no answer of 10.0.0.5:443 within 5000 ms` is
/// `no answer of # within # ms`. At most 160 bytes, and `…` where something was left out.
std::string error_signature(std::string_view reason);

} // namespace infra
