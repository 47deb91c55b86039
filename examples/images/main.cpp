/// Images: browsers put them straight into the storage, with a signed URL, and get them back by others.
///
///     GET  /                              the page
///     POST /uploads {"type","size"}       201 with the URL to PUT the image to, good for ten minutes and for that alone
///     POST /images {"key"}                takes over what has arrived
///     GET  /images                        the newest, with URLs that are good for an hour
///
/// Objects are in var/storage until S3_BUCKET or STORAGE_URL says otherwise; the page stays the same.

#include <infra/app.hpp>

#include <infra/base/id.hpp>

#include <algorithm>
#include <array>

namespace {

using namespace std::chrono_literals;
using infra::awaitable;
namespace http = infra::http;
namespace storage = infra::storage;

struct wanted_upload {
    std::string type;
    std::uint64_t size;
};
BOOST_DESCRIBE_STRUCT(wanted_upload, (), (type, size))

struct arrived {
    std::string key;
};
BOOST_DESCRIBE_STRUCT(arrived, (), (key))

constexpr std::string_view incoming = "incoming/", taken = "images/";
constexpr std::uint64_t largest = 10 << 20;
constexpr std::array<std::string_view, 4> types{"image/png", "image/jpeg", "image/webp", "image/gif"};

awaitable<http::response> begin_upload(http::request req) {
    const auto wanted = req.json<wanted_upload>();
    if (std::ranges::find(types, wanted.type) == types.end())
        throw http::error_response(422, "invalid_body", "expected image/png, jpeg, webp or gif", "/type");
    if (wanted.size == 0 || wanted.size > largest)
        throw http::error_response(422, "invalid_body", "expected 1 byte to 10 MiB", "/size");
    const auto key = std::string(incoming) + infra::uuid_v7();
    const auto signed_put = co_await storage::default_storage().sign(
        key, 10min, {.method = http::method::put, .content_type = wanted.type, .content_length = wanted.size});
    infra::json::object headers;
    for (const auto& [name, value] : signed_put.headers)
        headers[name] = value;
    co_return http::response::created({{"key", key}, {"url", signed_put.url}, {"headers", headers}});
}

// What nobody takes over is swept away some day: infra storage sweep --staged incoming/
awaitable<http::response> take_over(http::request req) {
    const auto key = req.json<arrived>().key;
    if (!key.starts_with(incoming))
        throw http::error_response(422, "invalid_body", "expected the key of an upload", "/key");
    const auto files = storage::default_storage();
    if (!co_await files.exists(key))
        co_return http::response::not_found("nothing has arrived under that key");
    co_await files.move(key, std::string(taken) + key.substr(incoming.size()));
    co_return http::response::created({{"key", std::string(taken) + key.substr(incoming.size())}});
}

awaitable<http::response> list_images(http::request) {
    const auto files = storage::default_storage();
    auto page = co_await files.list({.prefix = std::string(taken), .limit = 100});
    std::ranges::reverse(page.objects); // keys are in the order of time
    infra::json::array images;
    for (const auto& each : page.objects)
        images.push_back({{"url", co_await files.signed_url(each.key, 1h)}, {"size", each.size}});
    co_return http::response::ok({{"images", images}});
}

} // namespace

int main() {
    auto app = infra::app::from_environment({.name = "images"});
    app.http().get("/", [] { return http::response::file(IMAGE_PAGES "/index.html"); });
    app.http().files("/pages", {.directory = IMAGE_PAGES});
    app.http().post("/uploads", begin_upload);
    app.http().post("/images", take_over);
    app.http().get("/images", list_images);
    return app.run();
}
