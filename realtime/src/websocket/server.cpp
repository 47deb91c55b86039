#include "server.hpp"

#include "extension_offer.hpp"
#include "handshake_rules.hpp"
#include "origin.hpp"
#include "peer.hpp"
#include "telemetry_series.hpp"

#include <infra/base/with_deadline.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <any>
#include <stdexcept>

namespace infra::realtime {
namespace detail {
namespace {

namespace beast_websocket = boost::beast::websocket;
using namespace std::chrono_literals;

constexpr auto handshake_time = 10s; // for the answer to leave

// What the guard has found out, for the handler behind it.
struct admission {
    identity who{};
};

struct accepted_terms {
    std::string subprotocol{};
    std::string extensions{};
};

void require(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(sentence);
}

clock& clock_of(const hub& h) {
    auto* const given = h.options().time;
    return given ? *given : real_clock();
}

std::string joined(const http::headers& headers, std::string_view name) {
    std::string all;
    for (const auto field : headers.get_all(name)) {
        if (!all.empty())
            all += ", ";
        all += field;
    }
    return all;
}

// Beast reads the handshake and writes the 101; what is agreed on beside it is ours, and so is the socket again when this returns. The
// stream, with its buffers, goes.
awaitable<void> answer_handshake(http::upgrade_socket* socket, std::string handshake, accepted_terms terms) {
    beast_websocket::stream<http::upgrade_socket&> stream(*socket);
    stream.set_option(beast_websocket::stream_base::decorator([terms](beast_websocket::response_type& answer) {
        answer.erase(boost::beast::http::field::server);
        if (!terms.subprotocol.empty())
            answer.set(boost::beast::http::field::sec_websocket_protocol, terms.subprotocol);
        if (!terms.extensions.empty())
            answer.set(boost::beast::http::field::sec_websocket_extensions, terms.extensions);
    }));
    co_await stream.async_accept(asio::buffer(handshake), asio::use_awaitable);
}

http::response refuse_stopping() {
    return websocket::refuse_for_now("shutting_down", "this node is going; come back in a moment", 1);
}

} // namespace

void check(const websocket_options& o) {
    websocket::check_origins(o.origins, "websocket_options::origins");
    require(o.ping >= 10ms, "websocket_options::ping must be at least 10 ms");
    require(o.pong >= 10ms, "websocket_options::pong must be at least 10 ms");
    require(o.close >= 10ms, "websocket_options::close must be at least 10 ms");
    require(o.max_inflation >= 1, "websocket_options::max_inflation must be at least 1");
    require(o.handshakes_per_second > 0, "websocket_options::handshakes_per_second must be greater than 0");
    require(o.drain_batch >= 1, "websocket_options::drain_batch must be at least 1");
    require(o.drain_over >= 0ms, "websocket_options::drain_over must be at least 0");
    for (const auto& each : o.subprotocols)
        require(!each.empty() && each.find_first_of(" ,\t\r\n\"") == std::string::npos,
                "websocket_options::subprotocols: each must be a token");
}

std::shared_ptr<websocket_state> websocket_state::make(hub to, websocket_options options) {
    auto made = std::make_shared<websocket_state>(std::move(to), std::move(options));
    made->terms_->emptied = [weak = made->weak_from_this()] {
        if (const auto self = weak.lock())
            self->emptied();
    };
    return made;
}

websocket_state::websocket_state(hub to, websocket_options options)
    : hub_((check(options), std::move(to))),
      terms_(std::make_shared<websocket::server_terms>()),
      rate_(options.handshakes_per_second, clock_of(hub_).steady()) {
    const auto& limits = hub_.options().limits;
    terms_->max_queue_bytes = limits.max_queue_bytes;
    terms_->small_frames = {limits.messages_per_second, static_cast<double>(limits.message_burst)};
    terms_->reading = {.max_message_bytes = limits.max_message_bytes, .max_inflation = options.max_inflation};
    terms_->time = &clock_of(hub_);
    terms_->options = std::move(options);
}

websocket_state::~websocket_state() {
    for (const auto& each : groups_)
        each->post_cut();
}

void websocket_state::mount(const std::shared_ptr<websocket_state>& self, const http::router& routes,
                            std::string_view path) {
    auto guarded = routes; // the same table; the guard is of this route alone
    guarded.use([server = std::weak_ptr(self)](http::request& asked) { return examine(server, asked); });
    guarded.on_upgrade(path,
                       [server = std::weak_ptr(self)](http::upgrade up) { return accept(server, std::move(up)); });
}

// --- Handshakes ------------------------------------------------------------------------------------------------------

std::optional<http::response> websocket_state::refuse_at_once(const http::request& asked) {
    const auto& options = terms_->options;
    if (stopping_)
        return refuse_stopping();
    if (auto no = websocket::refuse_malformed(asked))
        return no;
    if (auto no = websocket::refuse_origin(asked, options.origins, options.allow_no_origin))
        return no;
    if (terms_->connections >= hub_.options().limits.max_clients)
        return websocket::refuse_for_now("too_many_connections", "there are as many clients as there may be", 5);
    if (!rate_.take(asked.remote_address(), terms_->time->steady()))
        return websocket::refuse_for_now("too_many_handshakes", "too many clients come at once; come back in a moment",
                                         1);
    return std::nullopt;
}

awaitable<std::optional<http::response>> websocket_state::examine(std::weak_ptr<websocket_state> server,
                                                                  http::request& asked) {
    const auto self = server.lock();
    auto refusal = self ? self->refuse_at_once(asked) : refuse_stopping();
    if (!refusal) {
        try {
            auto found = std::make_shared<admission>();
            found->who = co_await authenticate(self->hub_, websocket::describe_handshake(asked));
            asked.attachment = std::move(found);
            if (self->stopping_) // since the hook was asked
                refusal = refuse_stopping();
        } catch (const error& e) {
            if (e.code() != errc::forbidden)
                throw;
            refusal = http::response::error(401, "unauthorized", "who this is was not proved");
        }
    }
    if (refusal)
        websocket::count_handshake("refused");
    co_return refusal;
}

// When it returns, nothing of HTTP is left: no request, no buffer, no coroutine.
awaitable<void> websocket_state::accept(std::weak_ptr<websocket_state> server, http::upgrade up) {
    const auto self = server.lock();
    if (!self)
        co_return;
    const auto& options = self->terms_->options;
    const auto deflate = options.compression
                             ? websocket::accept_deflate(joined(up.request.headers(), "Sec-WebSocket-Extensions"))
                             : std::nullopt;
    accepted_terms terms{.subprotocol = websocket::choose_subprotocol(up.request, options.subprotocols),
                         .extensions = deflate ? deflate->to_text() : std::string()};
    try {
        co_await with_deadline(answer_handshake(&up.socket, std::move(up.handshake), terms),
                               deadline::after(handshake_time, self->terms_->time->steady()), *self->terms_->time);
    } catch (const std::exception&) { // it has gone in between
        websocket::count_handshake("failed");
        co_return;
    }
    websocket::count_handshake("accepted");
    const auto group = self->group_on(co_await asio::this_coro::executor);
    const auto protocol = up.socket.local_endpoint().protocol();
    websocket::peer::socket through(group->io_executor(), protocol, up.socket.release());
    if (options.send_buffer > 0)
        through.set_option(asio::socket_base::send_buffer_size(static_cast<int>(options.send_buffer)));
    const auto who = std::any_cast<std::shared_ptr<admission>>(up.request.attachment);
    const auto made =
        std::make_shared<websocket::peer>(group, std::move(through), websocket::peer_terms{.deflate = deflate});
    made->start(self->hub_, websocket::describe_handshake(up.request, std::move(terms.subprotocol)),
                std::move(who->who), std::move(up.leftover));
    if (self->stopping_) // since it was examined: the others have been told already
        made->say_goodbye(0ms);
}

std::shared_ptr<websocket::loop_group> websocket_state::group_on(const executor& loop) {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find_if(groups_, [&](const auto& each) { return each->get_executor() == loop; });
    if (found != groups_.end())
        return *found;
    groups_.push_back(websocket::loop_group::make(loop, terms_));
    return groups_.back();
}

std::vector<std::shared_ptr<websocket::loop_group>> websocket_state::groups() const {
    const std::scoped_lock lock(mutex_);
    return groups_;
}

// --- The end ---------------------------------------------------------------------------------------------------------

awaitable<void> websocket_state::stop(std::shared_ptr<websocket_state> self, deadline limit) {
    self->stopping_ = true;
    auto& time = *self->terms_->time;
    try {
        co_await with_deadline(self->say_goodbyes(limit), limit, time);
        co_return;
    } catch (const error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
    }
    for (const auto& each : self->groups())
        each->post_cut();
    co_await self->wait_until_empty();
}

// Who is told later has been told to wait less: all come back within drain_over of the beginning, and not together.
awaitable<void> websocket_state::say_goodbyes(deadline limit) {
    const auto& options = terms_->options;
    auto& time = *terms_->time;
    const auto batches = std::max<std::size_t>(1, (connections() + options.drain_batch - 1) / options.drain_batch);
    const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(limit.remaining(time.steady()) / 4 * 3);
    const auto over = std::min(options.drain_over, patience);
    const auto within = std::max<std::chrono::milliseconds>(options.drain_over, 1s);
    for (std::size_t told = 0; told < batches && connections() > 0; ++told) {
        if (told > 0)
            co_await time.sleep_for(over / static_cast<int>(batches - 1));
        for (const auto& each : groups())
            each->post_goodbyes(batches - told, within);
    }
    co_await wait_until_empty();
}

awaitable<void> websocket_state::wait_until_empty() {
    const promise<void> turn(co_await asio::this_coro::executor);
    {
        const std::scoped_lock lock(mutex_);
        if (connections() == 0)
            co_return;
        waiting_.push_back(turn);
    }
    co_await turn.get();
}

void websocket_state::emptied() {
    std::vector<promise<void>> waiting;
    {
        const std::scoped_lock lock(mutex_);
        waiting.swap(waiting_);
    }
    for (const auto& each : waiting)
        each.set_value();
}

} // namespace detail

// --- websocket_server ------------------------------------------------------------------------------------------------

websocket_server::websocket_server(hub to, websocket_options options)
    : state_(detail::websocket_state::make(std::move(to), std::move(options))) {}

void websocket_server::mount(http::router& routes, std::string_view path) {
    detail::websocket_state::mount(state_, routes, path);
}

awaitable<void> websocket_server::stop(deadline limit) { return detail::websocket_state::stop(state_, limit); }

std::size_t websocket_server::connections() const noexcept { return state_->connections(); }

} // namespace infra::realtime
