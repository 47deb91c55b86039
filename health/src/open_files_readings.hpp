#pragma once

#include <infra/health/open_files.hpp>

#include <cstdint>
#include <optional>

namespace infra::health::detail {

struct open_files_readings {
    std::uint64_t open = 0;
    std::optional<std::uint64_t> limit{}; ///< empty: none
};

check_result judge_open_files(const std::optional<open_files_readings>& readings,
                              const open_files_check_options& options);

} // namespace infra::health::detail
