// wss: the server gets one end of a local pair, whose other end http_server's relay speaks TLS for.

#include "support.hpp"

#include <test_authority.hpp>

#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace infra::realtime::websocket {
namespace {

namespace ssl = asio::ssl;

class secure_client {
public:
    using stream = ssl::stream<asio::ip::tcp::socket>;

    secure_client(service& s, const testing::test_authority& authority) : s_(s) {
        trust_.load_verify_file(authority.ca_file());
        trust_.set_verify_mode(ssl::verify_peer);
        through_.emplace(s.loop.get_executor(), trust_);
    }
    std::string ask(std::string request) { return s_.loop.get(ask(this, std::move(request))); }
    void send(std::string bytes) { s_.loop.wait(send(this, std::move(bytes))); }
    /// The next frame; nothing at the end.
    std::optional<received_frame> read() { return s_.loop.get(read(this)); }
    void vanish() { through_->lowest_layer().close(); }

private:
    static awaitable<std::string> ask(secure_client* self, std::string request) {
        auto& to = *self->through_;
        co_await to.next_layer().async_connect({asio::ip::address_v4::loopback(), self->s_.server->port()},
                                               asio::use_awaitable);
        co_await to.async_handshake(stream::client, asio::use_awaitable);
        co_await asio::async_write(to, asio::buffer(request), asio::use_awaitable);
        const auto size =
            co_await asio::async_read_until(to, asio::dynamic_buffer(self->unread_), "\r\n\r\n", asio::use_awaitable);
        auto head = self->unread_.substr(0, size);
        self->unread_.erase(0, size);
        co_return head;
    }
    static awaitable<void> send(secure_client* self, std::string bytes) {
        co_await asio::async_write(*self->through_, asio::buffer(bytes), asio::use_awaitable);
    }
    static awaitable<std::optional<received_frame>> read(secure_client* self) {
        while (true) {
            std::span<char> bytes(self->unread_);
            const auto e = self->reader_.next(bytes);
            std::optional<received_frame> found;
            if (e)
                found = received_frame{.what = e->what, .bytes = std::string(e->bytes), .code = e->code};
            self->unread_.erase(0, self->unread_.size() - bytes.size());
            if (found)
                co_return found;
            char buffer[16 * 1024];
            boost::system::error_code ec;
            const auto got = co_await self->through_->async_read_some(asio::buffer(buffer),
                                                                      asio::redirect_error(asio::use_awaitable, ec));
            if (ec)
                co_return std::nullopt;
            self->unread_.append(buffer, got);
        }
    }

    service& s_;
    ssl::context trust_{ssl::context::tls_client};
    std::optional<stream> through_;
    reader_limits limits_{.max_message_bytes = 64 * 1024 * 1024};
    frame_reader reader_{limits_, {.from_client = false}};
    std::string unread_;
};

class SecureWebsockets : public ::testing::Test {
protected:
    testing::test_authority authority;
    std::string certificate = authority.issue();
    service s{{.http = {.tls = http::tls_options{.certificate_file = certificate, .private_key_file = certificate}}}};

    std::unique_ptr<secure_client> joined() {
        auto c = std::make_unique<secure_client>(s, authority);
        const auto head = c->ask(raw_client::handshake("Origin: https://shop.example\r\n"));
        EXPECT_TRUE(head.starts_with("HTTP/1.1 101 ")) << head;
        EXPECT_EQ(raw_client::type_of(c->read()), "welcome");
        c->send(make_masked_frame(opcode::text, R"({"type":"subscribe","channel":"room:1"})", {'a', 'b', 'c', 'd'}));
        EXPECT_EQ(raw_client::type_of(c->read()), "subscribed");
        return c;
    }
};

TEST_F(SecureWebsockets, GoOnWhenHttpHasLetGoOfThem) {
    const auto c = joined();
    EXPECT_EQ(s.server->connections(), 0u);
    for (int n = 1; n <= 50; ++n)
        s.at.publish("room:1", {.type = "said", .data = {{"n", n}, {"pad", std::string(20'000, '.')}}});
    for (int n = 1; n <= 50; ++n) {
        const auto f = c->read();
        ASSERT_TRUE(f);
        EXPECT_NE(f->bytes.find("\"n\":" + std::to_string(n) + ","), std::string::npos);
    }
}

TEST_F(SecureWebsockets, EndAsOthersDo) {
    const auto c = joined();
    s.at.disconnect(s.at.get_connected_clients().at(0));
    const auto f = c->read();
    ASSERT_TRUE(f);
    EXPECT_EQ(f->code, close_code::disconnected);
    c->send(make_masked_frame(opcode::close, "\x11\x99", {'a', 'b', 'c', 'd'}));
    EXPECT_FALSE(c->read());
    c->vanish();
    s.loop.until([&] { return s.sockets->connections() == 0; });
}

TEST_F(SecureWebsockets, AreMissedWhenTheyHaveGone) {
    const auto c = joined();
    c->vanish();
    s.loop.until([&] { return s.at.get_connected_clients().empty(); });
    EXPECT_EQ(s.sockets->connections(), 0u);
}

TEST_F(SecureWebsockets, TakeNoPageThatCameInTheClear) {
    secure_client c(s, authority);
    EXPECT_TRUE(c.ask(raw_client::handshake("Origin: http://shop.example\r\n")).starts_with("HTTP/1.1 403 "));
}

} // namespace
} // namespace infra::realtime::websocket
