// Links to objects, uploads, and what removes.

#include "../asked.hpp"
#include "desk.hpp"

#include <boost/describe/class.hpp>

#include <utility>

namespace infra::dashboard {
namespace {

constexpr std::chrono::hours least_age{1}; // of leftovers: what is younger may still be going on

struct link_body {
    std::int64_t expires_s = 3600;
};
BOOST_DESCRIBE_STRUCT(link_body, (), (expires_s))

struct sweep_body {
    std::int64_t older_than_ms = 86'400'000;
};
BOOST_DESCRIBE_STRUCT(sweep_body, (), (older_than_ms))

awaitable<http::response> sign(shared_storage from, clock& time, http::request r) {
    const auto asked = r.json<link_body>();
    const std::chrono::seconds expires(asked.expires_s);
    if (expires < std::chrono::seconds(1) || expires > storage::max_signed_for)
        throw http::error_response(422, "invalid_request", "a link is good for 1 second to 7 days", "/expires_s");
    const auto files = from->files();
    const auto key = object_key_in(r);
    co_await described(files, key);
    const auto url = co_await files.signed_url(key, expires);
    co_return http::response::ok({{"url", url}, {"expires", to_unix_ms(saturating_add(time.wall(), expires))}});
}

awaitable<http::response> upload(shared_storage from, http::request r, http::body_reader body) {
    auto key = object_key_in(r);
    const auto size = body.announced();
    if (size && *size > from->max_upload)
        throw http::error_response(413, "too_large",
                                   "at most " + std::to_string(from->max_upload) + " bytes are taken here");
    body.set_limit(from->max_upload);
    storage::put_options how{.content_type = r.query("type").value_or(""), .if_absent = !says(r, "replace")};
    storage::byte_source next = [&body] { return body.read(); };
    const auto files = from->files();
    try {
        const auto made = co_await files.put(std::move(key), storage::pieces{next, size}, std::move(how));
        co_return http::response::created({{"key", made.key}, {"size", made.size}});
    } catch (const storage::storage_error& e) {
        if (e.code() != storage::errc::precondition)
            throw;
    }
    throw http::error_response(409, "exists", "there is an object under this key already");
}

awaitable<http::response> remove(shared_storage from, http::request r) {
    const auto files = from->files();
    const auto key = object_key_in(r);
    co_await described(files, key); // what is not there is an error to a person
    co_await files.remove(key);
    co_return http::response::no_content();
}

awaitable<http::response> sweep_uploads(shared_storage from, http::request r) {
    const std::chrono::milliseconds age(r.json<sweep_body>().older_than_ms);
    if (age < least_age)
        throw http::error_response(422, "invalid_request", "what began within the last hour may still be going on",
                                   "/older_than_ms");
    const auto done = co_await from->files().sweep(age);
    co_return http::response::ok({{"uploads", done.uploads}, {"leavings", done.leavings}});
}

} // namespace

void add_object_changes(board& on, const shared_storage& from) {
    on.act(http::method::post, "/storage/objects/{key}/link", "make a link to an object",
           [from, &time = on.time()](const acting&, http::request r) { return sign(from, time, std::move(r)); });
    on.act(http::method::put, "/storage/objects/{key}", "upload an object",
           [from](const acting&, http::request r, http::body_reader body) {
               return upload(from, std::move(r), std::move(body));
           });
    on.act(http::method::delete_, "/storage/objects/{key}", "remove an object",
           [from](const acting&, http::request r) { return remove(from, std::move(r)); });
    on.act(http::method::post, "/storage/sweep", "abort uploads that nobody completed",
           [from](const acting&, http::request r) { return sweep_uploads(from, std::move(r)); });
}

} // namespace infra::dashboard
