// What somebody can do with our signed URLs, the same for both stores of ours as for S3.

#include "tests/conformance/signed.hpp"
#include "tests/serve/served.hpp"
#include "tests/support.hpp"

#include <infra/storage/file.hpp>
#include <infra/storage/memory.hpp>

namespace infra::storage {
namespace {

using serve::served_files;

struct around {
    manual_clock time;
    temporary_folder folder;
    std::unique_ptr<served_files> served;
};

bucket_subject made(const std::shared_ptr<around>& of, std::shared_ptr<bucket> kept) {
    of->served = std::make_unique<served_files>(kept);
    return {.object = std::move(kept),
            .fetch = [at = of.get()](outside_request what) { return at->served->fetch(std::move(what)); },
            .advance = [at = of.get()](std::chrono::seconds by) { at->time.advance(by); },
            .surroundings = of};
}

bucket_subject make_file() {
    const auto of = std::make_shared<around>();
    return made(of, make_file_bucket({.directory = of->folder.path() / "store",
                                      .sync = durability::unsynced,
                                      .public_url = served_files::public_url,
                                      .time = &of->time}));
}

bucket_subject make_memory() {
    const auto of = std::make_shared<around>();
    return made(of, make_memory_bucket({.public_url = served_files::public_url, .time = &of->time}));
}

INSTANTIATE_TEST_SUITE_P(Served, BucketSigned,
                         ::testing::Values(bucket_case{.name = "file", .make = make_file},
                                           bucket_case{.name = "memory", .make = make_memory}),
                         bucket_name);

} // namespace
} // namespace infra::storage
