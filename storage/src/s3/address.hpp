#pragma once

/// Where a bucket is, and what its objects are called in a request. Pure.

#include "endpoint.hpp"

#include <infra/storage/s3.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace infra::storage::s3 {

/// Where the bucket's name stands in a URL.
enum class naming { in_path, in_host, is_host };

/// A bucket at an endpoint.
class address {
public:
    /// Throws infra::error with errc::misconfigured where the name cannot be that of a bucket there.
    address(endpoint at, std::string bucket, naming how);

    const std::string& bucket() const noexcept { return bucket_; }
    const endpoint& at() const noexcept { return at_; }

    std::string host() const;                        ///< as Host has it, and as it is signed
    std::string path_of(std::string_view key) const; ///< as the request line has it; of an empty key the bucket's own
    std::string origin() const;                      ///< "https://bucket.host:port"

    address at_endpoint(endpoint other) const { return {std::move(other), bucket_, how_}; }

private:
    endpoint at_;
    std::string bucket_;
    naming how_;
};

address address_of(const s3_options& o);

/// Of signed URLs. A host that is the bucket's own name stands for it, as where a name of one's own points at the store.
address public_address_of(const s3_options& o);

} // namespace infra::storage::s3
