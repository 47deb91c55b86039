#include "src/new/skeleton.hpp"

#include "src/frame.hpp"
#include "src/verbs.hpp"

#include <infra/app/dotenv.hpp>
#include <infra/app/settings.hpp>
#include <infra/base/json.hpp>
#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace infra::cli {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST(NewName, IsGoodForAFolderATargetAndAProgram) {
    for (const auto* good : {"a", "shop", "corner-shop", "shop_2", "x9"})
        EXPECT_EQ(problem_of_name(good), "") << good;
    for (const std::string bad : {"", "Shop", "9lives", "-shop", "shop-", "a b", "a/b", "..", "shop;rm", "caf\xc3\xa9",
                                  "a.b", "test", "all", "install", "infra", "my_tests"})
        EXPECT_NE(problem_of_name(bad), "") << bad;
    EXPECT_EQ(problem_of_name(std::string(50, 'a')), "");
    EXPECT_NE(problem_of_name(std::string(51, 'a')), "");
}

TEST(NewSkeleton, LeavesNoPlaceholder) {
    for (const auto& each : skeleton_of("corner-shop")) {
        EXPECT_EQ(each.text.find("@name@"), std::string::npos) << each.path;
        EXPECT_EQ(each.text.find("@infra@"), std::string::npos) << each.path;
        EXPECT_EQ(each.path.find('@'), std::string::npos);
        EXPECT_TRUE(each.text.ends_with('\n')) << each.path;
        EXPECT_FALSE(each.text.ends_with("\n\n")) << each.path;
    }
}

TEST(NewSkeleton, HasEveryFileOfTheFolder) {
    std::set<std::string> folder, made;
    for (const auto& each : fs::directory_iterator(INFRA_SKELETON))
        folder.insert(each.path().filename());
    for (const auto& each : skeleton_of("x"))
        if (auto name = fs::path(each.path).filename().string(); name != ".env.example")
            made.insert(name.starts_with('.') ? name.substr(1) : name);
    EXPECT_EQ(made, folder);
}

TEST(NewSkeleton, HasAnExampleOfSettingsThatIsOne) {
    for (const auto& each : skeleton_of("corner-shop")) {
        if (each.path != ".env.example")
            continue;
        const auto read = app::parse_dotenv(each.text);
        EXPECT_TRUE(read.problems.empty()) << read.problems.front();
        EXPECT_EQ(read.values.get("PORT"), "3000");
        EXPECT_EQ(read.values.get("EMAIL_FROM"), "corner-shop <hello@example.com>");
        EXPECT_EQ(read.values.all().size(), 3u) << "the rest is commented out";
        EXPECT_TRUE(app::check_settings(read.values).problems.empty());
        EXPECT_NE(each.text.find("# REDIS_URL="), std::string::npos);
        EXPECT_EQ(each.text.find("# PORT="), std::string::npos);
    }
}

class New : public ::testing::Test {
protected:
    int run(std::vector<std::string> words) {
        std::ostringstream to, problems;
        frame f(to, problems);
        add_new(f);
        words.insert(words.begin(), "new");
        const int code = f.run(std::move(words));
        out = to.str();
        err = problems.str();
        return code;
    }

    testing::temporary_folder folder{"new"};
    std::string out, err;
};

TEST_F(New, WritesItsFilesAndSaysWhatComesNext) {
    const auto where = folder.path() + "/services/shop";
    EXPECT_EQ(run({"shop", "--directory", where}), 0) << err;
    for (const auto& each : skeleton_of("shop")) {
        EXPECT_EQ(contents(fs::path(where) / each.path), each.text) << each.path;
        EXPECT_NE(out.find("\n  " + each.path + "\n"), std::string::npos) << out;
    }
    EXPECT_NE(out.find("\n  cd " + where + "\n"), std::string::npos) << out;
    EXPECT_NE(out.find("\n  build/shop\n"), std::string::npos) << out;
}

TEST_F(New, SaysItSoThatItCanBePasted) {
    EXPECT_EQ(run({"shop", "--directory", folder.path() + "/Ann's \"new\" shop", "--json"}), 0) << err;
    const auto first = std::string(json::parse(out)->at("next").at(0).as_string());
    EXPECT_EQ(std::system((first + " && test -f CMakeLists.txt").c_str()), 0) << first;
}

TEST_F(New, TellsItInJson) {
    EXPECT_EQ(run({"shop", "--directory", folder.path(), "--json"}), 0) << "a folder that is empty will do";
    const auto document = json::parse(out).value();
    EXPECT_EQ(document.at("name").as_string(), "shop");
    EXPECT_EQ(document.at("files").as_array().size(), skeleton_of("shop").size());
    EXPECT_EQ(document.at("next").as_array().back().as_string(), "build/shop");
}

TEST_F(New, TouchesNothingThatIsThere) {
    std::ofstream(folder.path() + "/mine") << "mine";
    EXPECT_EQ(run({"shop", "--directory", folder.path()}), 1);
    EXPECT_EQ(run({"shop", "--directory", folder.path() + "/mine"}), 1) << "a file";
    EXPECT_NE(err.find("is there already"), std::string::npos) << err;
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
    EXPECT_EQ(contents(folder.path() + "/mine"), "mine");
}

TEST_F(New, SaysWhatCannotBeWritten) {
    const auto where = folder.path() + "/shop";
    fs::create_symlink("nowhere/at/all", where);
    EXPECT_EQ(run({"shop", "--directory", where}), 1);
    EXPECT_NE(err.find("shop/.clang-format cannot be written; see permissions"), std::string::npos) << err;
}

TEST_F(New, SaysWhatANameMayBe) {
    EXPECT_EQ(run({"Corner Shop", "--directory", folder.path()}), 2);
    EXPECT_NE(err.find("corner-shop"), std::string::npos) << err;
    EXPECT_TRUE(fs::is_empty(folder.path()));
}

} // namespace
} // namespace infra::cli
