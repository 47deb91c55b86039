// What the panel of storage answers and does, in memory and in a directory.

#include "src/storage/looks.hpp"
#include "src/storage/storage_panel.hpp"
#include "support.hpp"

#include <infra/base/encoding.hpp>
#include <infra/storage/serve.hpp>
#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view png = "\x89PNG\r\n\x1a\n-picture";

class StoragePanel : public ::testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        const auto url = GetParam() == "file" ? "file:" + folder.path() + "/storage" : std::string("memory:");
        files.emplace(storage::storage_options{.url = url, .pool = &pool});
        add_storage_panel(on.board(), {.files = [this] { return *files; }, .max_upload = 1'000'000});
    }

    void put(const std::string& key, std::string bytes, storage::put_options how = {}) {
        on.loop.get(files->put(key, std::move(bytes), std::move(how)));
    }
    bool has(const std::string& key) { return on.loop.get(files->exists(key)); }
    static std::string path_of(std::string_view key) { return "/storage/objects/" + encoding::percent_encode(key); }

    testing::temporary_folder folder{"dashboard-storage"};
    blocking_pool pool{{.threads = 1}};
    mounted on;
    std::optional<storage::storage> files;
};

TEST_P(StoragePanel, ListsOneLevelInPages) {
    for (const auto* key : {"a.txt", "docs/1.txt", "docs/2.txt", "img/1.png", "z.txt"})
        put(key, "x");
    const auto all = on.get("/storage/objects").at("items");
    ASSERT_EQ(all.as_array().size(), 4u);
    EXPECT_EQ(all.at(0).at("key"), "a.txt");
    EXPECT_EQ(all.at(1).at("key"), "docs/");
    EXPECT_EQ(all.at(1).at("folder"), true);
    EXPECT_EQ(on.get("/storage/objects?prefix=docs/").at("items").as_array().size(), 2u);
    EXPECT_EQ(on.get("/storage/objects?flat=1").at("items").as_array().size(), 5u);
    const auto first = on.get("/storage/objects?flat=1&limit=2");
    ASSERT_EQ(first.at("items").as_array().size(), 2u);
    const auto next = encoding::form_encode(std::string(first.at("next").as_string()));
    EXPECT_EQ(on.get("/storage/objects?flat=1&limit=200&cursor=" + next).at("items").as_array().size(), 3u);
}

TEST_P(StoragePanel, DescribesAnObject) {
    put("docs/a.txt", "hello", {.metadata = {{"made-by", "Ann <b>"}}});
    const auto one = on.get(path_of("docs/a.txt"));
    EXPECT_EQ(one.at("size"), 5);
    EXPECT_EQ(one.at("preview"), "text");
    EXPECT_EQ(one.at("metadata").at("made-by"), "Ann <b>");
    EXPECT_EQ(one.at("checksum").at("kind"), "crc32c");
    EXPECT_EQ(on.status_of(path_of("docs/b.txt")), 404);
}

TEST_P(StoragePanel, ShowsTextUpToABound) {
    put("a.txt", std::string(100'000, 'x'));
    const auto text = on.get(path_of("a.txt") + "/text");
    EXPECT_EQ(text.at("text").as_string().size(), most_of_text_preview);
    EXPECT_EQ(text.at("bytes"), 100'000);
    EXPECT_EQ(text.at("cut"), true);
    put("empty.txt", "");
    EXPECT_EQ(on.get(path_of("empty.txt") + "/text").at("text"), "");
    put("broken.txt", "\xff\xfe\xff\xff\xff\xff");
    EXPECT_EQ(on.status_of(path_of("broken.txt") + "/text"), 422);
}

TEST_P(StoragePanel, ShowsPicturesByTheirBytesAndNothingThatRuns) {
    put("a.png", std::string(png));
    const auto picture = on.ask(http::method::get, path_of("a.png") + "/image");
    ASSERT_EQ(picture.status, 200);
    EXPECT_EQ(picture.headers.get("content-type"), "image/png");
    EXPECT_EQ(picture.headers.get("x-content-type-options"), "nosniff");
    EXPECT_TRUE(picture.headers.get("content-security-policy").value_or("").starts_with("sandbox; default-src 'none'"));
    put("evil.png", "<script>alert(1)</script>", {.content_type = "image/png"});
    EXPECT_EQ(on.status_of(path_of("evil.png") + "/image"), 422);
    put("evil.svg", "<svg onload=alert(1)>", {.content_type = "image/svg+xml"});
    EXPECT_EQ(on.status_of(path_of("evil.svg") + "/image"), 422);
}

TEST_P(StoragePanel, GivesEverythingElseAsAFileThatNoBrowserOpens) {
    put("in/grün \"1\".html", "<script>alert(1)</script>");
    const auto file = on.ask(http::method::get, path_of("in/grün \"1\".html") + "/file");
    ASSERT_EQ(file.status, 200);
    EXPECT_EQ(file.headers.get("content-type"), "application/octet-stream");
    EXPECT_EQ(file.headers.get("content-disposition"),
              "attachment; filename=\"gr__n__1_.html\"; filename*=UTF-8''gr%C3%BCn%20%221%22.html");
    EXPECT_TRUE(file.headers.get("content-security-policy").value_or("").starts_with("sandbox"));
    EXPECT_EQ(on.status_of(path_of("in/none") + "/file"), 404);
}

TEST_P(StoragePanel, TakesAnUploadAndReplacesOnlyWhenToldTo) {
    const auto made = on.act(http::method::put, path_of("in/new.txt") + "?type=text/plain", "hello");
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(on.loop.get(files->get("in/new.txt")).bytes, "hello");
    EXPECT_EQ(on.loop.get(files->head("in/new.txt"))->content_type, "text/plain");
    EXPECT_EQ(on.act(http::method::put, path_of("in/new.txt"), "other").status, 409);
    EXPECT_EQ(on.loop.get(files->get("in/new.txt")).bytes, "hello");
    EXPECT_EQ(on.act(http::method::put, path_of("in/new.txt") + "?replace=1", "other").status, 201);
    EXPECT_EQ(on.loop.get(files->get("in/new.txt")).bytes, "other");
}

TEST_P(StoragePanel, RefusesUploadsThatAreTooLarge) {
    const auto answer = on.act(http::method::put, path_of("in/big"), std::string(1'000'001, 'x'));
    EXPECT_EQ(answer.status, 413) << answer.body;
    EXPECT_FALSE(has("in/big"));
}

TEST_P(StoragePanel, RemovesAnObject) {
    put("a.txt", "x");
    EXPECT_EQ(on.act(http::method::delete_, path_of("a.txt")).status, 204);
    EXPECT_FALSE(has("a.txt"));
    EXPECT_EQ(on.act(http::method::delete_, path_of("a.txt")).status, 404);
}

TEST_P(StoragePanel, TakesKeysThatMeanSomethingInAddresses) {
    for (const std::string& key : {std::string("a?b#c%d&e"), std::string("<img src=x onerror=alert(1)>"),
                                   std::string("läuft/ja"), std::string(200, 'k') + "/" + std::string(200, 'k')}) {
        put(key, "here");
        EXPECT_EQ(on.get(path_of(key)).at("key"), json::value(key));
        EXPECT_EQ(on.act(http::method::delete_, path_of(key)).status, 204) << key;
    }
    for (const std::string key : {"../../etc/passwd", "a//b", "a/../b", "/a"})
        EXPECT_EQ(on.status_of(path_of(key)), 422) << key;
}

TEST_P(StoragePanel, ListsAndSweepsUploadsThatNobodyCompleted) {
    on.loop.get(files->begin_upload("video.mp4"));
    const auto left = on.get("/storage/leftovers").at("items");
    ASSERT_EQ(left.as_array().size(), 1u);
    EXPECT_EQ(left.at(0).at("key"), "video.mp4");
    EXPECT_EQ(on.act(http::method::post, "/storage/sweep", R"({"older_than_ms":1000})").status, 422);
    const auto done = on.act(http::method::post, "/storage/sweep", R"({"older_than_ms":3600000})");
    ASSERT_EQ(done.status, 200) << done.body;
    EXPECT_EQ(json::parse(done.body)->at("uploads"), 0); // it is younger
    EXPECT_EQ(on.get("/storage/leftovers").at("items").as_array().size(), 1u);
}

TEST_P(StoragePanel, SaysWhereObjectsAreAndWhetherItAnswers) {
    const auto about = on.get("/storage");
    EXPECT_EQ(about.at("problem"), "");
    EXPECT_FALSE(about.at("kept_in").as_string().empty());
}

INSTANTIATE_TEST_SUITE_P(Buckets, StoragePanel, ::testing::Values("memory", "file"),
                         [](const auto& info) { return info.param; });

TEST(StoragePanelLinks, AreGoodForAWhileAndOpenTheObject) {
    const environment variables({{"STORAGE_SIGNING_SECRET", "a-secret-of-the-tests-alone"},
                                 {"STORAGE_PUBLIC_URL", "http://localhost/storage"}});
    mounted on;
    const storage::storage files({.url = "memory:", .environment = &variables});
    storage::add_signed_urls(on.routes, files, "/storage");
    add_storage_panel(on.board(), {.files = [files] { return files; }});
    on.loop.get(files.put("a.txt", "hello"));
    const auto answer = on.act(http::method::post, "/storage/objects/a.txt/link", R"({"expires_s":60})");
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto url = std::string(json::parse(answer.body)->at("url").as_string());
    ASSERT_TRUE(url.starts_with("http://localhost/storage/")) << url;
    EXPECT_EQ(on.loop.get(on.routes.handle({.target = url.substr(16), .headers = {{"Host", "localhost"}}})).status,
              200);
    EXPECT_EQ(on.act(http::method::post, "/storage/objects/a.txt/link", R"({"expires_s":700000})").status, 422);
    EXPECT_EQ(on.act(http::method::post, "/storage/objects/b.txt/link", R"({"expires_s":60})").status, 404);
}

TEST(StoragePanelForReaders, ChangesNothing) {
    mounted on(role::read);
    const storage::storage files({.url = "memory:"});
    add_storage_panel(on.board(), {.files = [files] { return files; }});
    EXPECT_EQ(on.act(http::method::put, "/storage/objects/a", "x").status, 403);
    EXPECT_EQ(on.act(http::method::delete_, "/storage/objects/a").status, 403);
    EXPECT_EQ(on.act(http::method::post, "/storage/objects/a/link", "{}").status, 403);
    EXPECT_EQ(on.status_of("/storage/objects"), 200);
}

TEST(StoragePanelWithoutStorage, SaysWhatIsMissing) {
    mounted on;
    add_storage_panel(on.board(),
                      {.files = []() -> storage::storage { throw error(errc::io, "cannot write var/storage"); }});
    EXPECT_EQ(on.status_of("/storage"), 503);
    EXPECT_EQ(on.status_of("/storage/objects"), 503);
    EXPECT_EQ(on.loop.get(on.state->concerns.at(0)()).at(0).text, "storage does not answer: cannot write var/storage");
}

TEST(StorageLooks, TellsWhatCanBeShown) {
    struct row {
        std::string type;
        std::uint64_t size;
        std::string encoding;
        std::string_view expected;
    };
    const row rows[] = {
        {"text/plain; charset=utf-8", 10, "", "text"},
        {"TEXT/HTML", 10, "", "text"},
        {"application/json", 1 << 30, "", "text"},
        {"image/svg+xml", 10, "", "text"},
        {"image/PNG", 10, "", "image"},
        {"image/png", most_of_image + 1, "", "none"},
        {"text/plain", 10, "gzip", "none"},
        {"video/mp4", 10, "", "none"},
        {"", 10, "", "none"},
    };
    for (const auto& each : rows)
        EXPECT_EQ(preview_of({.size = each.size, .content_type = each.type, .content_encoding = each.encoding}),
                  each.expected)
            << each.type;
}

TEST(StorageLooks, CutsTextBetweenCharacters) {
    EXPECT_EQ(text_in("gr\xc3"), "gr");
    EXPECT_EQ(text_in("\xf0\x9f\x98"), "");
    EXPECT_EQ(text_in("a\xf0\x9f\x98"), "a");
    EXPECT_EQ(text_in(std::string_view("a\0b", 3)), "");
    EXPECT_EQ(text_in("grün"), "grün");
}

TEST(StorageLooks, KnowsPicturesByTheirFirstBytes) {
    EXPECT_EQ(image_type_of("\xff\xd8\xff\xe0"), "image/jpeg");
    EXPECT_EQ(image_type_of("GIF89a"), "image/gif");
    EXPECT_EQ(image_type_of("RIFF\1\1\1\1WEBPVP8 "), "image/webp");
    EXPECT_EQ(image_type_of("<svg"), "");
    EXPECT_EQ(image_type_of(""), "");
}

TEST(StorageLooks, MixesFoldersAndObjectsInTheirOrder) {
    const auto all = documents_of({.objects = {{.key = "b"}, {.key = "d"}}, .prefixes = {"a/", "c/", "e/"}});
    std::string order;
    for (const auto& each : all)
        order += each.at("key").as_string().front();
    EXPECT_EQ(order, "abcde");
}

} // namespace
} // namespace infra::dashboard
