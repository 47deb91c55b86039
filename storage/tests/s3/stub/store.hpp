#pragma once

/// What the stub keeps: objects and uploads, in memory and, where wanted, in a directory from which another process goes on.

#include "message.hpp"

#include <infra/base/time.hpp>

#include <filesystem>
#include <map>
#include <string>

namespace infra::storage::stub {

using sums = std::map<std::string, std::string, std::less<>>; ///< "crc32c" and its Base64

struct stored {
    content bytes{};
    std::string etag{}; ///< without quotes
    fields attributes{};
    sums checksums{};
    std::string checksum_type{};
    wall_time modified{};
};

struct stored_part {
    content bytes{};
    std::string etag{};
    sums checksums{};
    wall_time modified{};
};

struct open_upload {
    std::string key{};
    wall_time begun{};
    fields attributes{};
    std::string algorithm{}; ///< "crc32c"; empty: the client said none
    std::string checksum_type{};
    std::map<int, stored_part> parts{};
};

/// Each change is a file that is there wholly or not at all, before the client hears of it; a SIGKILL takes nothing that was answered.
class journal {
public:
    explicit journal(std::filesystem::path directory);

    void put(const std::string& key, const stored& object) const;
    void remove(const std::string& key) const;
    void put(const std::string& id, const open_upload& upload) const;
    void put(const std::string& id, int number, const stored_part& part) const;
    void remove_upload(const std::string& id) const;

    std::map<std::string, stored> objects() const;
    std::map<std::string, open_upload> uploads() const;

private:
    std::filesystem::path objects_;
    std::filesystem::path uploads_;
};

} // namespace infra::storage::stub
