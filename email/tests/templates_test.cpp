#include <infra/email/error.hpp>
#include <infra/email/mailer.hpp>
#include <infra/email/templates.hpp>

#include "tests/support.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace infra::email {
namespace {

TEST(ListTemplates, KnowsNamesAndLocales) {
    temporary_folder folder;
    for (const auto* file :
         {"welcome.md", "de/welcome.md", "pt-BR/welcome.md", "billing/invoice.md", "de/billing/invoice.md",
          "layouts/plain.html", "layouts/readme.md", "welcome.json", "app/news.md", "not a name.md", ".hidden.md"})
        folder.write(file, "Hi");
    EXPECT_EQ(list_templates(folder.string()),
              (std::vector<listed_template>{
                  {"app/news", {""}}, {"billing/invoice", {"", "de"}}, {"welcome", {"", "de", "pt-BR"}}}));
    EXPECT_EQ(list_templates(folder.string() + "/").size(), 3u);
}

TEST(ListTemplates, SaysWhichDirectoryIsNotThere) {
    temporary_folder folder;
    const auto why = failure_of([&] { list_templates(folder.string() + "/none"); });
    EXPECT_EQ(why.code, errc::no_template);
    EXPECT_NE(why.sentence.find(folder.string() + "/none"), std::string::npos);
    EXPECT_TRUE(list_templates(folder.string()).empty());
}

TEST(ListTemplates, DoesNotFollowALinkToItself) {
    temporary_folder folder;
    folder.write("welcome.md", "Hi");
    std::filesystem::create_directory_symlink(folder.string(), folder / "again");
    EXPECT_EQ(list_templates(folder.string()).size(), 1u);
}

TEST(FindSample, LooksWhereTemplatesAreLookedFor) {
    temporary_folder folder;
    EXPECT_FALSE(find_sample(folder.string(), "welcome"));
    folder.write("welcome.json", R"({"name": "Ann"})");
    folder.write("pt/welcome.json", R"({"name": "Ana"})");
    EXPECT_EQ(find_sample(folder.string(), "welcome").value().data.at("name"), "Ann");
    EXPECT_EQ(find_sample(folder.string(), "welcome", "pt-BR").value().data.at("name"), "Ana");
    EXPECT_EQ(find_sample(folder.string(), "welcome", "pt-BR").value().path, folder.string() + "/pt/welcome.json");
}

TEST(FindSample, SaysWhatIsWrongWithAFile) {
    temporary_folder folder;
    for (const auto* text : {"", "{", "[1]", "{\"a\": }"}) {
        folder.write("welcome.json", text);
        const auto why = failure_of([&] { find_sample(folder.string(), "welcome"); });
        EXPECT_EQ(why.code, errc::bad_template) << text;
        EXPECT_NE(why.sentence.find("welcome.json"), std::string::npos) << why.sentence;
    }
    folder.write("welcome.json", "{\"a\":\"" + std::string(1024 * 1024, 'x') + "\"}");
    EXPECT_EQ(failure_of([&] { find_sample(folder.string(), "welcome"); }).code, errc::bad_template);
    EXPECT_EQ(failure_of([&] { find_sample(folder.string(), "../welcome"); }).code, infra::errc::invalid_input);
}

TEST(TemplateFiles, ArePipesThatNobodyWritesToInVain) {
    temporary_folder folder;
    for (const auto* name : {"welcome.md", "welcome.json"})
        ASSERT_EQ(::mkfifo((folder / name).c_str(), 0600), 0);
    EXPECT_EQ(failure_of([&] { find_sample(folder.string(), "welcome"); }).code, infra::errc::io);
    EXPECT_EQ(failure_of([&] {
                  run(mailer({.url = "memory:", .templates = folder.string()}).load_template("welcome"));
              }).code,
              infra::errc::io);
}

} // namespace
} // namespace infra::email
