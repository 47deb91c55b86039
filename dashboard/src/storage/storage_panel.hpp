#pragma once

#include "../board.hpp"

#include <infra/storage.hpp>

#include <cstdint>
#include <functional>

namespace infra::dashboard {

struct storage_source {
    /// Asked for each request, so that it may be made later than the panel. May throw: there is none.
    std::function<storage::storage()> files = [] { return storage::default_storage(); };

    std::uint64_t max_upload = 5ull << 30; ///< bytes
};

/// Page `storage`: objects, what they look like, links to them, and uploads that nobody completed. README.md lists its routes.
void add_storage_panel(board on, storage_source from = {});

} // namespace infra::dashboard
