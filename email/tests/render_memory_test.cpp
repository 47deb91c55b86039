#include <infra/email/template.hpp>

#include "src/template/cache.hpp"
#include "tests/support.hpp"

#include <infra/base/clock.hpp>

#include <gtest/gtest.h>

#include <cstdlib>

#include <malloc.h>

namespace infra::email {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) ||               \
    __has_feature(thread_sanitizer)
constexpr bool other_heap = true;
#else
constexpr bool other_heap = false;
#endif

// A value that is looked at, one that has to be made, one in a link, and sections.
constexpr std::string_view everything = R"(---
subject: Hello {{name}}
preheader: About {{order.total}}
---
Hello **{{name}}**, [look]({{url}}) at {{broken}}.

{{#items}}
- {{.}} [x](https://shop.example/{{.}})
{{/items}}
)";

json::object values_of(std::size_t i) {
    return {{"name", std::string(i % 50, 'n')},
            {"url", "https://shop.example/" + std::to_string(i)},
            {"broken", "\xff\u202e" + std::to_string(i)},
            {"order", {{"total", i}}},
            {"items", json::array(i % 5, "a piece of text that is no small string")}};
}

std::size_t held_bytes() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

// By the heap's own account; the sanitizers have a heap of their own, and look for leaks themselves. With --long 100,000 mails.
TEST(RenderMemory, IsTheSameAfterHoweverManyMails) {
    if (other_heap)
        GTEST_SKIP() << "a sanitizer's heap is not the one that is measured";
    const temporary_folder folder;
    folder.write("hello.md", everything);
    manual_clock time;
    time.set_wall(real_clock().wall() + std::chrono::hours(1)); // what is written is old, and read once
    template_cache cache(time);
    const std::size_t mails = std::getenv("INFRA_TEST_LONG") ? 100'000 : 5'000;
    std::size_t after_the_first = 0, size = 0;
    for (std::size_t i = 0; i < 1000 + mails; ++i) {
        if (i == 1000)
            after_the_first = held_bytes();
        size += render_template(*cache.get(folder.string(), "hello", ""), values_of(i)).html.size();
    }
    EXPECT_GT(size, mails * everything.size());
    EXPECT_LT(held_bytes(), after_the_first + 16 * 1024) << "what each mail leaves, if only a byte, would be more";
}

} // namespace
} // namespace infra::email
