#include <infra/email/memory.hpp>

#include "tests/support.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::email {
namespace {

mail make_mail(std::string id, std::string key = "", std::string text = "t") {
    return {.id = std::move(id),
            .from = "shop@x.org",
            .to = {"ann@example.org"},
            .subject = "S",
            .text = std::move(text),
            .idempotency_key = std::move(key)};
}

awaitable<std::vector<delivery>> deliver_all(transport& to, std::vector<mail> all) {
    co_return co_await to.deliver(std::move(all), deadline::never());
}
delivery deliver(transport& to, mail m) { return run(deliver_all(to, {std::move(m)})).at(0); }

std::string ids_in(const memory_transport& kept) {
    std::string ids;
    for (const auto& each : kept.sent())
        ids += each.id;
    return ids;
}

TEST(MemoryTransport, KeepsMailAsItCame) {
    memory_transport kept;
    auto m = make_mail("a", "k");
    m.bcc = {"b@example.org"};
    m.scheduled_at = from_unix_ms(5);
    EXPECT_EQ(deliver(kept, m).id, "a");
    ASSERT_EQ(kept.sent().size(), 1u);
    EXPECT_EQ(kept.sent()[0].bcc, m.bcc);
    EXPECT_EQ(kept.sent()[0].scheduled_at, m.scheduled_at);
}

TEST(MemoryTransport, ForgetsTheOldestAndTheirKeys) {
    memory_transport kept({.max_mails = 2});
    for (const auto* id : {"a", "b", "c"})
        deliver(kept, make_mail(id, std::string("key-") + id));
    EXPECT_EQ(ids_in(kept), "bc");
    EXPECT_TRUE(deliver(kept, make_mail("x", "key-b")).duplicate);
    EXPECT_FALSE(deliver(kept, make_mail("d", "key-a")).duplicate);
    EXPECT_EQ(ids_in(kept), "cd");
}

TEST(MemoryTransport, IsBoundedInBytesToo) {
    memory_transport kept({.max_bytes = 100'000});
    for (const auto* id : {"a", "b", "c"})
        deliver(kept, make_mail(id, "", std::string(40'000, 'x')));
    EXPECT_EQ(ids_in(kept), "bc");
    deliver(kept, make_mail("d", "", std::string(200'000, 'x')));
    EXPECT_EQ(ids_in(kept), "d") << "the last one is kept whatever its size";
}

TEST(MemoryTransport, ForgetsAllWhenTold) {
    memory_transport kept;
    deliver(kept, make_mail("a", "k"));
    kept.clear();
    EXPECT_TRUE(kept.sent().empty());
    EXPECT_FALSE(deliver(kept, make_mail("b", "k")).duplicate);
}

TEST(MemoryTransport, RefusesBadOptions) {
    EXPECT_THROW(memory_transport({.max_mails = 0}), std::invalid_argument);
    EXPECT_THROW(memory_transport({.max_bytes = 0}), std::invalid_argument);
}

} // namespace
} // namespace infra::email
