#include "server_state.hpp"

#include "lane.hpp"
#include "message_access.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>

namespace infra::http::detail {
namespace {

constexpr telemetry::instrument active_connections{.kind = telemetry::instrument_kind::gauge,
                                                   .name = "http_server_active_connections",
                                                   .help = "Connections that are open."};
constexpr telemetry::instrument connections_total{.kind = telemetry::instrument_kind::counter,
                                                  .name = "http_server_connections_total",
                                                  .help = "Connections accepted."};
constexpr telemetry::instrument refused_total{.kind = telemetry::instrument_kind::counter,
                                              .name = "http_server_connections_refused_total",
                                              .help = "Connections answered 503 because max_connections were open."};

const telemetry::series& active_series() {
    static const telemetry::series series(active_connections);
    return series;
}
const telemetry::series& accepted_series() {
    static const telemetry::series series(connections_total);
    return series;
}
const telemetry::series& refused_series() {
    static const telemetry::series series(refused_total);
    return series;
}

// How many may be told that they are too many; the next ones are closed without a word.
constexpr std::size_t refused_at_once = 64;
constexpr std::chrono::milliseconds pause_after_failure{100};

void require(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(sentence);
}

asio::ip::tcp::endpoint endpoint_of(const server_options& options) {
    boost::system::error_code ec;
    const auto address = asio::ip::make_address(options.host == "localhost" ? "127.0.0.1" : options.host, ec);
    if (ec)
        throw error(errc::misconfigured,
                    "http::server_options::host: '" + options.host +
                        "' is not a numeric address; 127.0.0.1, 0.0.0.0 and :: are common choices");
    return {address, options.port};
}

[[noreturn]] void refuse_to_listen(const asio::ip::tcp::endpoint& at, const boost::system::error_code& ec) {
    const auto port = std::to_string(at.port());
    const auto where = at.address().to_string() + " port " + port;
    if (ec == boost::system::errc::address_in_use)
        throw error(errc::unavailable, "cannot listen on " + where + ": port " + port +
                                           " is in use; stop whoever uses it, or choose another port");
    if (ec == boost::system::errc::permission_denied)
        throw error(errc::unavailable,
                    "cannot listen on " + where + ": not permitted; ports below 1024 need CAP_NET_BIND_SERVICE");
    throw error(errc::unavailable, "cannot listen on " + where + ": " + ec.message());
}

asio::ip::tcp::acceptor open_acceptor(const executor& ex, const asio::ip::tcp::endpoint& at, int backlog) {
    asio::ip::tcp::acceptor acceptor(ex);
    boost::system::error_code ec;
    acceptor.open(at.protocol(), ec);
    if (!ec)
        acceptor.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec)
        acceptor.bind(at, ec);
    if (!ec)
        acceptor.listen(backlog, ec);
    if (ec)
        refuse_to_listen(at, ec);
    return acceptor;
}

} // namespace

void check(const server_options& options) {
    using std::chrono::milliseconds;
    const auto& l = options.limits;
    const auto& t = options.timeouts;
    require(l.max_header_bytes >= 256 && l.max_header_bytes <= 1024 * 1024,
            "http::server_limits::max_header_bytes must be from 256 to 1048576");
    require(l.max_header_fields >= 1, "http::server_limits::max_header_fields must be at least 1");
    require(l.max_connections >= 1, "http::server_limits::max_connections must be at least 1");
    require(t.header > milliseconds(0), "http::server_timeouts::header must be greater than zero");
    require(t.body > milliseconds(0), "http::server_timeouts::body must be greater than zero");
    require(t.idle > milliseconds(0), "http::server_timeouts::idle must be greater than zero");
    require(t.write > milliseconds(0), "http::server_timeouts::write must be greater than zero");
    require(t.handler > milliseconds(0), "http::server_timeouts::handler must be greater than zero");
    require(options.backlog >= 1, "http::server_options::backlog must be at least 1");
}

server_state::server_state(std::vector<executor> loops, router routes, server_options options, clock& time)
    : options_((check(options), std::move(options))),
      routes_(request_access::table(routes)),
      trusted_(options_.trusted_proxies),
      time_(time) {
    require(!loops.empty(), "http::server: at least one loop is needed");
    if (options_.cors)
        cors_.emplace(*options_.cors);
    routes_->freeze();
    for (auto& loop : loops)
        lanes_.push_back(std::make_shared<lane>(std::move(loop), options_, routes_->routes().size(), time_));
}

server_state::~server_state() = default;

void server_state::listen() {
    const std::scoped_lock lock(starting_);
    if (acceptor_ || stopping_)
        return;
    if (options_.tls)
        tls_ = make_tls_acceptor(*options_.tls);
    acceptor_.emplace(open_acceptor(lanes_.front()->get_executor(), endpoint_of(options_), options_.backlog));
    port_ = acceptor_->local_endpoint().port();
}

std::string server_state::url() const {
    const bool v6 = options_.host.find(':') != std::string::npos;
    return std::string(secure() ? "https://" : "http://") + (v6 ? "[" + options_.host + "]" : options_.host) + ":" +
           std::to_string(port_);
}

awaitable<void> server_state::run(std::shared_ptr<server_state> self) {
    self->listen();
    {
        const std::scoped_lock lock(self->starting_);
        if (self->stopping_)
            co_return;
        if (std::exchange(self->ran_, true))
            throw error(errc::invalid_state, "http::server::run was called twice");
        self->start_accepting();
    }
    std::exception_ptr cancelled;
    try {
        co_await self->finished_.wait();
    } catch (...) {
        cancelled = std::current_exception();
    }
    if (cancelled) {
        self->abandon();
        std::rethrow_exception(cancelled);
    }
    if (self->failure_)
        std::rethrow_exception(self->failure_);
}

// Spawned from its own loop, on which the signal is emitted too.
void server_state::start_accepting() {
    enter();
    asio::post(lanes_.front()->get_executor(), [self = shared_from_this()] {
        asio::co_spawn(self->lanes_.front()->get_executor(), accept(self),
                       asio::bind_cancellation_slot(self->stop_accepting_.slot(), [self](std::exception_ptr failure) {
                           self->acceptor_->close();
                           if (!self->closed_) {
                               self->failure_ = std::move(failure);
                               self->begin_stop();
                           }
                           self->leave();
                       }));
    });
}

awaitable<void> server_state::stop(std::shared_ptr<server_state> self, deadline limit) {
    self->begin_stop();
    try {
        co_return co_await with_deadline(self->finished_.wait(), limit, self->time_);
    } catch (const error& e) {
        if (e.code() != errc::timed_out)
            throw;
    }
    self->cut();
    co_await self->finished_.wait();
}

void server_state::abandon() noexcept {
    begin_stop();
    cut();
}

void server_state::begin_stop() noexcept {
    const std::scoped_lock lock(starting_);
    if (stopping_.exchange(true))
        return;
    for (const auto& each : lanes_)
        each->drain();
    close_door();
    if (!ran_)
        finished_.set();
    else if (stays_open_)
        leave();
}

void server_state::stop_accepting() noexcept {
    const std::scoped_lock lock(starting_);
    if (!closed_ && !std::exchange(stays_open_, true))
        enter(); // in the place of the accept loop, so that nobody who leaves before stopping begins is the last
    close_door();
}

void server_state::close_door() noexcept {
    if (closed_.exchange(true))
        return;
    if (ran_)
        asio::post(lanes_.front()->get_executor(),
                   [self = shared_from_this()] { self->stop_accepting_.emit(asio::cancellation_type::terminal); });
    else if (acceptor_)
        acceptor_->close();
}

void server_state::cut() noexcept {
    for (const auto& each : lanes_)
        each->cut();
}

void server_state::leave() noexcept {
    if (--users_ == 0 && stopping_)
        finished_.set();
}

void server_state::connection_closed() noexcept {
    --connections_;
    active_series().add(-1);
    leave();
}

awaitable<void> server_state::accept(std::shared_ptr<server_state> self) {
    while (!self->closed_)
        if (!co_await self->accept_one())
            co_await self->time_.sleep_for(pause_after_failure);
}

// False when it failed, most often because no descriptor is left: trying again at once would turn in circles.
awaitable<bool> server_state::accept_one() {
    const auto& next = lanes_[turn_ % lanes_.size()];
    boost::system::error_code ec;
    auto socket = co_await acceptor_->async_accept(next->io_executor(), asio::redirect_error(asio::use_awaitable, ec));
    if (ec == asio::error::connection_aborted || ec == asio::error::operation_aborted)
        co_return true;
    if (ec) {
        telemetry::log(level::warn, "http", "cannot accept connections", {{"error", ec}});
        co_return false;
    }
    deal_out(std::move(socket));
    co_return true;
}

void server_state::deal_out(tcp_socket socket) {
    boost::system::error_code ec;
    const auto peer = socket.remote_endpoint(ec);
    if (!ec)
        socket.set_option(asio::ip::tcp::no_delay(true), ec);
    if (ec)
        return; // it has gone already
    const auto open = ++connections_;
    const auto most = options_.limits.max_connections;
    const bool refused = open > most;
    accepted_series().add();
    if (refused)
        refused_series().add();
    if (open > most + refused_at_once) {
        --connections_;
        return;
    }
    active_series().add(1);
    enter();
    const auto& to = lanes_[turn_++ % lanes_.size()];
    to->adopt(shared_from_this(), tls_ ? tls_->wrap(std::move(socket)) : make_plain_transport(std::move(socket)), peer,
              refused);
}

} // namespace infra::http::detail
