#include "loop_group.hpp"

#include "peer.hpp"

#include <infra/base/context_executor.hpp>
#include <infra/base/id.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>

#include <algorithm>
#include <mutex>

namespace infra::realtime::websocket {
namespace {

constexpr std::size_t input_bytes = 64 * 1024;

executor without_context(const executor& ex) {
    using plain = asio::io_context::executor_type;
    const auto* carrying = ex.target<context_executor<plain>>();
    return carrying ? executor(carrying->inner()) : ex;
}

std::chrono::nanoseconds tick_for(const websocket_options& o) {
    using namespace std::chrono_literals;
    return std::clamp(std::min({o.ping, o.pong, o.close}) / 4, 10ms, 1000ms);
}

// A context shuts its services down before its reactor, which no socket may outlive; a hub may hold connections for longer.
struct sockets_of_context final : asio::execution_context::service {
    explicit sockets_of_context(asio::execution_context& of) : service(of) {}
    void shutdown() noexcept override {
        const std::scoped_lock lock(mutex);
        for (const auto& each : groups)
            if (const auto group = each.lock())
                group->abandon();
    }
    void add(const std::shared_ptr<loop_group>& group) {
        const std::scoped_lock lock(mutex);
        std::erase_if(groups, [](const auto& each) { return each.expired(); });
        groups.push_back(group);
    }

    static asio::execution_context::id id;
    std::mutex mutex;
    std::vector<std::weak_ptr<loop_group>> groups; // guarded by mutex
};

asio::execution_context::id sockets_of_context::id;

template <class Tag>
using peer_list = boost::intrusive::list<peer, boost::intrusive::base_hook<list_hook<Tag>>,
                                         boost::intrusive::constant_time_size<false>>;

} // namespace

struct loop_group::lists {
    peer_list<in_group> all;
    peer_list<in_flush> to_flush;
};

std::shared_ptr<loop_group> loop_group::make(const executor& on, std::shared_ptr<server_terms> terms) {
    auto made = std::make_shared<loop_group>(on, std::move(terms));
    asio::use_service<sockets_of_context>(asio::query(on, asio::execution::context)).add(made);
    return made;
}

loop_group::loop_group(const executor& on, std::shared_ptr<server_terms> terms)
    : executor_(on),
      io_executor_(without_context(on)),
      gate_(loop_gate::of(on)),
      terms_(std::move(terms)),
      input_(input_bytes),
      lists_(std::make_unique<lists>()),
      wheel_(tick_for(terms_->options), terms_->time->steady()) {}

loop_group::~loop_group() = default;

// --- Connections -----------------------------------------------------------------------------------------------------

void loop_group::add(peer& p) {
    lists_->all.push_back(p);
    ++terms_->connections;
    start_keeping_time();
}

// The last one ends the time-keeping, so that nothing waits on the clock any more.
void loop_group::remove(peer& p) noexcept {
    p.list_hook<in_group>::unlink();
    if (lists_->all.empty() && keeping_time_)
        stop_keeping_time_.emit(asio::cancellation_type::terminal);
    if (--terms_->connections == 0 && terms_->emptied)
        terms_->emptied();
}

std::vector<std::shared_ptr<peer>> loop_group::all() {
    std::vector<std::shared_ptr<peer>> found;
    for (auto& each : lists_->all)
        found.push_back(each.shared_from_this());
    return found;
}

void loop_group::abandon() noexcept {
    for (const auto& each : all()) {
        each->abandon();
        --terms_->connections;
    }
}

// --- Writing ---------------------------------------------------------------------------------------------------------

void loop_group::flush_later(peer& p) noexcept {
    if (!p.list_hook<in_flush>::is_linked())
        lists_->to_flush.push_back(p);
}

void loop_group::flush_soon(peer& p) {
    flush_later(p);
    if (!std::exchange(flush_posted_, true))
        asio::post(io_executor_, [self = shared_from_this()] {
            self->flush_posted_ = false;
            self->flush();
        });
}

void loop_group::flush() noexcept {
    while (!lists_->to_flush.empty()) {
        const auto each = lists_->to_flush.front().shared_from_this();
        lists_->to_flush.pop_front();
        if (!lists_->to_flush.empty())
            __builtin_prefetch(&lists_->to_flush.front()); // each write has taken the place of others in the caches
        each->flush();
    }
}

// --- Time ------------------------------------------------------------------------------------------------------------

std::chrono::nanoseconds loop_group::spread(std::chrono::nanoseconds whole) noexcept {
    turn_ = (turn_ + 157) % 256;
    return whole - whole / 4 * turn_ / 256;
}

void loop_group::start_keeping_time() {
    if (std::exchange(timer_spawned_, true))
        return;
    asio::co_spawn(
        io_executor_, keep_time(shared_from_this()),
        asio::bind_cancellation_slot(stop_keeping_time_.slot(), [self = shared_from_this()](std::exception_ptr) {
            self->timer_spawned_ = self->keeping_time_ = false;
            if (!self->lists_->all.empty())
                self->start_keeping_time();
        }));
}

// `keeping_time_` once it runs: a coroutine that is cancelled before its beginning throws out of the loop.
awaitable<void> loop_group::keep_time(std::shared_ptr<loop_group> self) {
    self->keeping_time_ = true;
    while (!self->lists_->all.empty()) {
        co_await self->terms_->time->sleep_for(self->wheel_.tick());
        self->wheel_.advance(self->now(), [](timed& t) { static_cast<peer&>(t).shared_from_this()->on_time(); });
        self->flush();
    }
    self->keeping_time_ = false;
}

// --- From other threads ----------------------------------------------------------------------------------------------

void loop_group::post_cut() {
    gate_->pass([this] {
        asio::post(io_executor_, [self = shared_from_this()] {
            for (const auto& each : self->all())
                each->cut();
        });
    });
}

void loop_group::post_goodbyes(std::size_t share, std::chrono::milliseconds within) {
    gate_->pass([this, share, within] {
        asio::post(io_executor_, [self = shared_from_this(), share, within] { self->say_goodbyes(share, within); });
    });
}

void loop_group::say_goodbyes(std::size_t share, std::chrono::milliseconds within) {
    auto untold = all();
    std::erase_if(untold, [](const auto& each) { return each->was_told(); });
    untold.resize((untold.size() + share - 1) / share);
    for (const auto& each : untold)
        each->say_goodbye(
            std::chrono::milliseconds(static_cast<std::int64_t>(random_01() * static_cast<double>(within.count()))));
    flush();
}

} // namespace infra::realtime::websocket
