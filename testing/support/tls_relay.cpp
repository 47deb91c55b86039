#include "tls_relay.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <string>
#include <utility>

namespace infra::testing {

using asio::ip::tcp;

struct tls_relay::state {
    state(std::uint16_t to_port, const std::string& certificate, tls_end how) : to(to_port), end(how) {
        tls.use_certificate_chain_file(certificate);
        tls.use_private_key_file(certificate, asio::ssl::context::pem);
    }

    const std::uint16_t to;
    const tls_end end;
    asio::ssl::context tls{asio::ssl::context::tls_server};
    event_loop loop{"tls relay"};
    tcp::acceptor acceptor{loop.io_context(), {asio::ip::address_v4::loopback(), 0}};
    const std::uint16_t port = acceptor.local_endpoint().port();
    std::atomic<std::size_t> accepted{0};
    std::atomic<std::size_t> secured{0};
    std::atomic<int> to_break{0};
};

/// Both ends of one connection.
class tls_relay::joint {
public:
    joint(tcp::socket from, state& of) : of_(of), client_(std::move(from), of.tls), server_(of.loop.io_context()) {}

    static awaitable<void> accept(state* of) {
        for (;;) {
            boost::system::error_code ec;
            auto from = co_await of->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, ec));
            if (ec)
                co_return;
            ++of->accepted;
            asio::co_spawn(of->loop.get_executor(), run(std::make_shared<joint>(std::move(from), *of)), asio::detached);
        }
    }

private:
    static awaitable<void> run(std::shared_ptr<joint> j) {
        try {
            if (j->of_.to_break > 0 && j->of_.to_break-- > 0)
                co_return co_await j->break_handshake();
            co_await j->client_.async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
            ++j->of_.secured;
            co_await j->server_.async_connect({asio::ip::address_v4::loopback(), j->of_.to}, asio::use_awaitable);
        } catch (const boost::system::system_error&) {
            co_return; // who came spoke no TLS, or trusts us not
        }
        asio::co_spawn(j->of_.loop.get_executor(), up(j), asio::detached);
        co_await down(j);
    }

    awaitable<void> break_handshake() {
        char hello = 0;
        co_await client_.next_layer().async_read_some(asio::buffer(&hello, 1), asio::use_awaitable);
        reset();
    }

    static awaitable<void> up(std::shared_ptr<joint> j) {
        co_await pump(j->client_, j->server_);
        boost::system::error_code ignored;
        j->server_.close(ignored);
    }

    static awaitable<void> down(std::shared_ptr<joint> j) {
        const auto why = co_await pump(j->server_, j->client_);
        if (why == asio::error::connection_reset)
            co_return j->reset();
        if (why == asio::error::eof && j->of_.end == tls_end::told)
            co_await j->say_the_end();
        boost::system::error_code ignored;
        j->client_.next_layer().close(ignored);
    }

    /// Why it goes no further: as a rule the end of `from`.
    template <class From, class To>
    static awaitable<boost::system::error_code> pump(From& from, To& to) {
        std::string piece(std::size_t{64} << 10, '\0');
        boost::system::error_code ec;
        while (!ec) {
            const auto got =
                co_await from.async_read_some(asio::buffer(piece), asio::redirect_error(asio::use_awaitable, ec));
            if (got > 0)
                co_await asio::async_write(to, asio::buffer(piece.data(), got),
                                           asio::redirect_error(asio::use_awaitable, ec));
        }
        co_return ec;
    }

    // The client need not answer it.
    awaitable<void> say_the_end() {
        try {
            co_await with_deadline(client_.async_shutdown(asio::use_awaitable),
                                   deadline::after(std::chrono::seconds(1)));
        } catch (const std::exception&) {
            // it was said
        }
    }

    void reset() {
        boost::system::error_code ignored;
        client_.next_layer().set_option(asio::socket_base::linger(true, 0), ignored);
        client_.next_layer().close(ignored);
    }

    state& of_;
    asio::ssl::stream<tcp::socket> client_;
    tcp::socket server_;
};

tls_relay::tls_relay(std::uint16_t to, const std::string& certificate, tls_end end)
    : state_(std::make_unique<state>(to, certificate, end)) {
    asio::co_spawn(state_->loop.get_executor(), joint::accept(state_.get()), asio::detached);
    state_->loop.start();
}

tls_relay::~tls_relay() { state_->loop.stop(); } // before the acceptor is closed on this thread

std::uint16_t tls_relay::port() const noexcept { return state_->port; }
std::size_t tls_relay::accepted() const noexcept { return state_->accepted; }
std::size_t tls_relay::secured() const noexcept { return state_->secured; }
void tls_relay::break_handshakes(int count) noexcept { state_->to_break = count; }

} // namespace infra::testing
