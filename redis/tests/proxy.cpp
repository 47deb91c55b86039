#include "tests/proxy.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace infra::redis {
namespace {

using local = asio::local::stream_protocol;
using socket_ptr = std::shared_ptr<local::socket>;

void close(local::socket& socket) {
    boost::system::error_code ignored;
    socket.close(ignored);
}

} // namespace

struct proxy::state {
    state(executor ex, const std::string& path, std::string to)
        : acceptor(ex, local::endpoint(path)),
          released(ex, asio::steady_timer::time_point::max()),
          upstream(std::move(to)) {}
    local::acceptor acceptor;
    asio::steady_timer released;
    std::size_t held = 0;
    std::string upstream;
    std::vector<std::weak_ptr<local::socket>> open;
    std::size_t accepted = 0;
    proxy* of = nullptr; // null once it has gone

    bool holds(const std::string& reply) const { return of && of->holds_reply && of->holds_reply(reply); }

    static awaitable<void> hold(std::shared_ptr<state> self) {
        ++self->held;
        boost::system::error_code ignored;
        co_await self->released.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        --self->held;
    }

    static awaitable<void> relay(std::shared_ptr<state> self, socket_ptr from, socket_ptr to, bool is_request) {
        std::array<char, 16 * 1024> buffer;
        boost::system::error_code ec;
        while (true) {
            const auto size =
                co_await from->async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, ec));
            if (ec || !self->of)
                break;
            std::optional<std::string> bytes(std::string(buffer.data(), size));
            const auto& changed = is_request ? self->of->on_request : self->of->on_reply;
            if (changed)
                bytes = changed(std::move(*bytes));
            if (!bytes)
                break;
            if (!is_request && self->holds(*bytes))
                co_await hold(self);
            co_await asio::async_write(*to, asio::buffer(*bytes), asio::redirect_error(asio::use_awaitable, ec));
            if (ec)
                break;
        }
        close(*from);
        close(*to);
    }

    static awaitable<void> serve(std::shared_ptr<state> self, socket_ptr client) {
        const auto server = std::make_shared<local::socket>(client->get_executor());
        boost::system::error_code ec;
        co_await server->async_connect(local::endpoint(self->upstream), asio::redirect_error(asio::use_awaitable, ec));
        if (ec)
            co_return;
        self->open.push_back(client);
        self->open.push_back(server);
        asio::co_spawn(client->get_executor(), relay(self, client, server, true), [](std::exception_ptr) {});
        asio::co_spawn(client->get_executor(), relay(self, server, client, false), [](std::exception_ptr) {});
    }

    static awaitable<void> accept(std::shared_ptr<state> self) {
        boost::system::error_code ec;
        while (true) {
            const auto client = std::make_shared<local::socket>(self->acceptor.get_executor());
            co_await self->acceptor.async_accept(*client, asio::redirect_error(asio::use_awaitable, ec));
            if (ec || !self->of)
                co_return;
            ++self->accepted;
            if (!self->of->refusing)
                asio::co_spawn(client->get_executor(), serve(self, client), [](std::exception_ptr) {});
        }
    }
};

proxy::proxy(executor ex, std::string to)
    : path_(folder_.path() + "/p"), state_(std::make_shared<state>(ex, path_, std::move(to))) {
    state_->of = this;
    asio::co_spawn(ex, state::accept(state_), [](std::exception_ptr) {});
}

proxy::~proxy() {
    state_->of = nullptr;
    state_->released.cancel();
    cut();
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
}

void proxy::cut() {
    for (const auto& each : std::exchange(state_->open, {}))
        if (const auto socket = each.lock())
            close(*socket);
}

std::size_t proxy::held() const noexcept { return state_->held; }

void proxy::let_go() {
    holds_reply = nullptr;
    state_->released.cancel();
}

void proxy::lead_to(std::string to) { state_->upstream = std::move(to); }

std::size_t proxy::accepted() const noexcept { return state_->accepted; }

struct impostor::state {
    state(executor ex, const std::string& path, std::string w, bool h)
        : acceptor(ex, local::endpoint(path)), words(std::move(w)), hang_up(h) {}
    local::acceptor acceptor;
    std::string words;
    bool hang_up;
    std::vector<socket_ptr> open;

    static awaitable<void> talk(std::shared_ptr<state> self, socket_ptr with) {
        std::array<char, 4096> buffer;
        boost::system::error_code ec;
        co_await with->async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, ec));
        co_await asio::async_write(*with, asio::buffer(self->words), asio::redirect_error(asio::use_awaitable, ec));
        if (self->hang_up)
            close(*with);
        while (!ec)
            co_await with->async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, ec));
    }

    static awaitable<void> accept(std::shared_ptr<state> self) {
        boost::system::error_code ec;
        while (true) {
            const auto client = std::make_shared<local::socket>(self->acceptor.get_executor());
            co_await self->acceptor.async_accept(*client, asio::redirect_error(asio::use_awaitable, ec));
            if (ec)
                co_return;
            self->open.push_back(client);
            asio::co_spawn(client->get_executor(), talk(self, client), [](std::exception_ptr) {});
        }
    }
};

impostor::impostor(executor ex, std::string words, bool hang_up)
    : state_(std::make_shared<state>(ex, folder_.path() + "/s", std::move(words), hang_up)) {
    asio::co_spawn(ex, state::accept(state_), [](std::exception_ptr) {});
}

impostor::~impostor() {
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
    for (const auto& each : state_->open)
        close(*each);
}

struct actor::state {
    using tcp = asio::ip::tcp;
    using tcp_ptr = std::shared_ptr<tcp::socket>;

    state(executor ex, part p)
        : acceptor(ex, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), plays(std::move(p)) {}
    tcp::acceptor acceptor;
    part plays;
    std::vector<tcp_ptr> open;

    static awaitable<void> talk(std::shared_ptr<state> self, std::size_t number) {
        const auto with = self->open[number];
        std::array<char, 4096> buffer;
        boost::system::error_code ec;
        while (!ec) {
            const auto size =
                co_await with->async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, ec));
            const auto words = ec ? std::nullopt : self->plays(number, std::string(buffer.data(), size));
            if (!words)
                break;
            co_await asio::async_write(*with, asio::buffer(*words), asio::redirect_error(asio::use_awaitable, ec));
        }
        with->close(ec);
    }

    static awaitable<void> accept(std::shared_ptr<state> self) {
        boost::system::error_code ec;
        while (true) {
            const auto client = std::make_shared<tcp::socket>(self->acceptor.get_executor());
            co_await self->acceptor.async_accept(*client, asio::redirect_error(asio::use_awaitable, ec));
            if (ec)
                co_return;
            self->open.push_back(client);
            asio::co_spawn(client->get_executor(), talk(self, self->open.size() - 1), [](std::exception_ptr) {});
        }
    }
};

actor::actor(executor ex, part plays) : state_(std::make_shared<state>(ex, std::move(plays))) {
    asio::co_spawn(ex, state::accept(state_), [](std::exception_ptr) {});
}

actor::~actor() {
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
    for (const auto& each : state_->open)
        each->close(ignored);
}

std::uint16_t actor::port() const { return state_->acceptor.local_endpoint().port(); }

} // namespace infra::redis
