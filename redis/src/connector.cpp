#include "connector.hpp"

#include "conversation.hpp"
#include "sentinel_place.hpp"

#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/redis/errc.hpp>
#include <infra/runtime/default_runtime.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace infra::redis::detail {
namespace {

using asio::ip::tcp;

constexpr std::chrono::seconds most_idle{3600};   // that a kernel takes is some nine hours
constexpr std::size_t greeting_bytes = 64 * 1024; // no answer to a greeting is longer

std::vector<socket_endpoint> look_up(const std::string& host, std::uint16_t port) {
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int problem = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
    if (problem != 0)
        throw error(errc::not_connected, "the name " + host + " has no address: " + ::gai_strerror(problem));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> held(found, &::freeaddrinfo);
    std::vector<socket_endpoint> out;
    for (const auto* each = found; each; each = each->ai_next)
        out.emplace_back(each->ai_addr, each->ai_addrlen);
    return out;
}

// The resolver blocks and cannot be told to stop: it has a thread of the pool, and nobody waits longer than he wants.
awaitable<std::vector<socket_endpoint>> resolve(address to) {
    if (!to.socket_path.empty())
        co_return std::vector<socket_endpoint>{asio::local::stream_protocol::endpoint(to.socket_path)};
    boost::system::error_code ec;
    const auto literal = asio::ip::make_address(to.host, ec);
    if (!ec)
        co_return std::vector<socket_endpoint>{tcp::endpoint(literal, to.port)};
    co_return co_await default_blocking_pool().run([to] { return look_up(to.host, to.port); });
}

// The kernel asks after a peer that has gone for good, of which a command that blocks without end would never hear. Its
// own habit is to begin after two hours.
void prepare(stream_socket& socket, const socket_endpoint& at, std::chrono::seconds idle) {
    if (at.protocol().family() == AF_UNIX)
        return;
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    const auto set = [&](int what, int to) { ::setsockopt(socket.native_handle(), IPPROTO_TCP, what, &to, sizeof to); };
    set(TCP_KEEPIDLE, static_cast<int>(idle.count()));
    set(TCP_KEEPINTVL, static_cast<int>(idle.count()));
    set(TCP_KEEPCNT, 3);
}

awaitable<stream_socket> connect_to(executor ex, socket_endpoint at, std::chrono::seconds idle) {
    stream_socket socket(ex);
    co_await socket.async_connect(at, asio::use_awaitable);
    prepare(socket, at, idle);
    co_return socket;
}

awaitable<std::vector<reply>> tell(transport& with, std::vector<command> words, std::string password) {
    try {
        co_return co_await converse(with, std::move(words), greeting_bytes);
    } catch (const error& e) {
        throw error(e.code(), fit_to_show(e.what(), password));
    }
}

awaitable<server_facts> greet(transport& with, const options& o) {
    greeting words(o);
    while (words.phase() == greeting::step::speak)
        words.hear(co_await tell(with, words.words(), o.password));
    if (words.phase() == greeting::step::refused)
        throw error(errc::refused, "it refused us: " + words.why());
    if (words.phase() == greeting::step::not_yet)
        throw error(errc::not_connected, "it is not ready: " + words.why());
    co_return words.facts();
}

// Nothing where there are none.
std::optional<address> in_numbers(const socket_endpoint& at) {
    if (at.protocol().family() == AF_UNIX)
        return std::nullopt;
    tcp::endpoint out;
    out.resize(at.size());
    std::memcpy(out.data(), at.data(), at.size());
    return address{.host = out.address().to_string(), .port = out.port()};
}

// What has no numbers is told apart by what it was found under.
address peer_of(const stream_socket& socket, const address& found) {
    boost::system::error_code ec;
    const auto at = socket.remote_endpoint(ec);
    return (ec ? std::nullopt : in_numbers(at)).value_or(found);
}

std::unique_ptr<place> place_of(const options& o, clock& time) {
    if (o.sentinel)
        return std::make_unique<sentinel_place>(o, time);
    return std::make_unique<fixed_place>(o);
}

// What a system call said, in the client's terms.
[[noreturn]] void rethrow(const boost::system::system_error& e) {
    if (e.code() == asio::error::operation_aborted || e.code().category() == category() ||
        e.code().category() == base_category())
        throw;
    if (e.code() == asio::error::eof)
        throw error(errc::not_connected, "it closed the connection at once");
    throw error(errc::not_connected, e.code().message());
}

} // namespace

deadline share(deadline limit, steady_time now, std::size_t of) {
    if (limit.is_never())
        return limit;
    return deadline::after(limit.remaining(now) / static_cast<std::int64_t>(of), now);
}

awaitable<stream_socket> connect_to_any(executor ex, std::vector<socket_endpoint> addresses, std::chrono::seconds idle,
                                        deadline limit, clock& time) {
    for (std::size_t i = 0;; ++i) {
        const auto last = i + 1 == addresses.size();
        try {
            co_return co_await with_deadline(connect_to(ex, addresses[i], idle),
                                             share(limit, time.steady(), addresses.size() - i), time);
        } catch (const boost::system::system_error& e) {
            if (last || e.code() == asio::error::operation_aborted)
                throw;
        }
    }
}

std::vector<socket_endpoint> with_first(std::vector<socket_endpoint> addresses, const address& one) {
    const auto found =
        std::ranges::find_if(addresses, [&](const socket_endpoint& each) { return in_numbers(each) == one; });
    if (found != addresses.end())
        std::rotate(addresses.begin(), found, found + 1);
    return addresses;
}

connector::connector(const options& o, clock& time) : connector(o, time, place_of(o, time)) {}

connector::connector(const options& o, clock& time, std::unique_ptr<place> where)
    : options_(o), time_(time), place_(std::move(where)) {}

std::shared_ptr<tls_context> connector::tls() {
    const std::scoped_lock lock(making_);
    if (!tls_)
        tls_ = make_tls_context(*options_.tls);
    return tls_;
}

// A name may have several addresses, each time in another order.
std::vector<socket_endpoint> connector::in_order(std::vector<socket_endpoint> addresses) {
    const std::scoped_lock lock(led_there_);
    return together_ && answered_ ? with_first(std::move(addresses), *answered_) : addresses;
}

void connector::remember(std::optional<address> answered) {
    const std::scoped_lock lock(led_there_);
    answered_ = std::move(answered);
}

awaitable<opened> connector::open(executor ex, deadline limit) { return in_time(std::move(ex), std::nullopt, limit); }

awaitable<opened> connector::open_at(executor ex, address at, deadline limit) {
    return in_time(std::move(ex), std::move(at), limit);
}

awaitable<std::vector<reply>> connector::ask_at(executor ex, address at, std::vector<command> words,
                                                std::size_t max_bytes, deadline limit) {
    const auto made = co_await open_at(std::move(ex), std::move(at), limit);
    try {
        co_return co_await with_deadline(converse(*made.through, std::move(words), max_bytes), limit, time_);
    } catch (const error& e) {
        if (e.code() == infra::errc::timed_out)
            throw error(errc::not_connected, "it did not answer in time");
        throw;
    } catch (const boost::system::system_error& e) {
        rethrow(e);
    }
}

awaitable<opened> connector::in_time(executor ex, std::optional<address> at, deadline limit) {
    const auto by = earlier(limit, deadline::after(options_.connect_timeout, time_.steady()));
    std::string_view doing;
    try {
        co_return co_await with_deadline(find_and_open(std::move(ex), std::move(at), by, doing), by, time_);
    } catch (const error& e) {
        if (e.code() == infra::errc::timed_out)
            throw error(errc::not_connected, "it did not answer in time, " + std::string(doing));
        throw;
    } catch (const boost::system::system_error& e) {
        rethrow(e);
    }
}

// Its caller's frame outlives it, and so does what it says it is doing.
awaitable<opened> connector::find_and_open(executor ex, std::optional<address> at, deadline limit,
                                           std::string_view& doing) {
    doing = "looking for its address";
    if (at)
        co_return co_await open_there(std::move(ex), std::move(*at), limit, doing);
    const auto found = co_await place_->find(ex, limit);
    try {
        auto made = co_await open_there(std::move(ex), found, limit, doing);
        place_->check(found, made.facts);
        if (place_->is_a_name()) {
            made.at = made.peer;
            remember(made.peer);
        }
        co_return made;
    } catch (...) {
        remember(std::nullopt);
        place_->was_wrong(found);
        throw;
    }
}

awaitable<opened> connector::open_there(executor ex, address to, deadline limit, std::string_view& doing) {
    doing = "connecting";
    const auto idle = std::min(std::chrono::ceil<std::chrono::seconds>(options_.ping_every), most_idle);
    auto socket = co_await connect_to_any(std::move(ex), in_order(co_await resolve(to)), idle, limit, time_);
    auto peer = peer_of(socket, to);
    std::unique_ptr<transport> through;
    if (options_.tls) {
        doing = "shaking hands over TLS";
        const auto& name = options_.tls->server_name.empty() ? to.host : options_.tls->server_name;
        through = co_await tls()->wrap(std::move(socket), name);
    } else {
        through = make_plain_transport(std::move(socket));
    }
    doing = "greeting";
    auto facts = co_await greet(*through, options_);
    co_return opened{std::move(through), std::move(facts), std::move(to), std::move(peer)};
}

} // namespace infra::redis::detail
