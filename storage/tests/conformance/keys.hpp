#pragma once

#include "subject.hpp"

#include <infra/storage/key.hpp>

namespace infra::storage {

/// Names that trip who decodes, encodes, sorts or splits carelessly; in the order of their bytes.
inline std::vector<std::string> nasty_names() {
    std::vector<std::string> names{
        " leading space",
        "!",
        "%",
        "%2F",
        "%41",
        "&amp;",
        "'quoted'",
        "(round)",
        "+",
        "-",
        "-rf",
        ".hidden",
        "..almost/up..",
        "0",
        "<tag>",
        "A",
        "Z",
        "[square]",
        "a",
        "a b",
        "a!",
        "a+b",
        "a-b",
        "a.txt",
        "a/b",
        "a/b/c",
        "a0",
        "a:b",
        "a;b",
        "a=b&c=d",
        "a?b#c",
        "a@b",
        "a\\b",
        "aux",
        "con.txt",
        "dollar$",
        "long-" + std::string(300, 'x') + "/end",
        "long-" + std::string(300, 'x') + "/y",
        "star*",
        "trailing ",
        "trailing.",
        "z",
        "{curly}",
        "|~",
        "ä", // composed
        "世界/こんにちは",
        "🎉",
    };
    std::ranges::sort(names); // by bytes: as unsigned, which char_traits<char> compares
    return names;
}

TEST_P(BucketConformance, KeepsEveryKey) {
    for (const auto& name : nasty_names()) {
        SCOPED_TRACE(name);
        put(name, "of " + name);
    }
    for (const auto& name : nasty_names()) {
        SCOPED_TRACE(name);
        EXPECT_EQ(read(name), "of " + name);
        EXPECT_EQ(head(name).key, at(name));
    }
}

TEST_P(BucketConformance, ListsKeysInTheOrderOfTheirBytes) {
    const auto all = nasty_names();
    for (auto name = all.rbegin(); name != all.rend(); ++name)
        put(*name, "x");
    EXPECT_EQ(names(), all);
}

TEST_P(BucketConformance, CopiesAndRemovesEveryKey) {
    const auto all = nasty_names();
    std::vector<std::string> keys;
    for (const auto& name : all) {
        SCOPED_TRACE(name);
        put("from/" + name, name);
        get(subject.object->copy({.from = at("from/" + name), .to = at("to/" + name)}, soon()));
        EXPECT_EQ(read("to/" + name), name);
        keys.push_back(at("from/" + name));
    }
    for (const auto& each : get(subject.object->remove_many(keys, soon())))
        EXPECT_FALSE(each.failure) << each.failure->what();
    for (const auto& name : all)
        remove("to/" + name);
    EXPECT_EQ(names(), std::vector<std::string>());
}

TEST_P(BucketConformance, KeepsAnObjectBesideThoseBelowIt) {
    put("a", "short");
    put("a/b", "long");
    put("a/b/c", "longer");
    EXPECT_EQ(read("a"), "short");
    EXPECT_EQ(read("a/b"), "long");
    EXPECT_EQ(read("a/b/c"), "longer");
    remove("a/b");
    EXPECT_EQ(read("a"), "short");
    EXPECT_EQ(read("a/b/c"), "longer");
    remove("a");
    EXPECT_EQ(names(), std::vector<std::string>{"a/b/c"});
}

TEST_P(BucketConformance, KeepsKeysApartThatDifferByCase) {
    put("readme", "small");
    put("README", "large");
    EXPECT_EQ(read("readme"), "small");
    EXPECT_EQ(read("README"), "large");
}

TEST_P(BucketConformance, KeepsKeysApartThatDifferByNormalisation) {
    put("\u00e9", "one code point");
    put("e\u0301", "two");
    EXPECT_EQ(read("\u00e9"), "one code point");
    EXPECT_EQ(read("e\u0301"), "two");
    EXPECT_EQ(names().size(), 2u);
}

TEST_P(BucketConformance, TakesTheLongestKeys) {
    for (const auto room = max_key_size - prefix.size();
         const auto& name :
         {std::string(room, 'k'), std::string(room - 1, 'k') + "l", "d/" + std::string(room - 2, 'm')}) {
        put(name, "x");
        EXPECT_EQ(read(name), "x");
    }
    EXPECT_EQ(names().size(), 3u);
}

} // namespace infra::storage
