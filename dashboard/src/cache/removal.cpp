// How values go away: one, those that begin so, those of a tag, all.

#include "desk.hpp"

#include <infra/cache/listing.hpp>
#include <infra/cache/removal.hpp>

#include <boost/describe/class.hpp>

#include <utility>

namespace infra::dashboard {
namespace {

constexpr std::chrono::seconds time_for_a_step{3};

struct prefix_body {
    std::string prefix;
    std::optional<std::string> cursor;
};
BOOST_DESCRIBE_STRUCT(prefix_body, (), (prefix, cursor))

struct tag_body {
    std::string tag;
};
BOOST_DESCRIBE_STRUCT(tag_body, (), (tag))

awaitable<http::response> remove_one(shared_cache desk, http::request r) {
    if (!co_await desk->values().del(r.param("key")))
        throw http::error_response(404, "no_value", "there is nothing under this key, or no longer");
    co_return http::response::no_content();
}

// As far as it gets in three seconds: the caller goes on.
awaitable<http::response> remove_prefix(shared_cache desk, http::request r) {
    const auto asked = r.json<prefix_body>();
    if (asked.prefix.empty())
        throw http::error_response(422, "invalid_request", "an empty prefix would be everything: flush it instead",
                                   "/prefix");
    const auto in = desk->values();
    if (!dynamic_cast<const cache::key_listing*>(in.stored().get()))
        throw http::error_response(422, "no_listing", "this store does not tell its keys; make a tag void instead");
    const auto until = saturating_add(desk->time.steady(), time_for_a_step);
    std::size_t changed = 0;
    auto cursor = asked.cursor.value_or("");
    do {
        auto step = co_await cache::remove_starting_with(in, asked.prefix, std::move(cursor));
        changed += step.count;
        cursor = std::move(step.next);
    } while (!cursor.empty() && desk->time.steady() < until);
    co_return http::response::ok(
        {{"changed", changed}, {"next", cursor.empty() ? json::value() : json::value(cursor)}});
}

awaitable<http::response> void_tag(shared_cache desk, http::request r) {
    const auto asked = r.json<tag_body>();
    if (asked.tag.empty())
        throw http::error_response(422, "invalid_request", "expected a tag", "/tag");
    co_await desk->values().invalidate_tag(asked.tag);
    co_return http::response::no_content();
}

awaitable<http::response> flush(shared_cache desk) {
    co_await desk->values().flush();
    co_return http::response::no_content();
}

} // namespace

void add_cache_removal(board& on, const shared_cache& desk) {
    on.act(http::method::delete_, "/cache/keys/{key}", "remove a value",
           [desk](const acting&, http::request r) { return remove_one(desk, std::move(r)); });
    on.act(http::method::post, "/cache/remove", "remove values by prefix",
           [desk](const acting&, http::request r) { return remove_prefix(desk, std::move(r)); });
    on.act(http::method::post, "/cache/invalidate", "make a tag void",
           [desk](const acting&, http::request r) { return void_tag(desk, std::move(r)); });
    on.act(http::method::post, "/cache/flush", "flush the cache",
           [desk](const acting&, http::request) { return flush(desk); });
}

} // namespace infra::dashboard
