#include "tests/smtp/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace infra::email::smtp {

using asio::ip::tcp;

struct test_server::state {
    state(executor e, server_options o, script s)
        : ex(std::move(e)), options(std::move(o)), play(std::move(s)), acceptor(ex) {
        const tcp::endpoint here(asio::ip::address_v4::loopback(), 0);
        acceptor.open(here.protocol());
        if (options.tiny_window)
            acceptor.set_option(asio::socket_base::receive_buffer_size(4096));
        acceptor.bind(here);
        acceptor.listen();
        if (options.certificate.empty())
            return;
        tls.use_certificate_chain_file(options.certificate);
        tls.use_private_key_file(options.certificate, asio::ssl::context::pem);
    }

    trouble at(const std::string& step) const { return play ? play(step) : trouble{}; }

    executor ex;
    server_options options;
    script play;
    tcp::acceptor acceptor;
    asio::ssl::context tls{asio::ssl::context::tls_server};
    log seen;
};

namespace {

struct dropped {};

/// A connection in the clear or, later, under TLS.
class line_stream {
public:
    line_stream(tcp::socket s, asio::ssl::context& tls) : socket_(std::move(s)), tls_(tls) {}

    awaitable<void> secure() {
        secured_.emplace(socket_, tls_);
        in_.clear();
        co_await secured_->async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
    }
    bool secured() const { return secured_.has_value(); }

    /// With its CRLF; throws dropped at the end.
    awaitable<std::string> line() {
        for (std::size_t from = 0;;) {
            if (const auto end = in_.find("\r\n", from); end != std::string::npos)
                co_return take(end + 2);
            from = in_.empty() ? 0 : in_.size() - 1;
            co_await more();
        }
    }

    awaitable<void> more() {
        std::string chunk(16384, '\0');
        boost::system::error_code ec;
        const auto size =
            secured_
                ? co_await secured_->async_read_some(asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, ec))
                : co_await socket_.async_read_some(asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, ec));
        if (ec)
            throw dropped();
        in_.append(chunk, 0, size);
    }

    awaitable<void> say(std::string text) {
        boost::system::error_code ec;
        if (secured_)
            co_await asio::async_write(*secured_, asio::buffer(text), asio::redirect_error(asio::use_awaitable, ec));
        else
            co_await asio::async_write(socket_, asio::buffer(text), asio::redirect_error(asio::use_awaitable, ec));
    }

    awaitable<void> listen_for_ever() {
        while (true) {
            in_.clear();
            co_await more();
        }
    }

private:
    std::string take(std::size_t size) {
        auto out = in_.substr(0, size);
        in_.erase(0, size);
        return out;
    }

    tcp::socket socket_;
    asio::ssl::context& tls_;
    std::optional<asio::ssl::stream<tcp::socket&>> secured_;
    std::string in_;
};

/// One client's visit.
template <class State>
class visit {
public:
    visit(std::shared_ptr<State> s, tcp::socket socket) : s_(std::move(s)), stream_(std::move(socket), s_->tls) {}

    awaitable<void> run() {
        if (s_->options.implicit_tls)
            co_await secure();
        co_await answer("greeting", "220 test ESMTP\r\n");
        while (!left_)
            co_await obey(co_await stream_.line());
    }

private:
    awaitable<void> secure() {
        if (co_await troubled("handshake"))
            co_return;
        co_await stream_.secure();
        s_->seen.commands.push_back("(TLS)");
    }

    /// True if the script has said something instead.
    awaitable<bool> troubled(std::string step) {
        const auto t = s_->at(step);
        switch (t.what) {
        case trouble::kind::none: co_return false;
        case trouble::kind::drop: throw dropped();
        case trouble::kind::silence:
            ++s_->seen.silent;
            co_await stream_.listen_for_ever();
            co_return true;
        case trouble::kind::say: break;
        }
        co_await stream_.say(t.text);
        if (t.then_drop)
            throw dropped();
        co_return true;
    }

    awaitable<bool> answer(std::string step, std::string text) {
        if (co_await troubled(step))
            co_return false;
        co_await stream_.say(std::move(text));
        co_return true;
    }

    awaitable<void> obey(std::string line) {
        line.resize(line.size() - 2);
        s_->seen.commands.push_back(line);
        const auto verb = line.substr(0, line.find(' '));
        if (verb == "EHLO")
            co_await answer("EHLO", greeting());
        else if (verb == "STARTTLS") {
            if (co_await answer("STARTTLS", "220 go ahead\r\n"))
                co_await secure();
        } else if (verb == "AUTH")
            co_await log_in(line);
        else if (verb == "MAIL") {
            recipients_ = 0;
            co_await answer("MAIL", "250 2.1.0 ok\r\n");
        } else if (verb == "RCPT")
            co_await answer("RCPT " + std::to_string(++recipients_), "250 2.1.5 ok\r\n");
        else if (verb == "DATA")
            co_await take_message();
        else if (verb == "RSET")
            co_await answer("RSET", "250 2.0.0 ok\r\n");
        else if (verb == "QUIT") {
            co_await answer("QUIT", "221 2.0.0 bye\r\n");
            left_ = true;
        } else
            co_await stream_.say("500 5.5.1 what?\r\n");
    }

    std::string greeting() const {
        std::vector<std::string> lines{"test"};
        if (s_->options.pipelining)
            lines.push_back("PIPELINING");
        const bool tls_to_come = !s_->options.certificate.empty() && !stream_.secured();
        if (tls_to_come)
            lines.push_back("STARTTLS");
        else if (!s_->options.extensions.empty())
            lines.push_back(s_->options.extensions);
        std::string text;
        for (const auto& each : lines)
            text.append(&each == &lines.back() ? "250 " : "250-").append(each).append("\r\n");
        return text;
    }

    awaitable<void> log_in(std::string line) {
        if (line.starts_with("AUTH LOGIN")) { // its two questions
            if (line == "AUTH LOGIN") {
                co_await stream_.say("334 VXNlcm5hbWU6\r\n");
                s_->seen.commands.push_back(co_await stream_.line());
            }
            co_await stream_.say("334 UGFzc3dvcmQ6\r\n");
            s_->seen.commands.push_back(co_await stream_.line());
        }
        co_await answer("AUTH", "235 2.7.0 welcome\r\n");
    }

    awaitable<void> take_message() {
        if (!co_await answer("DATA", "354 go on\r\n"))
            co_return;
        std::string raw, plain;
        bool asked = false;
        for (auto line = co_await stream_.line(); line != ".\r\n"; line = co_await stream_.line()) {
            raw += line;
            plain += line.starts_with('.') ? line.substr(1) : line;
            if (!std::exchange(asked, true) && co_await troubled("body"))
                co_await stream_.listen_for_ever();
        }
        s_->seen.wire = std::move(raw);
        if (co_await troubled("end"))
            co_return;
        s_->seen.messages.push_back(std::move(plain));
        co_await answer("accepted", "250 2.0.0 queued\r\n");
    }

    const std::shared_ptr<State> s_;
    line_stream stream_;
    int recipients_ = 0;
    bool left_ = false;
};

template <class State>
awaitable<void> serve(std::shared_ptr<State> s, tcp::socket socket) {
    ++s->seen.open;
    try {
        visit<State> one(s, std::move(socket));
        co_await one.run();
    } catch (const dropped&) {
    } catch (const boost::system::system_error&) { // the client refused our certificate
    }
    --s->seen.open;
}

template <class State>
awaitable<void> accept(std::shared_ptr<State> s) {
    while (s->acceptor.is_open()) {
        boost::system::error_code ec;
        auto socket = co_await s->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, ec));
        if (ec)
            co_return;
        socket.set_option(tcp::no_delay(true), ec);
        ++s->seen.accepted;
        asio::co_spawn(s->ex, serve(s, std::move(socket)), asio::detached);
    }
}

} // namespace

test_server::test_server(executor ex, server_options options, script play)
    : state_(std::make_shared<state>(std::move(ex), std::move(options), std::move(play))) {
    asio::co_spawn(state_->ex, accept(state_), asio::detached);
}

// Visits may go on; the script is its test's.
test_server::~test_server() {
    state_->acceptor.close();
    state_->play = {};
}

std::uint16_t test_server::port() const { return state_->acceptor.local_endpoint().port(); }

const test_server::log& test_server::seen() const { return state_->seen; }

bool test_server::heard(std::string_view beginning) const {
    return std::ranges::any_of(state_->seen.commands, [&](const auto& each) { return each.starts_with(beginning); });
}

} // namespace infra::email::smtp
