// Objects: every spelling of what is put, and of what is asked.

#include "support.hpp"

#include <infra/storage.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace api {
namespace {

using namespace std::chrono_literals;

TEST(ApiStorage, TakesBytesAndTextOfEveryKind) {
    auto storage = infra::storage::create_storage({.url = "memory:"});
    const std::vector<std::byte> bytes(100, std::byte{7});
    const std::vector<unsigned char> unsigned_bytes(100, 'x');
    run([&]() -> awaitable<void> {
        co_await storage.put("avatars/1.jpg", bytes, {.content_type = "image/jpeg"});
        co_await storage.put("a", unsigned_bytes);
        co_await storage.put("b", std::span(bytes).first(10), {});
        co_await storage.put("c", long_text("moved"));
        co_await storage.put("d", "literal");
        co_await storage.put(std::string("e"), std::string_view("view"), {.metadata = {{"owner", "1"}}});
        auto later = storage.put(long_text("f"), long_text("started later"), {.content_type = long_text("t")});
        co_await std::move(later);

        auto later_get = storage.get(long_text("f"));
        EXPECT_EQ((co_await std::move(later_get)).bytes, long_text("started later"));
        auto later_head = storage.head(long_text("f"));
        EXPECT_EQ((co_await std::move(later_head))->content_type, long_text("t"));

        auto file = co_await storage.get("avatars/1.jpg");
        EXPECT_EQ(file.bytes.size(), 100U);
        EXPECT_EQ(file.info.content_type, "image/jpeg");
        EXPECT_EQ((co_await storage.get("d")).bytes, "literal");
        EXPECT_EQ((co_await storage.get("d", {.range = infra::storage::byte_range{.last = 3}})).bytes, "ral");
        EXPECT_FALSE(co_await storage.head("absent"));
        EXPECT_TRUE(co_await storage.exists("a"));
        EXPECT_EQ((co_await storage.list({.prefix = "avatars/"})).objects.size(), 1U);
        co_await storage.copy("a", "a2");
        co_await storage.move("a2", "a3");
        co_await storage.remove("a");
        co_await storage.remove_many({"a3", "b"});
        EXPECT_FALSE(co_await storage.head("a"));
        const std::string url = co_await storage.signed_url("c", 1h);
        EXPECT_NE(url.find("3600"), std::string::npos);
        const auto up = co_await storage.sign("c", 90s, {.method = infra::http::method::put, .content_type = "a/b"});
        EXPECT_FALSE(up.headers.empty());
        EXPECT_FALSE(
            (co_await storage.signed_form_for({.key_prefix = "in/", .max_size = 5'000'000}, 10min)).url.empty());
    });
}

TEST(ApiStorage, TakesFilesAndWhatComes) {
    const temporary_folder folder;
    const auto path = folder.path() / "from.txt";
    std::ofstream(path) << "of a file";
    infra::storage::storage storage(
        {.bucket = infra::storage::make_file_bucket({.directory = folder.path() / "kept"})});
    int left = 3;
    const auto next_rows = [&]() -> awaitable<std::string> { co_return left-- > 0 ? "row\n" : ""; };
    run([&]() -> awaitable<void> {
        co_await storage.put("a.txt", infra::storage::file{path});
        co_await storage.put("rows.csv", infra::storage::pieces{next_rows});
        EXPECT_EQ((co_await storage.get("a.txt")).bytes, "of a file");
        auto reader = co_await storage.open("rows.csv");
        std::string all;
        for (auto piece = co_await reader.read(); !piece.empty(); piece = co_await reader.read())
            all += piece;
        EXPECT_EQ(all, "row\nrow\nrow\n");
        EXPECT_EQ(reader.info().content_type, "text/csv; charset=utf-8");
        try {
            co_await storage.put("a.txt", "again", {.if_absent = true});
            ADD_FAILURE();
        } catch (const infra::storage::storage_error& e) {
            EXPECT_EQ(e.code(), infra::storage::errc::precondition);
        }
    });
}

TEST(ApiStorage, IsWaitedForWithoutALoop) {
    infra::storage::set_default_storage(infra::storage::create_storage({.url = "memory:"}));
    infra::wait(infra::storage::default_storage().put("a", "hello"));
    EXPECT_EQ(infra::wait(infra::storage::default_storage().get("a")).bytes, "hello");
    auto reader = infra::wait(infra::storage::default_storage().open("a"));
    EXPECT_EQ(infra::wait(reader.read()), "hello");
}

} // namespace
} // namespace api
