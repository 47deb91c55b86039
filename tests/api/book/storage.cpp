// What docs/storage.md shows.

#include "../support.hpp"

#include <infra/logging.hpp>
#include <infra/storage/memory.hpp>

#include <gtest/gtest.h>

using namespace std::chrono_literals;

// [storage]
#include <infra/storage.hpp>

infra::awaitable<std::string> keep_avatar(infra::storage::storage files, std::string user, std::string bytes) {
    const auto key = "avatars/" + user + ".png";
    co_await files.put(key, bytes, {.content_type = "image/png"}); // on the disk, or with the store, for good
    auto back = co_await files.get(key);                           // compared with its checksum
    infra::logging::info("kept", {{"key", key}, {"bytes", back.bytes.size()}});
    co_return co_await files.signed_url(key, 1h); // for a browser without keys
}
// [/storage]

TEST(BookStorage, KeepsWhatThePageKeeps) {
    infra::storage::storage files({.bucket = infra::storage::make_memory_bucket({})});
    const auto url = infra::wait(keep_avatar(files, "ann", "PNG"));
    EXPECT_NE(url.find("avatars/ann.png"), std::string::npos);
}
