// Keys and what lies under them.

#include "../asked.hpp"
#include "../texts.hpp"
#include "desk.hpp"
#include "look.hpp"

#include <infra/cache/listing.hpp>
#include <infra/cache/removal.hpp>

#include <utility>

namespace infra::dashboard {
namespace {

awaitable<http::response> show_key(shared_cache desk, http::request r) {
    const auto in = desk->values();
    const std::string key(r.param("key"));
    const auto most = says(r, "whole") ? most_of_whole_payload : most_of_payload;
    const auto found = co_await look_up(in, key);
    const auto left = co_await in.ttl(key);
    if (!found || !left)
        throw http::error_response(404, "no_value", "there is nothing under this key, or no longer");
    auto value = payload_of(found->text, most);
    co_return http::response::ok({{"key", key},
                                  {"kind", found->kind},
                                  {"bytes", found->bytes},
                                  {"hidden", found->hidden},
                                  {"ttl_ms", document_of_ttl(*left)},
                                  {"stored_as", co_await in.key_in_store(key)},
                                  {"value", std::move(value)}});
}

json::array documents_of_keys(const std::vector<std::string>& keys,
                              const std::vector<std::optional<std::chrono::milliseconds>>& left,
                              std::string_view prefix_in_store) {
    json::array items;
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (const auto key = cache::key_below(prefix_in_store, keys[i]); key && left[i])
            items.push_back({{"key", *key}, {"digest", cache::is_digest(*key)}, {"ttl_ms", document_of_ttl(*left[i])}});
    return items;
}

awaitable<http::response> list_keys(shared_cache desk, http::request r) {
    const auto in = desk->values();
    const auto limit = limit_of(r);
    const auto stored = in.stored();
    const auto* const listing = dynamic_cast<const cache::key_listing*>(stored.get());
    if (!listing)
        throw http::error_response(422, "no_listing", "this store does not tell its keys; look one up by its name");
    const auto where = co_await cache::prefix_in_store(in);
    const auto page =
        co_await listing->keys_in_store(where + r.query("prefix").value_or(""), r.query("cursor").value_or(""), limit);
    const auto left = co_await stored->time_left(page.keys);
    co_return page_of(documents_of_keys(page.keys, left, where), page.next);
}

} // namespace

void add_cache_keys(board& on, const shared_cache& desk) {
    on.show("/cache/keys", [desk](http::request r) { return list_keys(desk, std::move(r)); });
    on.show("/cache/keys/{key}", [desk](http::request r) { return show_key(desk, std::move(r)); });
}

} // namespace infra::dashboard
