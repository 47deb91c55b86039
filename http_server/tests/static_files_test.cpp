#include "src/static_files.hpp"

#include "support.hpp"

#include "src/file.hpp"

#include <infra/runtime/blocking_pool.hpp>

#include <sys/stat.h>

namespace infra::http {
namespace {

using detail::servable_path;

TEST(StaticFiles, ServesNamesThatStayInside) {
    const std::pair<const char*, std::optional<std::string>> cases[] = {
        {"a.txt", "a.txt"},
        {"a/b.txt", "a/b.txt"},
        {"", "index.html"},
        {"docs/", "docs/index.html"},
        {".well-known/security.txt", ".well-known/security.txt"},
        {"..", std::nullopt},
        {"../a", std::nullopt},
        {"a/../b", std::nullopt},
        {"a/..", std::nullopt},
        {"./a", std::nullopt},
        {".git/config", std::nullopt},
        {"a/.env", std::nullopt},
        {"/etc/passwd", std::nullopt},
        {"a//b", std::nullopt},
    };
    for (const auto& [path, expected] : cases)
        EXPECT_EQ(servable_path(path, "index.html"), expected) << path;
    EXPECT_EQ(servable_path("docs/", ""), std::nullopt);
    EXPECT_EQ(servable_path(std::string_view("a\0b", 3), ""), std::nullopt);
}

class StaticFolder : public ::testing::Test {
protected:
    StaticFolder() {
        outside.write("secret.txt", "secret");
        folder.write("hello.txt", "hello, world");
        folder.write("index.html", "<p>");
        folder.write("docs/index.html", "<p>docs");
        folder.write(".env", "KEY=1");
        namespace fs = std::filesystem;
        fs::create_symlink(outside.path() / "secret.txt", folder.path() / "leak.txt");
        fs::create_directory_symlink(outside.path(), folder.path() / "leak");
        fs::create_symlink("hello.txt", folder.path() / "inside.txt");
        ::mkfifo((folder.path() / "pipe").c_str(), 0600);
        routes.files("/f", {.directory = folder.path(), .pool = &pool});
    }

    response get(std::string target, headers fields = {}, method m = method::get) {
        return loop.get(routes.handle({.method = m, .target = std::move(target), .headers = std::move(fields)}));
    }

    temporary_folder outside;
    temporary_folder folder;
    blocking_pool pool{{.threads = 1}};
    router routes;
    test_loop loop;
};

TEST_F(StaticFolder, ServesFilesWithTheirFacts) {
    const auto made = get("/f/hello.txt");
    EXPECT_EQ(made.status, 200);
    EXPECT_EQ(made.body, "hello, world");
    EXPECT_EQ(made.headers.get("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(made.headers.get("Cache-Control"), "no-cache");
    EXPECT_EQ(made.headers.get("Accept-Ranges"), "bytes");
    EXPECT_TRUE(made.headers.contains("Last-Modified"));
    EXPECT_TRUE(made.headers.get("ETag")->starts_with('"'));
    EXPECT_EQ(get("/f/").body, "<p>");
    EXPECT_EQ(get("/f/docs/").body, "<p>docs");
    EXPECT_EQ(get("/f/inside.txt").body, "hello, world") << "a link that stays inside";
}

TEST_F(StaticFolder, NeverLeavesItsDirectory) {
    for (const auto* target : {"/f/leak.txt", "/f/leak/secret.txt", "/f/../secret.txt", "/f/%2e%2e/secret.txt",
                               "/f/..%2fsecret.txt", "/f/docs/..%2f..%2fsecret.txt", "/f/%2fetc/passwd", "/f/.env",
                               "/f/docs", "/f/pipe", "/f/absent", "/f/hello.txt/x", "/f"})
        EXPECT_EQ(get(target).status, 404) << target;
    EXPECT_EQ(get("/f/" + std::string(5000, 'a')).status, 404);
}

TEST_F(StaticFolder, AnswersConditionsAndRanges) {
    const auto tag = std::string(*get("/f/hello.txt").headers.get("ETag"));
    const auto unchanged = get("/f/hello.txt", {{"If-None-Match", tag}});
    EXPECT_EQ(unchanged.status, 304);
    EXPECT_EQ(unchanged.body, "");
    EXPECT_EQ(unchanged.headers.get("ETag"), tag);
    const auto part = get("/f/hello.txt", {{"Range", "bytes=7-"}});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, "world");
    EXPECT_EQ(part.headers.get("Content-Range"), "bytes 7-11/12");
    const auto none = get("/f/hello.txt", {{"Range", "bytes=12-"}});
    EXPECT_EQ(none.status, 416);
    EXPECT_EQ(none.headers.get("Content-Range"), "bytes */12");
    EXPECT_EQ(get("/f/hello.txt", {{"If-Match", "\"other\""}}).status, 412);
    EXPECT_EQ(get("/f/hello.txt", {}, method::post).status, 405);
}

TEST_F(StaticFolder, FollowsAFileThatChanges) {
    const auto before = std::string(*get("/f/hello.txt").headers.get("ETag"));
    folder.write("hello.txt", "other");
    const auto made = get("/f/hello.txt", {{"If-None-Match", before}});
    EXPECT_EQ(made.status, 200);
    EXPECT_EQ(made.body, "other");
}

TEST_F(StaticFolder, FollowsNoLinkWhereTheKernelCannotCheckIt) {
    const detail::unique_descriptor root(::open(folder.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    EXPECT_TRUE(detail::unique_descriptor(detail::open_step_by_step(root.get(), "hello.txt")));
    EXPECT_TRUE(detail::unique_descriptor(detail::open_step_by_step(root.get(), "docs/index.html")));
    for (const auto* path : {"leak.txt", "leak/secret.txt", "inside.txt", "absent", "docs/absent"})
        EXPECT_FALSE(detail::unique_descriptor(detail::open_step_by_step(root.get(), path))) << path;
}

TEST_F(StaticFolder, NeedsADirectoryThatIsThere) {
    try {
        routes.files("/missing", {.directory = "/nonexistent/folder"});
        FAIL();
    } catch (const infra::error& e) {
        EXPECT_EQ(e.code(), errc::misconfigured);
        EXPECT_STREQ(e.what(),
                     "http::static_files::directory: cannot open '/nonexistent/folder': No such file or directory; put "
                     "the files there, or name the folder that holds them");
    }
}

TEST_F(StaticFolder, SendsAFileWithTheStatusOfTheHandler) {
    routes.get("/gone", [path = (folder.path() / "hello.txt").string()] {
        auto made = response::file(path);
        made.status = 410;
        return made;
    });
    const auto gone = get("/gone", {{"If-None-Match", "*"}, {"Range", "bytes=0-1"}});
    EXPECT_EQ(gone.status, 410) << "conditions are for what would be a 200";
    EXPECT_EQ(gone.body, "hello, world");
}

TEST_F(StaticFolder, SendsAFileFromAHandler) {
    routes.get("/report", [path = (folder.path() / "hello.txt").string()] {
        return response::file(path, {.content_type = "text/csv", .download_as = "säles \"x\".csv"});
    });
    const auto made = get("/report");
    EXPECT_EQ(made.body, "hello, world");
    EXPECT_EQ(made.headers.get("Content-Type"), "text/csv");
    EXPECT_EQ(made.headers.get("Content-Disposition"),
              "attachment; filename=\"s__les _x_.csv\"; filename*=UTF-8''s%C3%A4les%20%22x%22.csv");
}

} // namespace
} // namespace infra::http
