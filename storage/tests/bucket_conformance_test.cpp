// The suite for what is in infra::storage: it can be in one source of a program only.

#include "bucket_conformance.hpp"

#include "support.hpp"

#include <infra/storage/file.hpp>
#include <infra/storage/memory.hpp>

namespace infra::storage {
namespace {

bucket_subject make_file() {
    const auto folder = std::make_shared<temporary_folder>();
    const auto open = [path = folder->path()] {
        return make_file_bucket({.directory = path / "store", .sync = durability::unsynced});
    };
    return {.object = open(), .another = open, .surroundings = folder};
}

INFRA_BUCKET_CONFORMANCE(File, ::testing::Values(bucket_case{.name = "file", .make = make_file}));

INFRA_BUCKET_CONFORMANCE(Memory,
                         ::testing::Values(bucket_case{
                             .name = "memory", .make = [] { return bucket_subject{.object = make_memory_bucket()}; }}));

} // namespace
} // namespace infra::storage
