#pragma once

// What the copies of a logger share, and what the records of its lines point to.

#include "render.hpp"

#include <infra/base/telemetry.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace infra::logging::detail {

class pipeline_state;

struct logger_core {
    std::shared_ptr<pipeline_state> to;
    std::string module;
    std::optional<level> own_level;
    rendered_fields fields;
    std::string as_text; // module and fields, where records are durable: see logger_text()

    // The pipeline's level for this module, and of which of its rules: see pipeline_state::enabled().
    mutable std::atomic<std::uint64_t> known_level{0};
    // Those that no logger holds any more wait for the records that point to them.
    mutable const logger_core* next_retired = nullptr;
};

inline void destroy(const logger_core* list) noexcept {
    while (list)
        delete std::exchange(list, list->next_retired);
}

} // namespace infra::logging::detail
