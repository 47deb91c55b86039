#pragma once

#include "broker_side.hpp"
#include "channels.hpp"
#include "client.hpp"
#include "disconnects.hpp"
#include "instruments.hpp"
#include "lane.hpp"
#include "life.hpp"
#include "recent_keys.hpp"
#include "registry.hpp"

#include "../expiries.hpp"
#include "../handler_table.hpp"
#include "../request_table.hpp"
#include "../session/budget.hpp"

#include <infra/realtime/hub.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace infra::realtime::detail {

/// Hears who comes to a channel and goes. Called under no lock.
class membership_watcher {
public:
    virtual ~membership_watcher() = default;
    virtual void attached(const channel_facts& to, const client& who, const json::value& info) = 0;
    virtual void detached(const channel_facts& from, const client& who) = 0;
    virtual void joined(const std::string& channel, member who) = 0; ///< as the broker says it
    virtual void left(const std::string& channel, member who) = 0;
    virtual void tick() noexcept = 0; ///< about once a second while the hub runs
};

/// The same; std::invalid_argument naming what is not possible.
hub_options checked(hub_options given);

/// What copies of a hub share. Sessions call what stands here with a client of their own.
///
/// Threads:  any, under none of one's own locks: without a group, clients are written to before a call returns. `here`: the caller is on
///           the client's loop, and what the call says to the client has been said, in order, when it returns.
/// Lifetime: whoever may outlive the hub holds it weakly: its end closes its clients.
class hub_state final : public lane_owner, public std::enable_shared_from_this<hub_state> {
public:
    explicit hub_state(hub_options o, lane_bounds bounds = {});
    ~hub_state() override;

    const hub_options options;

    clock& time() const noexcept { return *time_; }
    executor work_executor(); ///< hub_options::on, or the default runtime's
    executor executor_of(const client& who);
    /// On its loop, some time later; not at all where that ends before. From any thread.
    void run_on_loop_of(const client& who, std::function<void()> what);

    // --- clients

    /// What keeps it out, or nothing. A client that has its id is replaced.
    std::optional<close_code> admit(const std::shared_ptr<client>& who);
    /// Takes it out of the hub. close() closes its connection too, once what was sent before has been. False if it was out already.
    bool remove(const std::shared_ptr<client>& who, close_code code);
    bool close(const std::shared_ptr<client>& who, close_code code, std::string_view reason);
    void send(const std::shared_ptr<client>& to, frame what, bool here = false);
    void broadcast(frame what);

    std::shared_ptr<const identity> identity_of(const client& who) const;
    /// False when the user has as many connections as one may have.
    bool set_identity(const std::shared_ptr<client>& who, identity is);
    std::size_t channel_count(const client& who) const;
    bool is_subscribed(const client& who, std::string_view name) const;
    client_info info_of(const client& who) const;

    /// Until end_ask(), a handler that subscribes the client to this channel only says yes: true then. `name` lives so long.
    void begin_ask(client& who, const std::string& name);
    bool end_ask(client& who);

    // --- channels

    /// Empty if the client is no longer there. Twice is once; `answer` is said in any case.
    std::optional<attached> attach(const std::shared_ptr<client>& who, std::string_view name,
                                   const std::optional<position>& since = {}, const subscribe_answer& answer = {},
                                   const json::value& info = {}, bool here = false);
    /// False if it was not subscribed. `answer`, if there is one, comes behind the last message.
    bool detach(const std::shared_ptr<client>& who, std::string_view name, frame answer = {}, bool here = false);
    /// The same by the server's own will.
    std::optional<attached> bring_in(const std::shared_ptr<client>& who, std::string_view name);
    bool take_away(const std::shared_ptr<client>& who, std::string_view name);
    std::size_t take_all_away(const std::shared_ptr<client>& who);

    /// A message of the hub's own to who is subscribed here: joins and leaves. It has no offset and is not kept.
    void tell(std::string_view name, const message& what, const std::vector<std::shared_ptr<client>>& except = {});

    publication publish(std::string_view name, message sent, const publish_options& how);
    static awaitable<publication> publish_confirmed(std::shared_ptr<hub_state> in, std::string name, message sent,
                                                    publish_options how);
    static awaitable<missed> history(std::shared_ptr<hub_state> of, std::string name, std::optional<position> from,
                                     std::size_t limit);
    /// The same, as it was sent. Without a broker.
    remembered remembered_of(std::string_view name, const std::optional<position>& from, std::size_t limit) const;
    /// For `who`, who hears what comes: out of memory wherever the broker would say the same. Empty: it has to be asked.
    std::optional<remembered> remembered_for(const client& who, std::string_view name,
                                             const std::optional<position>& from, std::size_t limit) const;
    void check(std::string_view name, const message& sent, const publish_options& how) const;

    // --- what the broker says

    void heard(const std::string& name, envelope e);
    void heard_gap(const std::string& name, std::uint64_t dropped, const position& now);
    void heard_own_gap(const std::string& name, std::uint64_t said_here, const position& at);
    void remember(const std::string& name, const missed& found);
    void heard_disconnection(const disconnection& what);
    std::size_t close_user(std::string_view user, close_code code);
    void close_elsewhere(std::string_view user, close_code code); ///< some time later

    // --- life

    static awaitable<void> run(std::weak_ptr<hub_state> of, std::shared_ptr<life> living);
    static awaitable<void> stop(std::shared_ptr<hub_state> hub, deadline limit);
    void do_chores(std::size_t turn); ///< each second
    void close_all(close_code code);

    // --- what lanes say

    void send_failed(const std::shared_ptr<client>& whose, std::exception_ptr why) noexcept override;
    void delivered(std::size_t frames) noexcept override;
    void found_full(std::uint64_t messages) noexcept override;

    handler_table handlers;
    request_table requests;
    expiries ends; ///< of tokens
    user_budgets budgets;
    registry clients;
    disconnects disconnected; ///< users
    channels rooms;
    instruments counts;
    std::shared_ptr<membership_watcher> members{}; ///< set before the first client comes
    std::unique_ptr<broker_side> others{};         ///< null without a broker
    const std::shared_ptr<life> living = std::make_shared<life>();

private:
    std::shared_ptr<lane> lane_of(const std::shared_ptr<connection_group>& group);
    bool take_out(const std::shared_ptr<client>& who, close_code code, std::optional<std::string> reason);
    void left(const channel& from, const client& who);
    void tell_connected(const client& who);
    void tell_disconnected(const client& who, close_code code);
    publication hand_out(std::string_view name, const message& sent, const publish_options& how);
    outgoing prepare(const message& sent, const publish_options& how) const;
    publication place(std::string_view name, const message& sent, const publish_options& how,
                      const std::optional<position>& at, std::chrono::milliseconds age = {});
    std::size_t subscribers_of(std::string_view name) const;
    steady_time now() const noexcept { return time_->steady(); }

    clock* const time_;
    recent_keys keys_;
    recent_keys obeyed_; ///< ids of disconnections
    const lane_bounds bounds_;
    std::mutex mutex_;
    std::unordered_map<const connection_group*, std::weak_ptr<lane>> lanes_; // guarded by mutex_
    std::shared_ptr<lane> ungrouped_;                                        // guarded by mutex_
    std::optional<executor> on_;                                             // guarded by mutex_
    std::shared_ptr<loop_gate> gate_;                                        // guarded by mutex_: that of on_
};

} // namespace infra::realtime::detail
