#include "realtime_load.hpp"

#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket.hpp>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <vector>

namespace infra::cli {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

constexpr std::size_t connecting_at_once = 64;
constexpr std::chrono::seconds time_for_the_last{2};
constexpr std::string_view mark = R"("sent_ns":)";

std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// What all clients write into; one loop's.
struct tally {
    load_result result{};
    std::size_t ready = 0;
    std::string refusal{}; // the first one
    steady_time first_sent{};
    steady_time last_heard{};
};

std::optional<std::int64_t> sent_at(std::string_view text) {
    const auto at = text.find(mark);
    if (at == std::string_view::npos)
        return std::nullopt;
    std::int64_t value = 0;
    const auto* const begin = text.data() + at + mark.size();
    const auto [end, failed] = std::from_chars(begin, text.data() + text.size(), value);
    return failed == std::errc() ? std::optional(value) : std::nullopt;
}

/// One WebSocket.
class receiver {
public:
    receiver(executor ex, std::shared_ptr<const load_options> options, std::shared_ptr<tally> count)
        : ex_(std::move(ex)), options_(std::move(options)), count_(std::move(count)) {}

    /// False when the service wants to be asked again later.
    awaitable<bool> come(asio::ip::tcp::resolver::results_type where) {
        socket_.emplace(ex_);
        auto& lowest = beast::get_lowest_layer(*socket_);
        co_await lowest.async_connect(where, asio::use_awaitable);
        lowest.socket().set_option(asio::ip::tcp::no_delay(true));
        lowest.expires_never();
        socket_->set_option(websocket::stream_base::decorator([this](websocket::request_type& request) {
            request.set("Sec-WebSocket-Protocol",
                        options_->token.empty() ? "infra.realtime.v1" : "infra.realtime.v1, token." + options_->token);
        }));
        boost::system::error_code ec;
        websocket::response_type answer;
        co_await socket_->async_handshake(answer, options_->host + ":" + options_->port, options_->target,
                                          asio::redirect_error(asio::use_awaitable, ec));
        if (ec == websocket::error::upgrade_declined && answer.result_int() == 503)
            co_return false;
        if (ec == websocket::error::upgrade_declined)
            throw error(errc::unavailable, "the service answered " + std::to_string(answer.result_int()));
        if (ec)
            throw boost::system::system_error(ec);
        co_await say({{"type", "subscribe"}, {"channel", options_->channel}, {"ref", "s"}});
        co_await be_subscribed();
        co_return true;
    }

    /// Until the connection ends.
    awaitable<void> count() {
        for (;;) {
            const auto text = co_await read();
            const auto sent = sent_at(text);
            if (!sent)
                continue;
            const auto now = std::chrono::steady_clock::now();
            count_->last_heard = now;
            ++count_->result.delivered;
            count_->result.latency.add(now.time_since_epoch() - std::chrono::nanoseconds(*sent));
        }
    }

    void cut() {
        boost::system::error_code ignored;
        if (socket_)
            beast::get_lowest_layer(*socket_).socket().close(ignored);
    }

private:
    awaitable<void> be_subscribed() {
        for (;;) {
            const auto said = json::parse(co_await read());
            if (!said || !said->is_object())
                continue;
            const auto* type = said->get_object().if_contains("type");
            if (type && *type == "subscribed")
                co_return;
            if (type && *type == "error")
                throw error(errc::unavailable, "the service lets nobody listen to '" + options_->channel +
                                                   "': " + json::to_text(*said) + "; --channel names another one");
        }
    }

    awaitable<void> say(json::object message) {
        const auto text = json::to_text(message);
        socket_->text(true);
        co_await socket_->async_write(asio::buffer(text), asio::use_awaitable);
    }

    awaitable<std::string_view> read() {
        buffer_.clear();
        co_await socket_->async_read(buffer_, asio::use_awaitable);
        co_return std::string_view(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    }

    executor ex_;
    std::optional<websocket::stream<beast::tcp_stream>> socket_;
    beast::flat_buffer buffer_;
    std::shared_ptr<const load_options> options_;
    std::shared_ptr<tally> count_;
};

/// All of them, who are cut when this goes.
struct crowd {
    crowd(executor ex, const load_options& o)
        : options(std::make_shared<const load_options>(o)), moved(std::move(ex), steady_time::max()) {}
    crowd(const crowd&) = delete;
    crowd& operator=(const crowd&) = delete;

    void cut() {
        for (const auto& each : all)
            each->cut();
    }

    std::shared_ptr<const load_options> options;
    std::shared_ptr<tally> count = std::make_shared<tally>();
    std::vector<std::shared_ptr<receiver>> all{};
    std::size_t begun = 0;
    std::size_t living = 0; // coroutines
    asio::steady_timer moved;
};

awaitable<void> wait_for_news(std::shared_ptr<crowd> of) {
    boost::system::error_code ec;
    co_await of->moved.async_wait(asio::redirect_error(asio::use_awaitable, ec));
}

awaitable<void> pause() {
    asio::steady_timer clock(co_await asio::this_coro::executor, std::chrono::milliseconds(250));
    co_await clock.async_wait(asio::use_awaitable);
}

// Asio's errors name the place in its sources where they were thrown.
std::string reason_of(const std::exception& e) {
    const auto* of_asio =
        dynamic_cast<const error*>(&e) ? nullptr : dynamic_cast<const boost::system::system_error*>(&e);
    return of_asio ? of_asio->code().message() : e.what();
}

awaitable<void> live(std::shared_ptr<crowd> of, std::shared_ptr<receiver> one,
                     asio::ip::tcp::resolver::results_type where) {
    bool in = false;
    try {
        while (!co_await one->come(where))
            co_await pause(); // too many handshakes at once, for now
        in = true;
        ++of->count->ready;
        of->moved.cancel();
        co_await one->count();
    } catch (const std::exception& e) {
        if (in)
            --of->count->ready;
        else if (of->count->refusal.empty())
            of->count->refusal = reason_of(e);
    }
    --of->living;
    of->moved.cancel();
}

awaitable<void> gather(std::shared_ptr<crowd> of) {
    const auto ex = co_await asio::this_coro::executor;
    asio::ip::tcp::resolver resolver(ex);
    const auto where = co_await resolver.async_resolve(of->options->host, of->options->port, asio::use_awaitable);
    while (of->count->ready < of->options->clients) {
        if (!of->count->refusal.empty())
            throw error(errc::unavailable, "client " + std::to_string(of->count->ready + 1) + " could not come in at " +
                                               of->options->host + ":" + of->options->port + ": " + of->count->refusal +
                                               "; is the service running there?");
        while (of->begun < of->options->clients && of->begun - of->count->ready < connecting_at_once) {
            ++of->begun;
            ++of->living;
            of->all.push_back(std::make_shared<receiver>(ex, of->options, of->count));
            asio::co_spawn(ex, live(of, of->all.back(), where), asio::detached);
        }
        co_await wait_for_news(of);
    }
}

awaitable<void> publish_all(std::shared_ptr<crowd> of) {
    const auto& o = *of->options;
    const auto total = static_cast<std::size_t>(std::max(1.0, o.rate * std::chrono::duration<double>(o.time).count()));
    const auto step = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(1 / o.rate));
    asio::steady_timer clock(co_await asio::this_coro::executor);
    const auto begin = std::chrono::steady_clock::now();
    const auto end = begin + o.time;
    of->count->first_sent = begin;
    for (std::size_t i = 0; i < total && std::chrono::steady_clock::now() < end; ++i) {
        clock.expires_at(begin + step * i);
        co_await clock.async_wait(asio::use_awaitable);
        json::object data{{"sent_ns", now_ns()}};
        data["pad"] = std::string(o.bytes, '.');
        of->count->result.expected += of->count->ready;
        co_await o.publish(std::move(data));
        ++of->count->result.published;
    }
}

awaitable<void> hear_the_last(std::shared_ptr<crowd> of) {
    asio::steady_timer clock(co_await asio::this_coro::executor);
    const auto& sum = of->count->result;
    for (const auto end = std::chrono::steady_clock::now() + time_for_the_last;
         sum.delivered < sum.expected && std::chrono::steady_clock::now() < end;) {
        clock.expires_after(std::chrono::milliseconds(10));
        co_await clock.async_wait(asio::use_awaitable);
    }
}

awaitable<void> part(std::shared_ptr<crowd> of) {
    of->cut();
    while (of->living > 0)
        co_await wait_for_news(of);
}

awaitable<void> perform(std::shared_ptr<crowd> of) {
    co_await with_deadline(gather(of), deadline::after(of->options->patience));
    co_await publish_all(of);
    co_await hear_the_last(of);
}

} // namespace

void latency_table::add(std::chrono::nanoseconds took) noexcept {
    const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 1));
    const auto power = static_cast<std::size_t>(std::bit_width(ns) - 1);
    const auto rest = power >= 4 ? (ns >> (power - 4)) & 15 : (ns << (4 - power)) & 15;
    ++buckets_[power * steps + rest];
    ++count_;
    longest_ = std::max(longest_, took);
}

double latency_table::upper_end(std::size_t bucket) noexcept {
    const auto part = static_cast<double>(bucket % steps + 1) / steps;
    return std::ldexp(1 + part, static_cast<int>(bucket / steps));
}

// The upper end of a bucket, though none took longer than the longest.
std::chrono::nanoseconds latency_table::within(double share) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size() && seen < count_; ++i) {
        seen += buckets_[i];
        if (seen >= wanted && seen > 0 && upper_end(i) < static_cast<double>(longest_.count()))
            return std::chrono::nanoseconds(static_cast<std::int64_t>(upper_end(i)));
    }
    return longest_;
}

awaitable<load_result> run_load(load_options options) {
    const auto of = std::make_shared<crowd>(co_await asio::this_coro::executor, options);
    std::exception_ptr failed;
    try {
        co_await perform(of);
    } catch (...) {
        failed = std::current_exception();
    }
    auto result = of->count->result;
    result.clients = of->count->ready;
    co_await asio::this_coro::reset_cancellation_state(); // whoever was interrupted still tidies up
    co_await part(of);
    if (failed)
        std::rethrow_exception(failed);
    result.took = result.delivered > 0 ? of->count->last_heard - of->count->first_sent : std::chrono::nanoseconds(0);
    co_return result;
}

std::optional<load_target> parse_load_target(std::string_view url) {
    std::string_view rest = url;
    for (const std::string_view scheme : {"ws://", "http://"})
        if (url.starts_with(scheme))
            rest = url.substr(scheme.size());
    if (rest == url)
        return std::nullopt;
    load_target made;
    const auto slash = std::min(rest.find('/'), rest.size());
    made.path = slash < rest.size() ? rest.substr(slash) : "/ws";
    if (made.path == "/")
        made.path = "/ws";
    const auto authority = rest.substr(0, slash);
    if (authority.find('@') != std::string_view::npos)
        return std::nullopt;
    const auto bracket = authority.find(']');
    const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    made.host = authority.substr(0, colon);
    made.port = colon == std::string_view::npos ? "80" : authority.substr(colon + 1);
    if (made.host.starts_with('[') && made.host.ends_with(']'))
        made.host = made.host.substr(1, made.host.size() - 2);
    if (made.host.empty() || made.port.empty())
        return std::nullopt;
    return made;
}

} // namespace infra::cli
