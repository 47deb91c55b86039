// The suite for what is in infra::storage: it can be in one source of a program only.

#include "bucket_conformance.hpp"

#include "support.hpp"

#include <infra/storage/file.hpp>
#include <infra/storage/memory.hpp>

namespace infra::storage {
namespace {

bucket_subject file_in(std::shared_ptr<temporary_folder> folder) {
    const auto open = [path = folder->path()] {
        return make_file_bucket({.directory = path / "store", .sync = durability::unsynced});
    };
    return {.object = open(), .another = open, .surroundings = std::move(folder)};
}

bucket_subject make_file() { return file_in(std::make_shared<temporary_folder>()); }

// As on a file system that folds case: what has been found out of it lies in the directory.
bucket_subject make_folded() {
    auto folder = std::make_shared<temporary_folder>();
    folder->write("store/.infra/format", "infra storage 1, names in lower case and ASCII\n");
    return file_in(std::move(folder));
}

INFRA_BUCKET_CONFORMANCE(File, ::testing::Values(bucket_case{.name = "file", .make = make_file},
                                                 bucket_case{.name = "folded", .make = make_folded}));

INFRA_BUCKET_CONFORMANCE(Memory,
                         ::testing::Values(bucket_case{
                             .name = "memory", .make = [] { return bucket_subject{.object = make_memory_bucket()}; }}));

} // namespace
} // namespace infra::storage
