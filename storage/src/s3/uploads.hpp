#pragma once

/// The calls of a bucket about uploads by parts.

#include "objects.hpp"

namespace infra::storage::s3 {

awaitable<upload_id> begin_upload(store_ptr at, put_request what, deadline limit);
awaitable<part> put_part(store_ptr at, upload_id upload, int number, shared_bytes bytes, std::optional<checksum> sum,
                         deadline limit);
awaitable<part> copy_part(store_ptr at, upload_id upload, int number, part_source from, deadline limit);
awaitable<std::vector<part>> list_parts(store_ptr at, upload_id upload, deadline limit);
awaitable<object_info> complete_upload(store_ptr at, upload_id upload, std::vector<part> parts, put_request what,
                                       deadline limit);
awaitable<void> abort_upload(store_ptr at, upload_id upload, deadline limit);
awaitable<uploads_page> list_uploads(store_ptr at, std::string prefix, std::string token, deadline limit);

} // namespace infra::storage::s3
