#include "lane.hpp"

#include "channel.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace infra::realtime::detail {
namespace {

std::optional<executor> executor_of(const std::shared_ptr<connection_group>& group) {
    return group ? std::optional(group->get_executor()) : std::nullopt;
}

constexpr auto everything = static_cast<std::size_t>(-1);

/// What an item adds to the queue of a client.
struct size_of {
    std::size_t operator()(const delivery& d) const noexcept { return d.what.size(); }
    std::size_t operator()(const to_clients& t) const noexcept { return t.what.size(); }
    template <class Other>
    std::size_t operator()(const Other&) const noexcept {
        return 0;
    }
};

/// In the seat of one who has thrown, until it is taken away.
connection& deaf_connection() {
    struct deaf : connection {
        void send(const frame&) override {}
        void close(close_code, std::string_view) override {}
    };
    static deaf one;
    return one;
}

/// Does what the items of one batch say. What a connection throws concerns that client alone.
class worker {
public:
    explicit worker(lane_report& into) noexcept : done_(into) {}

    void operator()(const delivery& d) {
        const auto* const except = d.except.get();
        for (auto& each : d.to->seats)
            if (!except || each.whose->who.get() != except) // looks at the client only if it must
                try {
                    each.to->send(d.what);
                } catch (...) {
                    fail(each.whose->who);
                    each.to = &deaf_connection();
                }
        done_.sent += d.to->seats.size();
    }

    void operator()(const announcement& a) {
        for (const auto& each : a.to->seats)
            if (std::ranges::find(a.except, each.whose->who) == a.except.end())
                send(each.whose->who, a.what);
    }

    void operator()(arrival& a) {
        a.who->seat = a.to->seats.size();
        a.to->seats.push_back({a.who->who->socket.get(), a.who});
        for (const auto& each : a.first)
            send(a.who->who, each);
    }

    void operator()(departure& d) {
        auto& seats = d.to->seats;
        const auto seat = d.who->seat;
        if (seat + 1 < seats.size()) {
            seats[seat] = std::move(seats.back());
            seats[seat].whose->seat = seat;
        }
        seats.pop_back();
    }

    void operator()(const lost_deliveries& lost) {
        done_.found_full += lost.what->count;
        for (const auto& [what, except] : lost.of->make_up_for(*lost.what, lost.to->seats.size()))
            for (const auto& each : lost.to->seats)
                if (except.empty() || each.whose->who->id != except)
                    send(each.whose->who, what);
    }

    void operator()(const to_clients& t) {
        for (const auto& each : t.to)
            send(each, t.what);
    }

    void operator()(farewell& f) noexcept {
        if (f.reason && !std::exchange(f.to->shut, true))
            try {
                f.to->socket->close(f.code, *f.reason);
            } catch (...) { // it is out of the hub already, and what its socket does no longer matters to anybody
            }
        f.to->shut = true;
        if (f.session)
            f.session->removed(f.code);
    }

private:
    void send(const std::shared_ptr<client>& to, const frame& what) {
        if (to->shut)
            return;
        try {
            to->socket->send(what);
            ++done_.sent;
        } catch (...) {
            fail(to);
        }
    }
    void fail(const std::shared_ptr<client>& whose) {
        if (!std::exchange(whose->shut, true))
            done_.failed.emplace_back(whose, std::current_exception());
    }

    lane_report& done_;
};

} // namespace

lane::lane(std::weak_ptr<lane_owner> owner, const std::shared_ptr<connection_group>& group, lane_bounds bounds)
    : owner_(std::move(owner)),
      group_(group),
      grouped_(group != nullptr),
      on_(executor_of(group)),
      gate_(on_ ? loop_gate::of(*on_) : nullptr),
      bounds_(bounds) {}

void lane::run_later(std::function<void()> what) const {
    gate_->pass([this, &what] { asio::post(*on_, std::move(what)); });
}

void lane::post(lane_item item) {
    const std::scoped_lock lock(mutex_);
    if (!gone_)
        inbox_.push_back(std::move(item));
}

bool lane::has_room(std::size_t bytes) const noexcept {
    return waiting_ < bounds_.items && (waiting_ == 0 || waiting_bytes_ + bytes <= bounds_.bytes);
}

template <class Item>
bool lane::offer(Item item) {
    const auto bytes = item.what.size();
    const std::scoped_lock lock(mutex_);
    if (gone_)
        return true;
    if (!has_room(bytes))
        return false;
    ++waiting_;
    waiting_bytes_ += bytes;
    inbox_.push_back(std::move(item));
    return true;
}
template bool lane::offer(delivery item);
template bool lane::offer(to_clients item);

// Whether it is for the caller to see to what lies there.
bool lane::claim() {
    const std::scoped_lock lock(mutex_);
    return !std::exchange(scheduled_, true);
}

void lane::wake() {
    if (!claim())
        return;
    if (grouped_)
        schedule();
    else
        combine();
}

// A loop that ends destroys the turns it has not come to. What lies in the inbox, and holds clients that hold the lane, must go with them.
struct lane::turn_to_come {
    explicit turn_to_come(std::shared_ptr<lane> l) noexcept : of(std::move(l)) {}
    ~turn_to_come() {
        if (of)
            of->abandon();
    }
    turn_to_come(const turn_to_come&) = delete;
    turn_to_come& operator=(const turn_to_come&) = delete;

    void begin() { std::exchange(of, nullptr)->turn(); }

    std::shared_ptr<lane> of;
};

void lane::schedule() {
    const auto next = std::make_shared<turn_to_come>(shared_from_this());
    gate_->pass([&] { asio::post(*on_, [next] { next->begin(); }); });
}

void lane::abandon() noexcept {
    std::vector<lane_item> left, begun;
    const std::scoped_lock lock(mutex_);
    gone_ = true;
    left.swap(inbox_);
    begun.swap(batch_);
}

void lane::turn() {
    take();
    work(bounds_.slice_bytes);
    if (const auto group = group_.lock())
        group->flush();
    if (rest())
        schedule();
}

void lane::combine() {
    do {
        take();
        work(everything);
    } while (rest());
}

// Whether there is more to do; if not, the next one to post something claims it.
bool lane::rest() {
    const std::scoped_lock lock(mutex_);
    return scheduled_ = next_ < batch_.size() || !inbox_.empty();
}

void lane::drain_here() {
    if (grouped_ && !working_ && next_ == batch_.size()) {
        take();
        work(bounds_.slice_bytes);
    }
    wake();
}

// What lies in the inbox, if all of the last batch has been done.
void lane::take() {
    if (next_ < batch_.size())
        return;
    const std::scoped_lock lock(mutex_);
    batch_.swap(inbox_);
    next_ = 0;
    batch_waiting_ = waiting_;
    batch_bytes_ = waiting_bytes_;
}

void lane::work(std::size_t max_bytes) noexcept {
    lane_report done;
    worker does(done);
    working_ = true;
    for (std::size_t bytes = 0; next_ < batch_.size() && bytes < max_bytes; ++next_) {
        bytes += std::visit(size_of(), batch_[next_]);
        std::visit(does, batch_[next_]);
    }
    working_ = false;
    if (next_ == batch_.size())
        finish_batch();
    report(done);
}

void lane::finish_batch() noexcept {
    constexpr std::size_t kept = 1'024; // items: a burst does not keep its memory
    batch_.clear();
    next_ = 0;
    if (batch_.capacity() > kept)
        batch_ = {};
    const std::scoped_lock lock(mutex_);
    waiting_ -= std::exchange(batch_waiting_, 0);
    waiting_bytes_ -= std::exchange(batch_bytes_, 0);
}

void lane::report(lane_report& done) noexcept {
    const auto owner = owner_.lock();
    if (!owner)
        return;
    if (done.sent > 0)
        owner->delivered(done.sent);
    if (done.found_full > 0)
        owner->found_full(done.found_full);
    for (auto& [whose, why] : done.failed)
        owner->send_failed(whose, std::move(why));
}

} // namespace infra::realtime::detail
