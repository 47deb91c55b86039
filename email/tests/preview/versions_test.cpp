#include "src/preview/versions.hpp"

#include "tests/support.hpp"

#include <infra/base/error.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

namespace infra::email::preview {
namespace {

using namespace std::chrono_literals;

TEST(PreviewVersion, IsAnotherAfterEachChange) {
    temporary_folder folder;
    std::vector<std::string> seen{version_of(folder.string())};
    const auto changed = [&] {
        seen.push_back(version_of(folder.string()));
        return std::ranges::count(seen, seen.back()) == 1;
    };
    folder.write("welcome.md", "Hi");
    EXPECT_TRUE(changed()) << "a template";
    folder.write("welcome.md", "Hi!");
    EXPECT_TRUE(changed()) << "its text";
    folder.write("layouts/plain.html", "{{content}}");
    EXPECT_TRUE(changed()) << "a layout";
    folder.write("de/welcome.json", "{}");
    EXPECT_TRUE(changed()) << "sample data";
    std::filesystem::remove(folder / "layouts/plain.html");
    EXPECT_TRUE(changed()) << "one less";
    folder.write("notes.txt", "Hi");
    EXPECT_FALSE(changed()) << "nothing of ours";
    EXPECT_NE(version_of(folder.string() + "/none"), "");
}

/// Waits by the test's clock.
struct PreviewVersions : ::testing::Test {
    auto ask(std::string since) { return loop.spawn(of->next(std::move(since))); }

    temporary_folder folder;
    manual_clock time;
    blocking_pool pool{{.threads = 1}};
    testing::test_loop loop;
    std::shared_ptr<versions> of = std::make_shared<versions>(folder.string(), 2, &pool, time);
};

TEST_F(PreviewVersions, AnswersAtOnceWhoKnowsAnother) {
    const auto asked = ask("");
    loop.until([&] { return asked->done(); });
    EXPECT_EQ(asked->value, version_of(folder.string()));
}

TEST_F(PreviewVersions, AnswersOnceAFileHasChanged) {
    const auto known = version_of(folder.string());
    const auto asked = ask(known);
    loop.until([&] { return time.sleepers() == 1; });
    EXPECT_FALSE(asked->value);
    folder.write("welcome.md", "Hi");
    time.advance(200ms);
    loop.until([&] { return asked->done(); });
    EXPECT_NE(asked->value, known);
}

TEST_F(PreviewVersions, AnswersAfterAWhileThatNothingHas) {
    const auto known = version_of(folder.string());
    const auto asked = ask(known);
    loop.until([&] { return time.sleepers() == 1; });
    time.advance(25s);
    loop.until([&] { return asked->done(); });
    EXPECT_EQ(asked->value, known);
}

TEST_F(PreviewVersions, LetsSoManyWaitAndNoMore) {
    const auto known = version_of(folder.string());
    const auto first = ask(known), second = ask(known);
    loop.until([&] { return time.sleepers() == 2; });
    const auto third = ask(known);
    loop.until([&] { return third->done(); });
    EXPECT_EQ(third->code(), infra::errc::overloaded);
    time.advance(25s);
    loop.until([&] { return first->done() && second->done(); });
    const auto again = ask("");
    loop.until([&] { return again->done(); });
}

} // namespace
} // namespace infra::email::preview
