#pragma once

#include <string_view>

#include <sys/stat.h>

namespace infra::dashboard {

/// Whether a file is the stream to systemd's journal that JOURNAL_STREAM names, as "device:inode"; see systemd.exec(5). What is written
/// there is kept, and read by others than who started the service.
bool is_journal(std::string_view journal_stream, const struct ::stat& file);

/// The same of this process' stderr.
bool stderr_is_journal(std::string_view journal_stream);

} // namespace infra::dashboard
