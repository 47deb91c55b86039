#pragma once

#include <iosfwd>

namespace infra::cli {

/// While it lives, what the library reports of its work is told on a stream, a line each, from level info on. One at a time.
class log_to_people {
public:
    explicit log_to_people(std::ostream& to);
    ~log_to_people();
    log_to_people(const log_to_people&) = delete;
    log_to_people& operator=(const log_to_people&) = delete;
};

} // namespace infra::cli
