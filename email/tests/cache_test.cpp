#include "src/template/cache.hpp"

#include "tests/support.hpp"

#include <infra/base/clock.hpp>
#include <infra/email/error.hpp>

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace infra::email {
namespace {

struct TemplateCacheTest : ::testing::Test {
    temporary_folder folder;
    manual_clock time;
    template_cache cache{time};

    TemplateCacheTest() { time.set_wall(real_clock().wall() + std::chrono::hours(1)); } // all that is written is old

    std::shared_ptr<const email_template> get(const std::string& name, const std::string& locale = "") {
        return cache.get(folder.string(), name, locale);
    }

    /// Another file under the name, as editors write them: a change that shows whatever the clock says.
    void replace(std::string_view name, std::string_view text) const {
        folder.write("new", text);
        std::filesystem::rename(folder / "new", folder / name);
    }
};

TEST_F(TemplateCacheTest, ReadsAFileOnce) {
    folder.write("a.md", "one");
    const auto first = get("a");
    EXPECT_EQ(first->body, "one");
    EXPECT_NE(first->compiled, nullptr);
    EXPECT_EQ(get("a"), first);
}

TEST_F(TemplateCacheTest, RefusesAPipeInsteadOfWaitingForItsWriter) {
    const auto path = (folder / "a.md").string();
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const auto [code, sentence] = failure_of([&] { get("a"); });
    EXPECT_EQ(code, infra::errc::io);
    EXPECT_EQ(sentence, "cannot read " + path + ": it is not a regular file");
}

TEST_F(TemplateCacheTest, SeesThatAFileHasChanged) {
    folder.write("a.md", "one");
    const auto first = get("a");
    replace("a.md", "two");
    EXPECT_EQ(get("a")->body, "two");
    EXPECT_EQ(first->body, "one") << "a template in use stays as it is";
    std::filesystem::remove(folder / "a.md");
    EXPECT_EQ(failure_of([&] { get("a"); }).code, errc::no_template);
    folder.write("a.md", "three");
    EXPECT_EQ(get("a")->body, "three");
}

TEST_F(TemplateCacheTest, SeesThatALayoutHasChanged) {
    folder.write("a.md", "---\nlayout: l\n---\nB");
    folder.write("layouts/l.html", "<i>{{content}}</i>");
    const auto first = get("a");
    EXPECT_EQ(get("a"), first);
    replace("layouts/l.html", "<b>{{content}}</b>");
    EXPECT_EQ(get("a")->layout_html, "<b>{{content}}</b>");
    EXPECT_EQ(render_template(*get("a"), json::object{}).html.substr(0, 3), "<b>");
}

TEST_F(TemplateCacheTest, SeesABetterFileForALocale) {
    folder.write("a.md", "none");
    EXPECT_EQ(get("a", "pt-BR")->body, "none");
    folder.write("pt/a.md", "pt");
    EXPECT_EQ(get("a", "pt-BR")->body, "pt");
    EXPECT_EQ(get("a", "pt-BR")->locale, "pt");
    EXPECT_EQ(get("a")->body, "none");
}

// The next change, in the same instant and of the same size, might leave the file's dates as they are.
TEST_F(TemplateCacheTest, ReadsAgainWhatHasJustBeenWritten) {
    time.set_wall(real_clock().wall());
    folder.write("a.md", "one");
    const auto first = get("a");
    EXPECT_NE(get("a"), first);
    time.set_wall(real_clock().wall() + std::chrono::seconds(1));
    const auto settled = get("a");
    EXPECT_EQ(get("a"), settled);
}

TEST_F(TemplateCacheTest, KeepsNothingThatIsBroken) {
    folder.write("a.md", "{{#x}}");
    EXPECT_EQ(failure_of([&] { get("a"); }).code, errc::bad_template);
    replace("a.md", "mended");
    EXPECT_EQ(get("a")->body, "mended");
}

} // namespace
} // namespace infra::email
