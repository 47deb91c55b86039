#pragma once

/// The bytes of attachments that lie in files.

#include <infra/email/message.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace infra::email {

/// Of all together, as far as they are there.
std::size_t bytes_of(const std::vector<attachment>& all) noexcept;

/// What `max_bytes` leaves for the next one. Throws errc::too_large when it is nothing even for those that are there.
std::size_t room_for_more(const std::vector<attachment>& all, std::size_t max_bytes);

/// Throws errc::too_large for an attachment that has more bytes than `room`.
void refuse_over(std::size_t room, const std::string& source, std::size_t bytes);

/// Reads what attachment::file names, all attachments together at most `max_bytes`. Blocks on the disk, and on nothing that is no
/// file: a directory, a pipe or a device is refused. Throws errc::no_attachment with the path, errc::too_large for a file that is
/// too long before it is read, infra::errc::io.
void read_files(std::vector<attachment>& all, std::size_t max_bytes);

} // namespace infra::email
