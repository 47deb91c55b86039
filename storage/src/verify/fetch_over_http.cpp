#include "fetch_over_http.hpp"

#include <infra/http_client.hpp>

#include <boost/asio/this_coro.hpp>

#include <utility>

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

awaitable<fetch_answer> fetched(http::client_options with, fetch_request what, deadline limit) {
    const http::client client(co_await asio::this_coro::executor, std::move(with));
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
            throw error(infra::errc::unavailable, e.what());
        throw;
    }
}

} // namespace

fetcher fetch_over_http(http::client_options with) {
    return
        [with = std::move(with)](fetch_request what, deadline limit) { return fetched(with, std::move(what), limit); };
}

awaitable<fetch_answer> fetch_as_the_process(fetch_request what, deadline limit) {
    const auto variables = environment::of_process();
    return fetched({.proxy = http::proxies_from(variables), .tls = http::tls_from(variables)}, std::move(what), limit);
}

} // namespace infra::storage
