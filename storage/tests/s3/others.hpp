#pragma once

/// S3 as others wrote it, in processes of their own.
///
///     if (const auto why = others::swift::missing(); !why.empty()) GTEST_SKIP() << why;
///     others::swift store;                                                   // endpoint(), bucket, keys

#include "peer.hpp"

#include <infra/storage/credentials.hpp>
#include <infra/testing/redis_server.hpp>

#include <sys/xattr.h>

#include <cstdlib>
#include <string>

namespace infra::storage::others {

inline constexpr const char* bucket = "photos";

/// npm's @20minutes/s3rver, which checks signatures and not bodies.
class s3rver {
public:
    static std::string missing() { return peer::missing("@20minutes/s3rver"); }

    const std::string& endpoint() const noexcept { return program_.first_line(); }
    static credentials keys() { return {.access_key_id = "S3RVER", .secret_access_key = "S3RVER"}; }

private:
    testing::temporary_folder folder_{"s3rver"};
    peer::child program_{{"node", "--no-warnings", peer::folder + "/s3rver.mjs", folder_.path(), bucket}};
};

/// Debian's OpenStack Swift with its s3api.
class swift {
public:
    static std::string missing() {
        static const bool there = std::system("/usr/bin/python3 -c 'import swift.proxy.server, swift.account.server, "
                                              "swift.container.server, swift.obj.server' >/dev/null 2>&1") == 0;
        if (!there)
            return "Swift is not installed (apt-get install python3-swift)";
        const testing::temporary_folder probe("swift");
        if (::setxattr(probe.path().c_str(), "user.swift.probe", "x", 1, 0) != 0)
            return "Swift keeps metadata in extended attributes, and the temporary folder has none";
        return {};
    }

    const std::string& endpoint() const noexcept { return program_.first_line(); }
    static credentials keys() { return {.access_key_id = "test:tester", .secret_access_key = "swift-secret"}; }

private:
    testing::temporary_folder folder_{"swift"};
    peer::child program_{{"/usr/bin/python3", peer::folder + "/swift_server.py", folder_.path(), bucket,
                          keys().access_key_id, keys().secret_access_key}};
};

} // namespace infra::storage::others
