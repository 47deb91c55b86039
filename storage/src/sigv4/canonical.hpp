#pragma once

/// What is signed: a request in the one form that both sides make of it.

#include "credential_scope.hpp"
#include "sigv4.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace infra::storage::sigv4 {

struct header_view {
    std::string_view name; ///< in any case
    std::string_view value;
};

/// Header fields in order of their names: what is signed of them, and which they are.
struct canonical_headers {
    std::string lines{}; ///< "host:s3.example\nrange:bytes=0-9\n"
    std::string names{}; ///< "host;range"
};

/// White space around values is dropped, runs of it inside become one space, and fields of one name one line, with commas.
canonical_headers canonical(std::vector<header_view> headers);

/// Pairs are sorted as they are encoded, by name, then value.
std::string canonical_query(const fields& query);

std::string canonical_request(std::string_view method, std::string_view path, std::string_view query,
                              const canonical_headers& headers, std::string_view payload);

/// The signature of a canonical request, in hex.
std::string signature_of(std::string_view canonical_request, std::string_view timestamp, std::string_view secret,
                         const scope& in);

} // namespace infra::storage::sigv4
