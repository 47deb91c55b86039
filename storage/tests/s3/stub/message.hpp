#pragma once

/// Requests and answers as the stub sees them.

#include "storage/src/sigv4/sigv4.hpp"

#include <infra/base/shared_bytes.hpp>
#include <infra/storage/checksum.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace infra::storage::stub {

using sigv4::fields;

/// The value of the first of this name, which is in lower case.
inline std::optional<std::string> value_of(const fields& in, std::string_view name) {
    for (const auto& [n, value] : in)
        if (n == name)
            return value;
    return std::nullopt;
}

/// Bytes of a body or an object: kept, or (`pattern`) known to be those of pattern.hpp.
struct content {
    std::uint64_t size = 0;
    shared_bytes bytes{};
    bool pattern = false;
};

struct message {
    std::string method{};
    std::string target{};
    std::string path{}; ///< of the target, as it was sent
    fields query{};     ///< decoded
    fields headers{};   ///< names in lower case
    fields trailers{};  ///< of a body in aws-chunked
    std::string bucket{};
    std::string key{};
    std::string_view op{};  ///< "put", "part", "list" …: see op.hpp
    std::string raw_hash{}; ///< SHA-256 of the body as it came, where the request names one
    content body{};
    std::optional<infra::storage::checksum> body_sum{}; ///< of a body that was not kept

    std::optional<std::string> header(std::string_view name) const { return value_of(headers, name); }
    std::optional<std::string> checksum(std::string_view algorithm) const {
        const auto name = "x-amz-checksum-" + std::string(algorithm);
        const auto said = header(name);
        return said ? said : value_of(trailers, name);
    }
    std::string argument(std::string_view name) const { return value_of(query, name).value_or(""); }
    bool asks(std::string_view name) const { return value_of(query, name).has_value(); }
};

struct answer {
    int status = 200;
    fields headers{};
    content body{};
    std::uint64_t offset = 0; ///< of the first byte of `body` that is sent
    std::uint64_t length = 0;
    bool tells_length = true;
};

/// Thrown by what will not do it; becomes an answer with S3's XML.
struct refusal : std::runtime_error {
    refusal(int s, std::string c, const std::string& sentence, fields more = {}, fields with = {})
        : std::runtime_error(sentence),
          status(s),
          code(std::move(c)),
          elements(std::move(more)),
          headers(std::move(with)) {}

    int status;
    std::string code;
    fields elements; ///< further ones of <Error>
    fields headers;
};

} // namespace infra::storage::stub
