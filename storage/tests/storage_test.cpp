#include "tests/fake_storage.hpp"

#include <infra/storage.hpp>

#include <vector>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;

struct StorageHandle : fake_storage {
    static std::vector<std::string> keys_of(const std::vector<object_info>& all) {
        std::vector<std::string> keys;
        for (const auto& each : all)
            keys.push_back(each.key);
        return keys;
    }
};

TEST_F(StorageHandle, TellsWhatIsThere) {
    to->store("a", "hello", {.content_type = "text/plain"});
    const auto info = get(files().head("a"));
    ASSERT_TRUE(info);
    EXPECT_EQ(info->size, 5u);
    EXPECT_EQ(info->content_type, "text/plain");
    EXPECT_FALSE(get(files().head("b")));
    EXPECT_TRUE(get(files().exists("a")));
    EXPECT_FALSE(get(files().exists("b")));
    EXPECT_EQ(refusal(files().head("a", {.if_none_match = info->etag}))->name(), "not_modified");
    EXPECT_EQ(refusal(files().head("a", {.if_match = "other"}))->code(), errc::precondition);
    EXPECT_EQ(refusal(files().exists("/"))->code(), infra::errc::invalid_input);
}

TEST_F(StorageHandle, ListsByPages) {
    for (const auto* each : {"a", "b/1", "b/2", "c"})
        to->store(each, "x");
    auto page = get(files().list({.limit = 3}));
    EXPECT_EQ(keys_of(page.objects), (std::vector<std::string>{"a", "b/1", "b/2"}));
    page = get(files().list({.token = page.token, .limit = 3}));
    EXPECT_EQ(keys_of(page.objects), (std::vector<std::string>{"c"}));
    EXPECT_TRUE(page.token.empty());
    page = get(files().list({.delimiter = "/"}));
    EXPECT_EQ(keys_of(page.objects), (std::vector<std::string>{"a", "c"}));
    EXPECT_EQ(page.prefixes, (std::vector<std::string>{"b/"}));
    EXPECT_EQ(keys_of(get(files().list({.prefix = "b/", .start_after = "b/1"})).objects),
              (std::vector<std::string>{"b/2"}));
    EXPECT_EQ(refusal(files().list({.limit = 0}))->code(), infra::errc::invalid_input);
    EXPECT_EQ(refusal(files().list({.prefix = "../"}))->code(), infra::errc::invalid_input);
}

TEST_F(StorageHandle, ListsAllOrSaysThatThereIsMore) {
    for (int i = 0; i < 2500; ++i)
        to->store("k" + std::to_string(i), "x");
    EXPECT_EQ(get(files().list_all("")).size(), 2500u);
    EXPECT_EQ(to->count("list"), 3u);
    EXPECT_EQ(get(files().list_all("k24", 200)).size(), 111u);
    EXPECT_EQ(refusal(files().list_all("", 2499))->code(), errc::too_large);
}

TEST_F(StorageHandle, ListsOneByOneAPageAtATime) {
    for (int i = 100; i < 125; ++i)
        to->store("k" + std::to_string(i), "x");
    auto some = files().each({.prefix = "k", .limit = 10});
    EXPECT_EQ(to->count("list"), 0u);
    for (int i = 100; i < 125; ++i)
        EXPECT_EQ(get(some.next())->key, "k" + std::to_string(i));
    EXPECT_EQ(to->count("list"), 3u);
    EXPECT_FALSE(get(some.next()));
    EXPECT_FALSE(get(some.next()));
    EXPECT_EQ(to->count("list"), 3u);
}

TEST_F(StorageHandle, GoesOnListingAfterAFailure) {
    for (const auto* key : {"a", "b", "c"})
        to->store(key, "x");
    auto all = files().each({.limit = 2});
    EXPECT_EQ(get(all.next())->key, "a");
    EXPECT_EQ(get(all.next())->key, "b");
    to->fail("list", denied);
    EXPECT_EQ(refusal(all.next())->code(), errc::denied);
    EXPECT_EQ(get(all.next())->key, "c");
}

TEST_F(StorageHandle, FollowsNoListInCircles) {
    to->goes_in_circles = true;
    EXPECT_EQ(refusal(files().list_all(""))->code(), infra::errc::unavailable);
    EXPECT_EQ(to->count("list"), 3u);
    EXPECT_EQ(refusal(files().sweep())->code(), infra::errc::unavailable);
    EXPECT_EQ(to->count("list_uploads"), 2u);
}

TEST_F(StorageHandle, LeavesUrlsAndFormsForOthers) {
    EXPECT_EQ(get(files().signed_url("a", 60s)), "https://fake/a?expires=60");
    EXPECT_EQ(get(files().sign("a", 1s)).url, "https://fake/a?expires=1");
    EXPECT_EQ(get(files().signed_form_for({.key_prefix = "in/${filename}"}, 60s)).fields.at("key"), "in/${filename}");
    EXPECT_EQ(refusal(files().signed_url("a", 0s))->code(), infra::errc::invalid_input);
    EXPECT_EQ(refusal(files().signed_url("a", 24h * 8))->code(), infra::errc::invalid_input);
    EXPECT_EQ(refusal(files().signed_url("..", 60s))->code(), infra::errc::invalid_input);
    EXPECT_EQ(refusal(files().signed_url("a", 60s, {.method = http::method::post}))->code(),
              infra::errc::invalid_input);
    EXPECT_EQ(refusal(files().signed_form_for({.key_prefix = "../"}, 60s))->code(), infra::errc::invalid_input);
    to->can.signs_forms = false;
    EXPECT_EQ(refusal(files().signed_form_for({.key = "a"}, 60s))->code(), errc::unsupported);
}

TEST_F(StorageHandle, StaysBelowItsPrefix) {
    options.prefix = "tenants/7/";
    to->store("tenants/6/secret", "x");
    to->store("other", "x");
    EXPECT_EQ(get(files().put("a", "hello")).key, "a");
    EXPECT_EQ(bytes_of("tenants/7/a"), "hello");
    EXPECT_EQ(get(files().get("a")).info.key, "a");
    EXPECT_EQ(get(files().head("a"))->key, "a");
    EXPECT_EQ(get(files().open("a")).info().key, "a");
    EXPECT_EQ(get(files().copy("a", "dir/b")).key, "dir/b");
    EXPECT_EQ(keys_of(get(files().list_all(""))), (std::vector<std::string>{"a", "dir/b"}));
    const auto page = get(files().list({.delimiter = "/", .start_after = "a"}));
    EXPECT_TRUE(page.objects.empty());
    EXPECT_EQ(page.prefixes, (std::vector<std::string>{"dir/"}));
    EXPECT_EQ(get(files().signed_url("a", 60s)), "https://fake/tenants/7/a?expires=60");
    EXPECT_EQ(get(files().signed_form_for({.key = "a"}, 60s)).fields.at("key"), "tenants/7/a");
    EXPECT_EQ(get(files().signed_form_for({}, 60s)).fields.at("key"), "tenants/7/");
    EXPECT_EQ(get(files().move("dir/b", "c")).key, "c");
    EXPECT_EQ(get(files().remove_many({"a", "c", "secret"})).at(2).key, "secret");
    EXPECT_EQ(to->objects(), 2u);
    EXPECT_EQ(refusal(files().exists("../6/secret"))->code(), infra::errc::invalid_input);
}

TEST_F(StorageHandle, CountsThePrefixAmongAKeysBytes) {
    options.prefix = "p/";
    EXPECT_FALSE(refusal(files().put(std::string(1022, 'k'), "x")));
    EXPECT_EQ(refusal(files().put(std::string(1023, 'k'), "x"))->code(), infra::errc::invalid_input);
}

TEST_F(StorageHandle, IsReachedOrNot) {
    wait(files().ping());
    options.attempts = 1;
    to->fail("ping", down);
    EXPECT_EQ(refusal(files().ping())->code(), infra::errc::unavailable);
}

TEST_F(StorageHandle, DescribesItself) {
    EXPECT_EQ(files().description(), "fake:");
    EXPECT_TRUE(files().traits().remote);
    EXPECT_EQ(files().bucket(), to);
    options.prefix = "p/";
    EXPECT_EQ(files().description(), "fake:, below p/");
}

TEST_F(StorageHandle, NamesABadOption) {
    struct row {
        std::function<void(storage_options&)> change;
        std::string sentence;
    };
    const row table[] = {
        {[](auto& o) { o.url = "memory:"; }, "bucket and url: at most one may be set"},
        {[](auto& o) { o.prefix = "a"; }, "prefix must be empty, or a key and a '/'"},
        {[](auto& o) { o.prefix = "/"; }, "prefix must be empty, or a key and a '/'"},
        {[](auto& o) { o.prefix = "../a/"; }, "prefix must be empty, or a key and a '/'"},
        {[](auto& o) { o.timeout = 0ms; }, "timeout must be greater than zero"},
        {[](auto& o) { o.attempt_timeout = -1ms; }, "attempt_timeout must be greater than zero"},
        {[](auto& o) { o.hedge_after = -1ms; }, "hedge_after must not be negative"},
        {[](auto& o) { o.attempts = 0; }, "attempts must be from 1 to 100"},
        {[](auto& o) { o.attempts = 101; }, "attempts must be from 1 to 100"},
        {[](auto& o) { o.pause.jitter = 2; }, "pause.jitter must be between 0 and 1"},
        {[](auto& o) { o.retry_budget = 0; }, "retry_budget must be at least 1"},
        {[](auto& o) { o.part_size = 1; }, "part_size must be from 5 MiB to 5 GiB"},
        {[](auto& o) { o.concurrency = 0; }, "concurrency must be from 1 to 1000"},
        {[](auto& o) { o.max_requests = 0; }, "max_requests must be from 1 to 10000"},
        {[](auto& o) { o.max_buffered = 1; }, "max_buffered must be at least part_size"},
        {[](auto& o) { o.time = nullptr; }, "time must be a clock"},
    };
    for (const auto& [change, sentence] : table) {
        auto changed = options;
        change(changed);
        try {
            storage one(changed);
            ADD_FAILURE() << sentence;
        } catch (const std::invalid_argument& e) {
            EXPECT_EQ(e.what(), "storage::storage_options::" + sentence);
        }
    }
}

TEST_F(StorageHandle, OutlivesItselfInWhatIsUnderWay) {
    auto operation = storage(options).put("a", "hello"); // the handle is gone before it begins
    EXPECT_EQ(get(std::move(operation)).size, 5u);
    auto reading = [](storage_options o) -> awaitable<std::string> {
        auto reader = co_await storage(std::move(o)).open("a");
        co_return co_await read_all(std::move(reader));
    };
    EXPECT_EQ(get(reading(options)), "hello");
}

} // namespace
} // namespace infra::storage
