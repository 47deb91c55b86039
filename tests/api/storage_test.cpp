// Objects: every spelling of what is put, and of what is asked.

#include "support.hpp"

#include <infra/storage.hpp>
#include <infra/storage/verify.hpp>

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

TEST(ApiStorage, DoesWhatItsHeadersSay) {
    const temporary_folder folder;
    infra::storage::storage storage({.url = "file:" + (folder.path() / "kept").string()});
    const std::string bytes(11 << 20, 'x');
    run([&]() -> awaitable<void> {
        // storage.hpp, lister.hpp
        auto info = co_await storage.put("photos/1.jpg", bytes);
        auto face = co_await storage.get("photos/1.jpg");
        EXPECT_EQ(face.info.content_type, "image/jpeg");
        EXPECT_EQ(face.info.etag, info.etag);
        co_await storage.download("photos/1.jpg", folder.path() / "1.jpg");
        auto photos = storage.each({.prefix = "photos/"});
        std::size_t listed = 0;
        while (auto one = co_await photos.next())
            listed += one->key == "photos/1.jpg" && one->size == bytes.size() ? 1 : 100;
        EXPECT_EQ(listed, 1u);

        // upload.hpp
        auto up = co_await storage.begin_upload("video.mp4");
        const auto token = up.token();
        co_await up.put_part(1, bytes.substr(0, up.part_size()));
        auto again = co_await storage.resume_upload(token);
        for (int missing : again.missing(2))
            co_await again.put_part(missing, bytes.substr(up.part_size()));
        EXPECT_EQ((co_await again.complete()).size, bytes.size());

        // signing.hpp
        auto form = co_await storage.signed_form_for({.key_prefix = "in/", .max_size = 5'000'000}, 10min);
        auto url = co_await storage.signed_url(
            "in/photo.jpg", 10min,
            {.method = infra::http::method::put, .content_type = "image/jpeg", .content_length = bytes.size()});
        EXPECT_NE(form.url, url);
        auto parts = co_await storage.signed_upload_for("video.mp4", 10min, {.size = bytes.size()});
        EXPECT_EQ(parts.part_urls.size(), 2u);
        EXPECT_EQ((co_await storage.sweep(0ms)).uploads, 1u);

        // verify.hpp
        auto report = co_await infra::storage::verify(storage, {.signed_urls = false});
        for (auto& c : report.checks)
            EXPECT_EQ(to_string(c.outcome), c.name.starts_with("signed") ? "skipped" : "works") << c.name << c.note;

        // bucket.hpp
        auto kept = infra::storage::make_bucket("file:" + (folder.path() / "kept").string());
        co_await kept->put({.key = "a.txt"}, {.bytes = "hello"}, infra::deadline::after(10s));
        EXPECT_EQ((co_await storage.get("a.txt")).bytes, "hello");
    });

    // checksum.hpp, key.hpp
    using infra::storage::checksum_of;
    infra::storage::running_checksum sum(infra::storage::checksum_kind::crc32c);
    sum.update("12345").update("6789");
    EXPECT_EQ(sum.value().base64(), "4waSgw==");
    EXPECT_EQ(combine(checksum_of("12345"), checksum_of("6789"), 4), sum.value());
    EXPECT_NO_THROW(infra::storage::check_key("avatars/user-123.jpg"));
    EXPECT_FALSE(infra::storage::is_key("../secrets"));
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
