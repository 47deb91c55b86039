#include "reading.hpp"
#include "refusal.hpp"
#include "visit.hpp"
#include "writing.hpp"

#include <utility>

namespace infra::storage::serve {
namespace {

awaitable<void> send(std::shared_ptr<object_reader> from, http::body_writer to) {
    for (auto piece = co_await from->read(); !piece.empty(); piece = co_await from->read())
        co_await to.write(std::move(piece));
}

awaitable<void> send_nothing(http::body_writer) { co_return; }

http::response with(http::response made, const http::headers& headers) {
    for (const auto [name, value] : headers)
        made.headers.set(name, value);
    return made;
}

http::response with_body(const reading& how, http::body_producer producer) {
    auto made = http::response::stream(how.headers.get("Content-Type").value_or(""), std::move(producer), how.length);
    made.status = how.status;
    return with(std::move(made), how.headers);
}

http::response without_body(const reading& how, const visit& of) {
    if (how.status == 304)
        return with(http::response(304), how.headers);
    const auto why = how.status == 412 ? errc::precondition : errc::bad_range;
    return with(answer_refusal(refusal_of(storage_error(why, "")), of.target.key, of.asked.request_id()), how.headers);
}

get_options pinned(const object_info& info, const reading& how) {
    get_options made{.if_match = info.etag};
    if (how.status == 206)
        made.range = byte_range{.offset = how.offset, .length = how.length};
    return made;
}

awaitable<http::response> read_once(visit_ptr of) {
    const auto info = co_await of->in->files.head(of->target.key);
    if (!info)
        throw storage_error(errc::not_found, "get " + of->target.key + ": there is no such object");
    const auto how = answer_reading(*info, of->asked.headers(), of->target.query);
    if (how.status != 200 && how.status != 206)
        co_return without_body(how, *of);
    if (of->asked.method() == http::method::head)
        co_return with_body(how, &send_nothing);
    auto opened = co_await of->in->files.open(of->target.key, pinned(*info, how));
    const auto from = std::make_shared<object_reader>(std::move(opened));
    co_return with_body(how, [from](http::body_writer to) { return send(from, to); });
}

} // namespace

awaitable<http::response> read(visit_ptr of) {
    for (int left = 3;; --left)
        try {
            co_return co_await read_once(of);
        } catch (const storage_error& e) {
            if (left == 0 || e.code() != errc::precondition) // replaced between the two questions
                throw;
        }
}

awaitable<http::response> remove(visit_ptr of) {
    co_await of->in->files.remove(of->target.key, {.if_match = options_by(of->asked.headers()).if_match});
    co_return http::response::no_content();
}

} // namespace infra::storage::serve
