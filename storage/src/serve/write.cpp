#include "body_check.hpp"
#include "refusal.hpp"
#include "visit.hpp"
#include "writing.hpp"

#include <chrono>
#include <utility>

namespace infra::storage::serve {
namespace {

constexpr auto part_timeout = std::chrono::minutes(1);

/// A body on its way, looked at.
struct checked_body {
    checked_body(http::body_reader body, expected_body of) : from(body), check(std::move(of)) {}
    http::body_reader from;
    body_check check;
};

awaitable<std::string> next_piece(std::shared_ptr<checked_body> of) {
    auto piece = co_await of->from.read();
    if (piece.empty())
        of->check.finish();
    else
        of->check.update(piece);
    co_return piece;
}

// HTTP takes neither for an empty body; whoever meant to send one and was cut short would leave an empty object.
bool says_no_length(const visit& of) {
    const auto& fields = of.asked.headers();
    return of.body.announced().value_or(0) == 0 && !fields.contains("Content-Length") &&
           !fields.contains("Transfer-Encoding");
}

std::shared_ptr<checked_body> checked(visit& of, std::uint64_t most) {
    if (says_no_length(of))
        throw refused(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
    auto expected = expected_by(of.asked.headers());
    expected.max_size = most;
    if (of.body.announced().value_or(0) > most)
        throw refused(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size");
    of.body.set_limit(most + 1); // the one byte more that the check tells of
    return std::make_shared<checked_body>(of.body, std::move(expected));
}

awaitable<http::response> write_part(visit_ptr of, part_place place) {
    const auto from = checked(*of, of->in->options.max_part);
    std::string bytes;
    for (auto piece = co_await next_piece(from); !piece.empty(); piece = co_await next_piece(from))
        bytes += piece;
    const auto& to = of->in->files.bucket();
    const auto sum = checksum_of(bytes, to->traits().sum);
    const auto made = co_await to->put_part({of->target.key, place.upload}, place.number, std::move(bytes), sum,
                                            deadline::after(part_timeout));
    co_return answer_put({.etag = made.etag, .checksum = made.checksum});
}

} // namespace

awaitable<http::response> write(visit_ptr of) {
    if (auto place = part_of(of->target))
        co_return co_await write_part(of, std::move(*place));
    const auto from = checked(*of, of->in->options.max_upload);
    pieces what{.next = [from] { return next_piece(from); }, .size = of->body.announced()};
    const auto info = co_await of->in->files.put(of->target.key, std::move(what), options_by(of->asked.headers()));
    co_return answer_put(info);
}

} // namespace infra::storage::serve
