#include "src/file/path.hpp"

#include <infra/base/id.hpp>
#include <infra/storage/key.hpp>

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace infra::storage::disk {
namespace {

using namespace std::string_literals;

struct row {
    std::string key;
    std::string exact;
    std::string folded;
};

TEST(FilePath, IsTheKeyWhereItCanBe) {
    const std::vector<row> table{
        {"avatars/user-123.jpg", "avatars/user-123.jpg", "avatars/user-123.jpg"},
        {"a", "a%", "a%"},
        {"a/b", "a/b%", "a/b%"},
        {"a/b/c.d", "a/b/c.d", "a/b/c.d"},
        {"v1.2/notes.txt", "v1.2%/notes.txt", "v1.2%/notes.txt"},
        {".hidden", "%2Ehidden%", "%2Ehidden%"},
        {".infra/meta", "%2Einfra/meta%", "%2Einfra/meta%"},
        {"..", "%2E.", "%2E%2E%"}, // no key, and yet nothing that leads up
        {"...", "%2E..", "%2E.%2E"},
        {"100%", "100%25%", "100%25%"},
        {"%41.txt", "%2541.txt", "%2541.txt"},
        {"README", "README%", "%52%45%41%44%4D%45%"},
        {"Photo.JPG", "Photo.JPG", "%50hoto.%4A%50%47"},
        {"a b:c.txt", "a b:c.txt", "a%20b%3Ac.txt"},
        {"\u00e9.txt", "\u00e9.txt", "%C3%A9.txt"},
        {"end.", "end.", "end%2E%"},
        {"a\\b", "a\\b%", "a%5Cb%"},
    };
    for (const auto& [key, exact, folded] : table) {
        EXPECT_EQ(path_of(key, names::exact), exact);
        EXPECT_EQ(path_of(key, names::folded), folded);
        EXPECT_EQ(key_of(exact, names::exact), key);
        EXPECT_EQ(key_of(folded, names::folded), key);
    }
}

TEST(FilePath, CutsWhatIsLongerThanANameMayBe) {
    const std::string x(253, 'x');
    EXPECT_EQ(path_of(x, names::exact), x + "%");
    EXPECT_EQ(path_of(x + "y", names::exact), x + "%%/y%");
    EXPECT_EQ(path_of(x + "y/b.txt", names::exact), x + "%%/y/b.txt");
    EXPECT_EQ(path_of(x + ".txt", names::exact), x + "%%/%2Etxt%"); // a part does not begin with a dot either
    EXPECT_EQ(path_of(std::string(252, 'x') + "\u00e9", names::exact), std::string(252, 'x') + "%%/\u00e9%");
    EXPECT_EQ(path_of(std::string(252, 'x') + "%", names::exact), std::string(252, 'x') + "%%/%25%");
}

TEST(FilePath, IsNobodysWhereNoKeyLeads) {
    for (const auto& path : {"README"s, "a"s, "%"s, "%%"s, "a%%"s, "a%%/b%"s, ".infra/format"s, ".hidden"s,
                             "%2ehidden%"s, "%61%"s, "a%2Fb%"s, "a.b/c%"s, "a%/b%"s, "a%2"s, "a%zz.txt"s, "x.txt%"s,
                             ""s, "a//b%"s, std::string(300, 'x') + ".txt"})
        EXPECT_EQ(key_of(path, names::exact), std::nullopt) << path;
    EXPECT_EQ(key_of("README%", names::folded), std::nullopt);
}

TEST(FilePath, LeadsToTheDirectoryOfABeginning) {
    EXPECT_EQ(directory_of("", names::exact), "");
    EXPECT_EQ(directory_of("a/v1.2/", names::exact), "a/v1.2%");
}

/// Of the pieces that matter here, in any order.
std::string random_key() {
    static const std::vector<std::string> pieces{"a",       "b", "A",      ".",          "..",  "%",      "%%",
                                                 "%2E",     "/", "/",      "/",          "-x",  "\u00e9", " ",
                                                 "e\u0301", "0", "\u4e16", "\U0001f389", "x.y", ":",      "\\"};
    std::string key;
    for (auto left = random_u64() % 12 + 1; left > 0; --left) {
        const auto& piece = pieces[random_u64() % pieces.size()];
        const auto times = random_u64() % 20 == 0 ? random_u64() % 300 : 1;
        for (std::uint64_t i = 0; i < times; ++i)
            key += piece;
    }
    return key;
}

std::vector<std::string> keys_for_test() {
    std::set<std::string> keys;
    while (keys.size() < 4000)
        if (auto key = random_key(); is_key(key))
            keys.insert(std::move(key));
    return {keys.begin(), keys.end()};
}

std::vector<std::string> above(const std::string& path) {
    std::vector<std::string> all;
    for (auto at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1))
        all.push_back(path.substr(0, at));
    return all;
}

TEST(FilePath, IsAnotherForEveryKeyAndNoDirectoryOfAnother) {
    for (const auto apart : {names::exact, names::folded}) {
        std::map<std::string, std::string> files;
        std::set<std::string> directories;
        for (const auto& key : keys_for_test()) {
            const auto path = path_of(key, apart);
            EXPECT_EQ(key_of(path, apart), key) << path;
            const auto [at, is_new] = files.emplace(path, key);
            EXPECT_TRUE(is_new) << key << " and " << at->second << " are " << path;
            for (auto& each : above(path))
                directories.insert(std::move(each));
        }
        for (const auto& [path, key] : files)
            EXPECT_FALSE(directories.contains(path)) << key;
    }
}

TEST(FilePath, IsMadeOfNamesThatAFileSystemTakes) {
    for (const auto apart : {names::exact, names::folded})
        for (const auto& key : keys_for_test()) {
            auto path = path_of(key, apart);
            EXPECT_LT(path.size(), 4000u);
            for (auto& each : above(path + "/")) {
                const auto name = each.substr(each.rfind('/') + 1);
                EXPECT_LE(name.size(), 255u);
                EXPECT_NE(name.front(), '.');
                EXPECT_TRUE(is_key(name)) << "cut within a character";
                if (apart == names::folded)
                    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.%ABCDEF"),
                              std::string::npos)
                        << name;
            }
        }
}

} // namespace
} // namespace infra::storage::disk
