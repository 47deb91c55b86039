#include "reading.hpp"

#include <infra/http_client/client_errc.hpp>

#include <boost/asio/error.hpp>

#include <utility>

namespace infra::storage::s3 {
namespace {

using namespace std::chrono_literals;

// Storage has a limit of its own for the time without a byte; this one ends what nobody watches.
constexpr auto longest_silence = 10min;

struct reading {
    std::shared_ptr<store> at;
    http::client_stream body;
    asked by;
    std::uint64_t left;
    bool ended = false;
};

awaitable<std::string> read_piece(std::shared_ptr<reading> r) {
    try {
        co_return co_await r->body.read(deadline::after(longest_silence, r->at->options().time->steady()));
    } catch (const error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        throw r->at->noted(failure_of(e, r->by));
    }
}

// All bytes are there; what is wrong with the connection now is nobody's trouble.
awaitable<void> read_end(std::shared_ptr<reading> r) {
    r->ended = true;
    try {
        co_await read_piece(r);
    } catch (const storage_error&) {
    }
}

awaitable<std::string> next(std::shared_ptr<reading> r) {
    if (r->ended)
        co_return std::string();
    auto piece = co_await read_piece(r);
    if (piece.empty() || piece.size() > r->left)
        throw r->at->noted(failure_of(
            http::client_error(http::client_errc::lost, "the body has another length than its header says", true),
            r->by));
    r->left -= piece.size();
    if (r->left == 0)
        co_await read_end(r);
    co_return piece;
}

} // namespace

awaitable<byte_source> pieces_of(std::shared_ptr<store> at, http::client_stream body, asked by, std::uint64_t length) {
    const auto r = std::make_shared<reading>(std::move(at), std::move(body), std::move(by), length);
    if (length == 0)
        co_await read_end(r);
    co_return byte_source([r] { return next(r); });
}

} // namespace infra::storage::s3
