#include "fetch_over_http.hpp"

#include <infra/http_client.hpp>

#include <boost/asio/this_coro.hpp>

namespace infra::storage {
namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 20;

// The length is the client's to say; it is that of the body.
http::headers headers_of(const fetch_request& from) {
    http::headers made;
    for (const auto& [name, value] : from.headers)
        if (name != "content-length" && name != "Content-Length")
            made.append(name, value);
    return made;
}

} // namespace

awaitable<fetch_answer> fetch_over_http(fetch_request what, deadline limit) {
    const http::client client(co_await asio::this_coro::executor);
    auto headers = headers_of(what);
    auto sending = client.send({.method = what.method,
                                .url = std::move(what.url),
                                .headers = std::move(headers),
                                .body = std::move(what.body),
                                .deadline = limit,
                                .max_response_body = most_bytes});
    try {
        auto answer = co_await std::move(sending);
        co_return fetch_answer{answer.status, std::move(answer.headers), std::move(answer.body)};
    } catch (const error& e) {
        if (e.code() == http::client_errc::connect)
            throw error(errc::unavailable, e.what());
        throw;
    }
}

} // namespace infra::storage
