#include "src/shell_word.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace infra::cli {
namespace {

TEST(ShellWord, HasQuotesWhereItNeedsThem) {
    const std::pair<const char*, const char*> table[] = {
        {"services/shop_2.0", "services/shop_2.0"},
        {"", "''"},
        {"a shop", "'a shop'"},
        {"Ann's", R"('Ann'\''s')"},
        {"~shop", "'~shop'"},
        {"-shop", "-shop"},
        {"caf\xc3\xa9", "'caf\xc3\xa9'"},
        {"a=b", "'a=b'"},
    };
    for (const auto& [path, word] : table)
        EXPECT_EQ(shell_word(path), word);
}

TEST(ShellWord, IsThatTextToAShell) {
    for (const std::string text :
         {"a shop", "Ann's \"shop\"", "$(id)`id`$HOME", "-shop", "~", "a;b&c|d<e>f", "#*?[a]{b,c}!1", "a\\b", "a\nb"})
        for (const char* shell : {"sh", "bash"}) {
            ::setenv("WANTED", text.c_str(), 1);
            const auto typed = "test " + shell_word(text) + " = \"$WANTED\"";
            EXPECT_EQ(std::system((std::string(shell) + " -c " + shell_word(typed)).c_str()), 0) << typed;
        }
}

} // namespace
} // namespace infra::cli
