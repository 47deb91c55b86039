#pragma once

/// What a store in memory keeps, and the rules by which it changes. Not safe for threads: see bucket.cpp.

#include "listing.hpp"
#include "rope.hpp"

#include <infra/storage/bucket.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::storage::memory {

struct stored_object {
    object_info info{};
    rope bytes{};
};

struct stored_part {
    part info{};
    rope bytes{};
};

struct stored_upload {
    put_request what{}; ///< as it was begun
    wall_time begun{};
    std::map<int, stored_part> parts{};
};

inline constexpr std::uint64_t min_part = 5u << 20;

/// Throws errc::integrity where the bytes are not what the checksum says; otherwise theirs, of the same kind, or of `otherwise`.
checksum checked(const rope& bytes, const std::optional<checksum>& said, checksum_kind otherwise, std::string_view key);

class objects {
public:
    /// Throws errc::not_found.
    const stored_object& at(std::string_view key) const;

    /// Puts under the key, if the conditions hold.
    object_info put(const put_request& what, rope bytes, checksum sum, wall_time now);
    object_info copy(const copy_request& what, wall_time now);
    void remove(std::string_view key, const std::string& if_match);
    list_page list(const list_options& what) const { return page_of(kept_, what); }

    upload_id begin(put_request what, wall_time now);
    part put_part(const upload_id& of, int number, rope bytes, checksum sum);
    std::vector<part> parts(const upload_id& of) const;
    object_info complete(const upload_id& of, const std::vector<part>& parts, const put_request& what, wall_time now);
    void abort(const upload_id& of);
    uploads_page uploads(std::string_view prefix, std::string_view token) const;

private:
    std::optional<std::string> etag_at(std::string_view key) const;
    const stored_upload& upload_at(const upload_id& of) const; // throws errc::no_upload
    stored_upload& upload_at(const upload_id& of) {
        return const_cast<stored_upload&>(std::as_const(*this).upload_at(of));
    }
    std::string new_etag(const checksum& of) { return of.hex() + "-" + std::to_string(++version_); }

    object_map kept_;
    std::map<std::string, stored_upload, std::less<>> uploads_; // by key, NUL and id
    std::uint64_t version_ = 0;
};

} // namespace infra::storage::memory
