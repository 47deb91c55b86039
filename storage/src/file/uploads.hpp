#pragma once

/// Uploads by parts: a directory for each.
///
///     .infra/uploads/<id>/state       when it began, and what the object will be
///     .infra/uploads/<id>/<number>    a part: its bytes, and 64 more that say what they are

#include "objects.hpp"

#include <infra/storage/bucket.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace infra::storage::disk {

/// The last bytes of a part's file.
inline constexpr std::size_t trailer_size = 64;
std::string trailer_of(const part& p);

/// Empty for what trailer_of() could not have written. `size` is that of the file.
std::optional<part> part_from(std::string_view trailer, int number, std::uint64_t size);

struct upload_state {
    wall_time begun{};
    sidecar object{};
};
std::string to_text(const upload_state& from);
std::optional<upload_state> state_from_text(std::string_view text);

/// The directory of an upload, whatever is in it.
void remove_upload(const layout& in, const std::string& path) noexcept;

/// Threads:  any member from any.
/// Errors:   storage_error; errc::no_upload for one that is over, or never was.
class uploads {
public:
    explicit uploads(objects& store) : store_(store) {}

    upload_id begin(const put_request& what);

    /// A part of what `write` appends to a file.
    part put_part(const upload_id& to, int number, const std::optional<checksum>& sum,
                  const std::function<void(temporary&)>& write, const asker& by);
    std::vector<part> list_parts(const upload_id& of);
    object_info complete(const upload_id& of, const std::vector<part>& parts, const put_request& what, const asker& by);
    void abort(const upload_id& which, const asker& by);
    uploads_page list(const std::string& prefix, const std::string& token);

private:
    descriptor put_in_place(const layout& in, temporary& part, int number, const upload_id& to, const std::string& what,
                            const asker& by) const; ///< the directory that it is in

    objects& store_;
};

} // namespace infra::storage::disk
