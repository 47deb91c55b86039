// What npm's ioredis writes as the TypeScript package does, and reads of ours.

#include "support.hpp"

#include <cstdio>
#include <filesystem>

namespace infra::cache::tests {
namespace {

namespace fs = std::filesystem;

std::string output_of(const std::string& command) {
    std::string out;
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    char piece[4096];
    while (const auto n = std::fread(piece, 1, sizeof piece, pipe.get()))
        out.append(piece, n);
    return out;
}

/// Where ioredis is installed; `./test` does that.
std::optional<fs::path> peers() {
    for (auto at = fs::read_symlink("/proc/self/exe").parent_path(); at.has_relative_path(); at = at.parent_path())
        if (fs::exists(at / "peers/redis/node_modules/ioredis"))
            return at / "peers/redis";
    return std::nullopt;
}

class CachePeer : public OnRedis {};

TEST_F(CachePeer, ReadsWhatIoredisWroteAndIsReadByIt) {
    const auto folder = peers();
    if (!folder || std::system("node --version >/dev/null 2>&1") != 0)
        GTEST_SKIP() << "no node, or no ioredis (npm ci in peers/redis; ./test does it)";
    const cache ours(make_store({.server = server->over_socket()}));
    const auto set = [&](std::string_view key, const auto& value) { loop.await(ours.set(key, value, 1min)); };
    set("c:object", user{"Ada", 36});
    set("c:text", std::string("Grüße"));
    set("c:number", 42);
    set("c:null", std::optional<int>());
    set("c:empty", std::string());
    loop.await(ours.increment("c:counted", 7, 1min));
    EXPECT_EQ(output_of("node '" + (*folder / "cache.mjs").string() + "' '" + server->socket() + "'"),
              "[\"c:object\",{\"name\":\"Ada\",\"age\":36},true]\n"
              "[\"c:text\",\"Grüße\",true]\n"
              "[\"c:number\",42,true]\n"
              "[\"c:null\",null,true]\n"
              "[\"c:empty\",\"\",true]\n"
              "[\"c:counted\",7,true]\n");
    EXPECT_EQ(loop.await(ours.get<user>("t:object")), (user{"Ada", 36}));
    EXPECT_EQ(loop.await(ours.get<std::string>("t:text")), "Grüße");
    EXPECT_EQ(loop.await(ours.get<int>("t:number")), 42);
    const auto null = loop.await(ours.get<std::optional<int>>("t:null"));
    ASSERT_TRUE(null);
    EXPECT_EQ(*null, std::nullopt);
    EXPECT_EQ(loop.await(ours.get("t:list")), json::value({1, "zwei", {{"drei", 3}}}));
    EXPECT_LE(*loop.await(ours.ttl("t:number")), 1min);
}

// Bytes as the TypeScript package leaves them on the server: JSON.stringify, and text that is no JSON from older ones.
TEST_F(CachePeer, ReadsBareJson) {
    const cache ours(make_store({.server = server->over_socket()}));
    put_raw("object", R"({"name":"Ada","age":null})");
    put_raw("text", R"("a \"quoted\" word")");
    put_raw("plain", "not JSON");
    EXPECT_EQ(loop.await(ours.get<user>("object")), (user{"Ada", std::nullopt}));
    EXPECT_EQ(loop.await(ours.get<std::string>("text")), "a \"quoted\" word");
    EXPECT_EQ(loop.await(ours.get<std::string>("plain")), "not JSON");
    EXPECT_EQ(loop.await(ours.ttl("object")), forever);
    loop.await(ours.set("written", user{"Ada", 36}, 1min));
    EXPECT_EQ(raw("written"), R"({"name":"Ada","age":36})");
}

} // namespace
} // namespace infra::cache::tests
