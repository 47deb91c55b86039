#pragma once

// The connection that listens.

#include "ear.hpp"
#include "lane.hpp"
#include "shard_listeners.hpp"
#include "subscriptions.hpp"

#include <infra/runtime/mailbox.hpp>

#include <map>
#include <memory>

namespace infra::redis::detail {

class subscriber;

/// What a subscription is a handle of.
class subscription_state {
public:
    subscription_state(const executor& reader, const subscribe_request& wanted, std::uint64_t id,
                       std::weak_ptr<lane> home, std::weak_ptr<subscriber> at)
        : box(reader, {.max_items = wanted.max_unread}),
          id(id),
          home_(std::move(home)),
          at_(std::move(at)),
          max_bytes_(wanted.max_unread_bytes) {}
    ~subscription_state(); ///< on any thread: the end of the subscription
    subscription_state(const subscription_state&) = delete;
    subscription_state& operator=(const subscription_state&) = delete;

    void deliver(message m);
    awaitable<std::vector<message>> receive();
    static awaitable<void> add(std::shared_ptr<subscription_state> self, subscribe_request more,
                               std::optional<deadline> limit);
    void remove(subscribe_request less) const;

    const mailbox<message> box;
    const std::uint64_t id;
    std::atomic<std::uint64_t> missed{0};

private:
    const std::weak_ptr<lane> home_;
    const std::weak_ptr<subscriber> at_;
    const std::size_t max_bytes_;
    std::atomic<std::size_t> bytes_{0}; // unread
};

/// All on its lane's executor but for the constructor. There is a connection while somebody listens.
class subscriber : public std::enable_shared_from_this<subscriber> {
public:
    subscriber(const std::shared_ptr<lane>& on, std::shared_ptr<common> shared)
        : executor_(on->get_executor()),
          lane_(on),
          common_(std::move(shared)),
          shards_(common_->cluster ? std::make_shared<shard_listeners>(executor_, common_) : nullptr) {}

    /// Returns once the server has confirmed everything.
    static awaitable<std::shared_ptr<subscription_state>>
    subscribe(std::shared_ptr<subscriber> self, subscribe_request request, executor reader, deadline limit);
    static awaitable<bool> add(std::shared_ptr<subscriber> self, std::shared_ptr<subscription_state> to,
                               subscribe_request more, deadline limit);
    void remove(std::uint64_t from, const subscribe_request& less);
    void unsubscribe(std::uint64_t id);
    void close();

    std::chrono::milliseconds default_deadline() const { return common_->settings().default_deadline; }
    clock& time() const { return common_->time(); }

    /// Whom it listens to just now; null when nobody is there.
    const address* peer() const noexcept { return ear_ ? ear_->line().peer() : nullptr; }

    /// The server that matters is there now: a connection to any other is given up.
    void leave_unless_at(const address& there) {
        if (ear_)
            ear_->line().leave_unless_at(there);
    }

    /// Of the cluster: slots may have moved, nodes have gone.
    void map_changed();

private:
    struct sorted {
        std::vector<interest> here, there; // there: shard channels of a cluster
    };
    sorted sort(const subscribe_request& request) const;
    awaitable<void> listen(std::shared_ptr<subscription_state> who, sorted to, deadline limit);
    void forget(const std::vector<interest>& unheard);
    awaitable<void> say(std::vector<command> commands, deadline limit);
    awaitable<void> say_all_again();
    const std::shared_ptr<ear>& ear_of_all();
    void heard(const interest& through, const message& m);
    void taken_off(const interest& what);

    const executor executor_;
    const std::weak_ptr<lane> lane_;
    const std::shared_ptr<common> common_;
    const std::shared_ptr<shard_listeners> shards_; // null without a cluster
    std::shared_ptr<ear> ear_;
    subscriptions all_;
    std::map<std::uint64_t, std::weak_ptr<subscription_state>> listeners_;
    std::uint64_t next_id_ = 1;
    bool closed_ = false;
};

} // namespace infra::redis::detail
