#pragma once

#include "subject.hpp"

namespace infra::storage {

/// What a page holds, objects and prefixes in one order, without what stands before them all.
inline std::vector<std::string> words_of(const list_page& page, std::size_t without) {
    std::vector<std::string> words;
    for (const auto& each : page.objects)
        words.push_back(each.key.substr(without));
    for (const auto& each : page.prefixes)
        words.push_back(each.substr(without));
    std::ranges::sort(words);
    return words;
}

/// Every page of a list, one behind the other.
inline awaitable<std::vector<std::vector<std::string>>> pages_of(std::shared_ptr<bucket> from, list_options what,
                                                                 std::size_t without, deadline limit) {
    std::vector<std::vector<std::string>> pages;
    do {
        const auto page = co_await from->list(what, limit);
        pages.push_back(words_of(page, without));
        what.token = page.token;
    } while (!what.token.empty() && pages.size() < 1000);
    co_return pages;
}

using listed = std::vector<std::string>;

inline listed joined(const std::vector<listed>& pages) {
    listed all;
    for (const auto& each : pages)
        all.insert(all.end(), each.begin(), each.end());
    return all;
}

TEST_P(BucketConformance, ListsNothingWhereNothingIs) {
    const auto page = get(subject.object->list({.prefix = prefix}, soon()));
    EXPECT_TRUE(page.objects.empty());
    EXPECT_TRUE(page.prefixes.empty());
    EXPECT_TRUE(page.token.empty());
}

TEST_P(BucketConformance, TellsOfEachListedObject) {
    const auto info = put("a", "hello");
    const auto page = get(subject.object->list({.prefix = prefix}, soon()));
    ASSERT_EQ(page.objects.size(), 1u);
    EXPECT_EQ(page.objects[0].key, at("a"));
    EXPECT_EQ(page.objects[0].size, 5u);
    EXPECT_EQ(page.objects[0].etag, info.etag);
    EXPECT_EQ(page.objects[0].modified, head("a").modified);
}

TEST_P(BucketConformance, ListsBelowAPrefix) {
    for (const char* name : {"a", "a/b", "ab", "ab/c", "b", "b/a", "ä", "ä/x"})
        put(name, "x");
    const auto below = [&](std::string_view name) {
        return joined(get(pages_of(subject.object, {.prefix = at(name)}, prefix.size(), soon())));
    };
    EXPECT_EQ(below("a"), (listed{"a", "a/b", "ab", "ab/c"}));
    EXPECT_EQ(below("a/"), listed{"a/b"});
    EXPECT_EQ(below("ab/c"), listed{"ab/c"});
    EXPECT_EQ(below("b/"), listed{"b/a"});
    EXPECT_EQ(below("ä"), (listed{"ä", "ä/x"}));
    EXPECT_EQ(below("c"), listed{});
}

TEST_P(BucketConformance, FoldsWhatLiesBehindADelimiter) {
    for (const char* name : {"a", "a!x", "a/1", "a/2/x", "a/2/y", "a0", "b/1", "b/2", "c"})
        put(name, "x");
    const auto level = [&](std::string_view name, std::string delimiter) {
        return joined(get(
            pages_of(subject.object, {.prefix = at(name), .delimiter = std::move(delimiter)}, prefix.size(), soon())));
    };
    EXPECT_EQ(level("", "/"), (listed{"a", "a!x", "a/", "a0", "b/", "c"}));
    EXPECT_EQ(level("a", "/"), (listed{"a", "a!x", "a/", "a0"}));
    EXPECT_EQ(level("a/", "/"), (listed{"a/1", "a/2/"}));
    EXPECT_EQ(level("a/2/", "/"), (listed{"a/2/x", "a/2/y"}));
    EXPECT_EQ(level("d", "/"), listed{});
}

TEST_P(BucketConformance, FoldsAtAnyDelimiter) {
    for (const char* name : {"2026-01-01", "2026-01-02", "2026-02-01", "2027", "a/2028-01"})
        put(name, "x");
    const auto level = [&](std::string_view name, std::string delimiter) {
        return joined(get(
            pages_of(subject.object, {.prefix = at(name), .delimiter = std::move(delimiter)}, prefix.size(), soon())));
    };
    EXPECT_EQ(level("", "-"), (listed{"2026-", "2027", "a/2028-"}));
    EXPECT_EQ(level("2026-", "-"), (listed{"2026-01-", "2026-02-"}));
    EXPECT_EQ(level("", "-0"), (listed{"2026-0", "2027", "a/2028-0"}));
}

TEST_P(BucketConformance, StartsBehindAKey) {
    for (const char* name : {"a", "a/b", "b", "c", "d"})
        put(name, "x");
    const auto behind = [&](std::string_view name) {
        return joined(
            get(pages_of(subject.object, {.prefix = prefix, .start_after = at(name)}, prefix.size(), soon())));
    };
    EXPECT_EQ(behind("a"), (listed{"a/b", "b", "c", "d"}));
    EXPECT_EQ(behind("a/a"), (listed{"a/b", "b", "c", "d"}));
    EXPECT_EQ(behind("bb"), (listed{"c", "d"}));
    EXPECT_EQ(behind("d"), listed{});
}

TEST_P(BucketConformance, GivesTheSameInPagesOfAnySize) {
    listed all;
    for (int i = 0; i < 12; ++i) {
        all.push_back("k" + std::to_string(100 + i));
        put(all.back(), "x");
    }
    for (std::size_t limit = 1; limit <= 13; ++limit) {
        SCOPED_TRACE(limit);
        const auto pages = get(pages_of(subject.object, {.prefix = prefix, .limit = limit}, prefix.size(), soon()));
        EXPECT_EQ(joined(pages), all);
        for (const auto& each : pages)
            EXPECT_LE(each.size(), limit);
    }
}

TEST_P(BucketConformance, CountsPrefixesIntoAPage) {
    for (const char* name : {"a/1", "a/2", "a/3", "b", "c/1", "c/2", "d", "e/1"})
        put(name, "x");
    const listed all{"a/", "b", "c/", "d", "e/"};
    for (std::size_t limit = 1; limit <= 6; ++limit) {
        SCOPED_TRACE(limit);
        const auto pages =
            get(pages_of(subject.object, {.prefix = prefix, .delimiter = "/", .limit = limit}, prefix.size(), soon()));
        EXPECT_EQ(joined(pages), all);
        for (const auto& each : pages)
            EXPECT_LE(each.size(), limit);
    }
}

TEST_P(BucketConformance, ListsWhatStaysThoughOthersGoBetweenPages) {
    for (const char* name : {"a", "b", "c", "d", "e"})
        put(name, "x");
    list_options what{.prefix = prefix, .limit = 2};
    const auto first = get(subject.object->list(what, soon()));
    ASSERT_EQ(words_of(first, prefix.size()), (listed{"a", "b"}));
    remove("b");
    remove("c");
    put("bb", "x");
    what.token = first.token;
    const auto rest = joined(get(pages_of(subject.object, what, prefix.size(), soon())));
    EXPECT_EQ(std::ranges::count(rest, "d"), 1);
    EXPECT_EQ(std::ranges::count(rest, "e"), 1);
    EXPECT_EQ(std::ranges::count(rest, "a"), 0);
    EXPECT_EQ(std::ranges::count(rest, "c"), 0);
}

} // namespace infra::storage
