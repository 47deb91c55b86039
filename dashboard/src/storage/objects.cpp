// Which objects there are.

#include "../asked.hpp"
#include "desk.hpp"
#include "looks.hpp"

#include <utility>

namespace infra::dashboard {
namespace {

awaitable<http::response> list_objects(shared_storage from, http::request r) {
    const auto page = co_await from->files().list({.prefix = r.query("prefix").value_or(""),
                                                   .delimiter = says(r, "flat") ? "" : "/",
                                                   .token = r.query("cursor").value_or(""),
                                                   .limit = limit_of(r)});
    co_return page_of(documents_of(page), page.token);
}

awaitable<http::response> show_object(shared_storage from, http::request r) {
    co_return http::response::ok(document_of(co_await described(from->files(), object_key_in(r))));
}

// Uploads by parts that nobody completed or aborted: what a sweep would remove. Keys as they are in the bucket.
awaitable<http::response> list_leftovers(shared_storage from, http::request r) {
    const auto page = co_await from->files().bucket()->list_uploads({}, r.query("cursor").value_or(""),
                                                                    deadline::after(std::chrono::seconds(5)));
    json::array items;
    for (const auto& each : page.uploads)
        items.push_back({{"key", each.upload.key}, {"id", each.upload.id}, {"begun", to_unix_ms(each.begun)}});
    co_return page_of(std::move(items), page.token);
}

} // namespace

std::string object_key_in(const http::request& r) {
    std::string key(r.param("key"));
    storage::check_key(key);
    return key;
}

awaitable<storage::object_info> described(storage::storage in, std::string key) {
    auto found = co_await in.head(std::move(key));
    if (!found)
        throw http::error_response(404, "no_object", "there is no object under this key, or no longer");
    co_return *std::move(found);
}

void add_objects(board& on, const shared_storage& from) {
    on.show("/storage/objects", [from](http::request r) { return list_objects(from, std::move(r)); });
    on.show("/storage/objects/{key}", [from](http::request r) { return show_object(from, std::move(r)); });
    on.show("/storage/leftovers", [from](http::request r) { return list_leftovers(from, std::move(r)); });
}

} // namespace infra::dashboard
