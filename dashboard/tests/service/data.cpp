#include "seeds.hpp"

#include <infra/cache.hpp>
#include <infra/realtime.hpp>
#include <infra/storage.hpp>

namespace infra::dashboard::service {
namespace {

// A picture of one point.
constexpr unsigned char dot[] = {0x89, 'P',  'N',  'G',  '\r', '\n', 0x1a, '\n', 0,   0,   0,    13,   'I',  'H',
                                 'D',  'R',  0,    0,    0,    1,    0,    0,    0,   1,   8,    6,    0,    0,
                                 0,    0x1f, 0x15, 0xc4, 0x89, 0,    0,    0,    13,  'I', 'D',  'A',  'T',  0x78,
                                 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0xf0, 0x1f, 0,    5,   0,   1,    0xff, 0x56, 0xc7,
                                 0x2f, 0x0d, 0,    0,    0,    0,    'I',  'E',  'N', 'D', 0xae, 'B',  0x60, 0x82};

awaitable<void> say_some(wishes w) {
    auto hub = realtime::default_hub();
    for (std::size_t i = 0; i < 3; ++i) {
        const auto channel = "room:" + word(w, i, std::to_string(i));
        co_await hub.publish_confirmed(channel,
                                       {.type = word(w, i + 1, "said"), .data = json::value(word(w, i + 2, "Hello!"))});
    }
}

awaitable<void> cache_some(wishes w) {
    const auto values = cache::default_cache();
    for (std::size_t i = 0; i < 3; ++i) {
        const json::value user{{"name", word(w, i, "Ann")}, {"password", "hunter2"}};
        co_await values.set<json::value>("user:" + word(w, i + 1, std::to_string(i)), user, std::chrono::hours(1));
    }
    co_await values.get<json::value>("user:none");
    co_await values.ns("prices").get_or_set("latest", std::chrono::hours(1), [] { return 12; });
}

awaitable<void> store_some(wishes w) {
    const auto files = storage::default_storage();
    co_await files.put("readme.txt", word(w, 1, "Hello!"), {.metadata = {{"by", word(w, 0, "Ann")}}});
    co_await files.put("img/dot.png", std::string(reinterpret_cast<const char*>(dot), sizeof dot));
    for (std::size_t i = 0; i < 3; ++i)
        if (const auto key = "docs/" + word(w, i, std::to_string(i) + ".txt"); storage::is_key(key))
            co_await files.put(key, "text", {.content_type = "text/plain"});
    co_await files.begin_upload("video.mp4");
}

} // namespace

void seed_realtime(seeding& s) {
    s.later([w = s.wishes] { return say_some(w); });
}

void seed_cache(seeding& s) {
    s.later([w = s.wishes] { return cache_some(w); });
}

void seed_storage(seeding& s) {
    s.later([w = s.wishes] { return store_some(w); });
}

} // namespace infra::dashboard::service
