#pragma once

/// Objects in this process, for tests. `memory:` as STORAGE_URL selects it.
///
///     storage::storage files({.bucket = storage::make_memory_bucket()});

#include <infra/base/clock.hpp>
#include <infra/storage/bucket.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace infra::storage {

struct memory_options {
    std::size_t max_bytes = std::size_t{1} << 30;             ///< of all objects and parts; one more is errc::full
    std::string public_url = "http://127.0.0.1:3000/storage"; ///< as file_options::public_url
    clock* time = &real_clock();                              ///< outlives it
};

std::shared_ptr<bucket> make_memory_bucket(memory_options options = {});

} // namespace infra::storage
