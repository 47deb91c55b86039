#pragma once

#include "../handler_table.hpp"
#include "../hub/client.hpp"
#include "budget.hpp"
#include "ending.hpp"

#include <infra/realtime/session.hpp>

#include <cstddef>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime::detail {

class hub_state;
class question;
struct history_answer;

/// What is left of an action that has to wait for something; empty where it is done.
using rest = std::optional<awaitable<void>>;

/// The state of a session, and its client. There are many who do nothing: what is needed only at times is behind a pointer.
///
/// An action answers at once where it can. Where it cannot, it gives a coroutine for the rest, which is then the client's turn: what comes
/// meanwhile waits as text, which is smaller than JSON that was read.
///
/// Threads: the client's loop.
class conversation final : public client_watcher, public std::enable_shared_from_this<conversation> {
public:
    using hub_pointer = std::shared_ptr<hub_state>; ///< strong for the length of an action, so that a hub can end

    static const hub_pointer& behind(const hub& at) noexcept { return at.state_; }

    conversation(const hub_pointer& at, std::shared_ptr<connection> to, handshake from, session_options options);

    /// False, and the connection closed, when the hub does not let it in.
    bool begin(const hub_pointer& at, identity brought, std::chrono::milliseconds ping);
    bool receive(std::string_view text);
    void ended(close_code code);
    const client_id& id() const noexcept { return me_.id; }

    void removed(close_code code) noexcept override;
    void time_is_up(const ending& which);

    session face{*this};

private:
    using self_pointer = std::shared_ptr<conversation>;
    using action_function = rest (conversation::*)(const hub_pointer&, client_message);

    // --- conversation.cpp: turns

    struct waiting_texts {
        std::vector<std::string> texts{};
        std::size_t bytes = 0;
        bool is_full = false; ///< receive() has said so
    };
    bool is_open() const noexcept { return !gone_ && !shut_; }
    bool is_within_rate(hub_state& at);
    bool wait(hub_state& at, std::string_view text);
    bool has_room() const noexcept { return !waiting_ || !waiting_->is_full; }
    void go_on(const hub_pointer& at, rest with); ///< who calls it has the turn
    rest next(const hub_pointer& at);
    std::optional<std::string> take_waiting(const hub_state& at);
    static awaitable<void> work(self_pointer self, hub_pointer at, awaitable<void> first);
    void leave(const hub_pointer& at, close_code code);

    rest handle(const hub_pointer& at, std::string_view text);
    rest handle(const hub_pointer& at, client_message said);
    static awaitable<void> with_errors(self_pointer self, hub_pointer at, awaitable<void> act, std::string channel,
                                       std::string ref);

    // --- actions.cpp: what clients may say

    static action_function action_for(std::string_view type) noexcept;
    bool hear_at_once(hub_state& at, client_message& said);
    rest subscribe(const hub_pointer& at, client_message said);
    rest unsubscribe(const hub_pointer& at, client_message said);
    rest publish(const hub_pointer& at, client_message said);
    rest presence(const hub_pointer& at, client_message said);
    rest history(const hub_pointer& at, client_message said);
    rest attach(const hub_pointer& at, client_message said);
    static awaitable<void> attach_once_warm(self_pointer self, hub_pointer at, client_message said);
    void attach_now(const hub_pointer& at, client_message said);
    rest publish_now(const hub_pointer& at, client_message said);
    static awaitable<void> publish_confirmed(self_pointer self, hub_pointer at, client_message said);
    rest read_presence(const hub_pointer& at, client_message said);
    static awaitable<void> read_presence_later(self_pointer self, hub_pointer at, client_message said);
    rest read_history(const hub_pointer& at, client_message said);
    static awaitable<void> read_history_later(self_pointer self, hub_pointer at, client_message said);
    void say_history(hub_state& at, const client_message& said, history_answer told);
    bool may_have(hub_state& at, const std::string& channel) const;

    // --- application.cpp: what goes to the application's handlers

    rest apply(const hub_pointer& at, client_message said);
    static awaitable<void> apply_later(self_pointer self, hub_pointer at,
                                       std::shared_ptr<const handler_table::lists> lists, client_message said);
    rest ask_handlers(const hub_pointer& at, client_message said); ///< whether it may subscribe
    static awaitable<void> decide_after(self_pointer self, hub_pointer at, std::shared_ptr<question> asked,
                                        awaitable<void> others, client_message said);
    rest decide(const hub_pointer& at, question& asked, client_message said);
    patience patience_in(hub_state& at) const;

    // --- permission.cpp: who this is and what it may do, until when

    bool is_opened_by_token(hub_state& at, const client_message& said) const;
    /// A name is open no longer than what opened it: then the channel is taken away.
    rest attach_by_token(const hub_pointer& at, client_message said);
    rest attach_by_permission(const hub_pointer& at, client_message said);
    void close_name_at(hub_state& at, steady_time when, const std::string& channel);
    void forget_name(hub_state& at, const std::string& channel) noexcept;
    void name_is_over(const hub_pointer& at, const ending& which);
    /// `then`, if hub_options::authorize allows `what`.
    rest ask(const hub_pointer& at, action what, client_message said, action_function then);
    static awaitable<void> ask_later(self_pointer self, hub_pointer at, access_request asked, client_message said,
                                     action_function then);
    rest authenticate(const hub_pointer& at, client_message said);
    static awaitable<void> authenticate_later(self_pointer self, hub_pointer at, client_message said);
    /// False where it may not be that.
    bool take_identity(const hub_pointer& at, identity is, const std::string& ref);
    static awaitable<void> subscribe_to(self_pointer self, hub_pointer at, std::vector<std::string> channels);
    static awaitable<void> settle_in(self_pointer self, hub_pointer at, std::vector<std::string> channels);
    void end_at(hub_state& at, ending::kind what, steady_time when);
    void forget_ending(hub_state& at) noexcept;

    // --- answers

    void say(hub_state& at, frame what);
    void answer(hub_state& at, const message& m, std::string_view ref);
    void refuse(hub_state& at, std::string_view code, std::string_view sentence, const client_message& said);
    void explain(hub_state& at, std::exception_ptr why, const std::string& channel, const std::string& ref);
    void shut(hub_state& at, close_code code, std::string_view why);
    std::shared_ptr<client> me() { return {shared_from_this(), &me_}; }

    const std::weak_ptr<hub_state> hub_;
    client me_; // one allocation with this, which it holds while it is registered
    const std::function<void()> read_on_;
    std::unique_ptr<waiting_texts> waiting_;
    std::shared_ptr<ending> ending_;
    std::unique_ptr<std::map<std::string, std::shared_ptr<ending>>> names_; // opened by tokens that end
    budget budget_;
    close_code left_with_ = close_code::normal;
    std::uint8_t bad_in_a_row_ = 0;
    const bool answers_;
    bool proved_ = true;
    bool busy_ = false; // somebody has the turn
    bool shut_ = false; // by this: nothing more is heard
    bool gone_ = false;
};

} // namespace infra::realtime::detail
