#pragma once

/// The steps of an upload by parts: begun, put, completed, or aborted whatever happens.

#include "../core.hpp"
#include "feed.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/bucket.hpp>

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace infra::storage {

/// An upload that is aborted behind everybody's back, on a loop of the default runtime, unless it is kept.
///
/// Threads: any, one at a time.
class begun_upload {
public:
    begun_upload(core_ptr core, upload_id id) : core_(std::move(core)), id_(std::move(id)) {}
    ~begun_upload();
    begun_upload(const begun_upload&) = delete;
    begun_upload& operator=(const begun_upload&) = delete;

    const upload_id& id() const noexcept { return id_; }

    /// It is over, or outlives this call.
    void keep() noexcept { kept_ = true; }

private:
    const core_ptr core_;
    const upload_id id_;
    bool kept_ = false;
};

/// Cancel: terminal; an upload that has begun all the same is aborted.
awaitable<std::unique_ptr<begun_upload>> begin(core_ptr core, put_request what, deadline limit);

/// Where parts go.
struct parts_to {
    core_ptr core;
    upload_id upload;
    bool with_sums = true; ///< the store is told the checksum of each
    deadline limit{};
};

awaitable<part> put_part(parts_to where, fed_part what);

using part_listener = std::function<void(const part&)>;

/// Puts what the feed gives, `times` at once; `arrived` hears of each, on the caller's loop. One that fails ends the others.
awaitable<void> put_parts(parts_to where, feed_ptr from, std::size_t times, part_listener arrived);

/// What the object will be, where that is known.
struct whole {
    std::uint64_t size = 0;
    std::optional<checksum> sum{};
    std::optional<composite_checksum> composite{}; ///< instead, where the sum does not follow from the parts'
};
whole whole_of(const std::map<int, part>& parts);

/// Makes the object. Where the answer is lost, or the upload is over when it is asked for again, asks what is there; if that is
/// what was put, it has been done.
awaitable<object_info> complete(core_ptr core, upload_id upload, std::map<int, part> parts, put_request what,
                                deadline limit);

awaitable<void> abort(core_ptr core, upload_id upload, deadline limit);

} // namespace infra::storage
