// What is in an object: in the page where that is safe, and otherwise as a file that browsers keep and do not open.

#include "../asked.hpp"
#include "../texts.hpp"
#include "desk.hpp"
#include "looks.hpp"

#include <utility>

namespace infra::dashboard {
namespace {

awaitable<http::response> show_text(shared_storage from, http::request r) {
    const auto files = from->files();
    const auto key = object_key_in(r);
    const auto about = co_await described(files, key);
    std::string bytes;
    if (about.size > 0)
        bytes = (co_await files.get(key, {.range = storage::byte_range{.offset = 0, .length = most_of_text_preview},
                                          .if_match = about.etag}))
                    .bytes;
    const auto text = text_in(bytes);
    if (text.empty() && !bytes.empty())
        throw http::error_response(422, "no_text", "this is no text in UTF-8; download it");
    co_return http::response::ok({{"text", text}, {"bytes", about.size}, {"cut", text.size() < about.size}});
}

awaitable<http::response> show_image(shared_storage from, http::request r) {
    auto found = co_await from->files().get(object_key_in(r), {.max_bytes = most_of_image});
    const auto type = image_type_of(found.bytes);
    if (type.empty())
        throw http::error_response(422, "no_image", "this is no picture that can be shown; download it");
    auto made = http::response::of(200, type, std::move(found.bytes));
    made.headers.set("content-security-policy", "sandbox; default-src 'none'; frame-ancestors 'none'");
    co_return made;
}

awaitable<void> write_all(storage::object_reader from, http::body_writer to) {
    for (auto piece = co_await from.read(); !piece.empty(); piece = co_await from.read())
        co_await to.write(std::move(piece));
}

awaitable<http::response> download(shared_storage from, http::request r) {
    const auto key = object_key_in(r);
    auto opened = co_await from->files().open(key);
    const auto length = opened.length();
    const auto reader = std::make_shared<storage::object_reader>(std::move(opened));
    auto made = http::response::stream(
        "application/octet-stream",
        [reader](http::body_writer to) { return write_all(std::move(*reader), std::move(to)); }, length);
    co_return download_of(name_of(key), std::move(made));
}

} // namespace

void add_previews(board& on, const shared_storage& from) {
    on.show("/storage/objects/{key}/text", [from](http::request r) { return show_text(from, std::move(r)); });
    on.show("/storage/objects/{key}/image", [from](http::request r) { return show_image(from, std::move(r)); });
    on.show("/storage/objects/{key}/file", [from](http::request r) { return download(from, std::move(r)); });
}

} // namespace infra::dashboard
