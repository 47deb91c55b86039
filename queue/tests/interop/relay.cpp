#include "relay.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace infra::queue::interop {

using asio::ip::tcp;

struct relay::state {
    state(executor ex, std::uint16_t to)
        : acceptor(ex, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          upstream(asio::ip::address_v4::loopback(), to) {}
    tcp::acceptor acceptor;
    const std::uint16_t port = acceptor.local_endpoint().port();
    const tcp::endpoint upstream;
    std::atomic<int> every{0}, lost{0};
    int answers = 0;

    bool loses_this() {
        const int n = every;
        if (n == 0 || ++answers % n != 0)
            return false;
        ++lost;
        return true;
    }

    using socket_ptr = std::shared_ptr<tcp::socket>;

    static awaitable<void> pass(std::shared_ptr<state> self, socket_ptr from, socket_ptr to, bool answers) {
        std::array<char, 16 * 1024> piece;
        boost::system::error_code ec;
        while (true) {
            const auto n =
                co_await from->async_read_some(asio::buffer(piece), asio::redirect_error(asio::use_awaitable, ec));
            if (ec || (answers && self->loses_this()))
                break;
            co_await asio::async_write(*to, asio::buffer(piece.data(), n),
                                       asio::redirect_error(asio::use_awaitable, ec));
            if (ec)
                break;
        }
        boost::system::error_code ignored;
        from->close(ignored);
        to->close(ignored);
    }

    static awaitable<void> serve(std::shared_ptr<state> self) {
        const auto ex = self->acceptor.get_executor();
        boost::system::error_code ec;
        while (true) {
            const auto client = std::make_shared<tcp::socket>(ex), server = std::make_shared<tcp::socket>(ex);
            co_await self->acceptor.async_accept(*client, asio::redirect_error(asio::use_awaitable, ec));
            if (ec)
                co_return;
            co_await server->async_connect(self->upstream, asio::redirect_error(asio::use_awaitable, ec));
            if (ec)
                continue;
            asio::co_spawn(ex, pass(self, client, server, false), [](std::exception_ptr) {});
            asio::co_spawn(ex, pass(self, server, client, true), [](std::exception_ptr) {});
        }
    }
};

relay::relay(std::uint16_t to) : state_(std::make_shared<state>(loop_.get_executor(), to)) {
    asio::co_spawn(loop_.get_executor(), state::serve(state_), [](std::exception_ptr) {});
    loop_.start();
}

relay::~relay() { loop_.stop(); }

std::uint16_t relay::port() const { return state_->port; }
void relay::lose_every(int n) noexcept { state_->every = n; }
int relay::lost() const noexcept { return state_->lost; }

} // namespace infra::queue::interop
