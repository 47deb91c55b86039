#include "journal.hpp"

#include <string>

#include <unistd.h>

namespace infra::dashboard {

bool is_journal(std::string_view journal_stream, const struct ::stat& file) {
    return journal_stream == std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino);
}

bool stderr_is_journal(std::string_view journal_stream) {
    struct ::stat file{};
    return !journal_stream.empty() && ::fstat(STDERR_FILENO, &file) == 0 && is_journal(journal_stream, file);
}

} // namespace infra::dashboard
