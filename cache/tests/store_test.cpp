#include "support.hpp"

namespace infra::cache::tests {
namespace {

std::string problem(std::string_view url) {
    try {
        make_store(url);
        return "";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), infra::errc::misconfigured);
        return e.what();
    }
}

TEST(CacheStores, AreMadeByUrl) { EXPECT_EQ(make_store("memory:")->description(), "memory: 64 MiB"); }

TEST(CacheStores, ThatAreNotLinkedAreNamed) {
    EXPECT_NE(problem("cassandra://x").find("\"cassandra\" is not one"), std::string::npos);
    EXPECT_NE(problem("memory").find("\"\" is not one"), std::string::npos);
    EXPECT_EQ(problem("memory:5"), "memory: takes nothing behind the colon; max_bytes is an option");
}

TEST(CacheStores, DoNotRepeatAUrlThatMayCarryAPassword) {
    EXPECT_EQ(problem("nothing://user:secret@host").find("secret"), std::string::npos);
}

TEST(CacheStores, AreRegisteredByScheme) {
    EXPECT_FALSE(knows_store("test-scheme"));
    EXPECT_TRUE(register_store("test-scheme", [](std::string_view, const store_options& o) {
        return make_memory_store({.max_bytes = o.max_bytes});
    }));
    EXPECT_TRUE(knows_store("test-scheme"));
    EXPECT_EQ(make_store("test-scheme://host", {.max_bytes = 1 << 20})->description(), "memory: 1 MiB");
}

} // namespace
} // namespace infra::cache::tests
