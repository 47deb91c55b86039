#pragma once

#include "client.hpp"
#include "history_ring.hpp"
#include "lane.hpp"

#include <infra/realtime/hub.hpp>

#include <boost/container/small_vector.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace infra::realtime::detail {

/// What a subscriber is told first, made under the channel's lock: where the channel is, and whether what was missed follows (empty: it
/// did not ask).
using subscribe_answer =
    std::function<frame(const position& now, std::optional<bool> recovered, const channel_facts& about)>;

/// A message before it has its place in the channel.
struct outgoing {
    std::string text{};        ///< without an offset,
    std::size_t offset_at = 0; ///< which goes in here
    std::string key{};
    std::shared_ptr<const client> except{};
    std::string except_id{};
    std::optional<std::chrono::milliseconds> ttl{};
    std::chrono::milliseconds age{};
    bool is_gap = false; ///< of the broker's history: stands for more than one, and is not dropped
};
outgoing make_outgoing(const message& m);

/// Lanes to wake once no lock is held.
using lanes_to_wake = boost::container::small_vector<std::shared_ptr<lane>, 4>;
void wake(const lanes_to_wake& lanes);

/// What a subscription found.
struct attached {
    position now{};
    std::optional<bool> recovered{};
    std::size_t missed = 0; ///< messages handed out
};

/// What is remembered of a channel, as it was sent.
struct remembered {
    struct entry {
        frame what{};
        std::string except{};
    };
    bool complete = false;
    std::vector<entry> messages{};
    position now{};
};
missed as_messages(const remembered& r);

/// One channel: who hears it, in the order they came, and what it remembers. Offsets are given, the history is written and lanes are told
/// under one lock, so that everybody sees one order; under it nobody else's code is called.
///
/// Threads:  any. A dead one, which has been forgotten by its hub, does nothing: ask the hub for another.
class channel : public std::enable_shared_from_this<channel> {
public:
    channel(channel_facts facts, std::uint64_t number, steady_time now);

    /// Empty when it is dead. `at` is the broker's word, offset 0 for what is not kept; without it the channel counts.
    std::optional<publication> publish(const outgoing& what, steady_time now, lanes_to_wake& wake,
                                       const std::optional<position>& at = {});

    /// Empty when it is dead. In the lane's order: `answer`, what was missed since `since`, what comes.
    std::optional<attached> attach(const std::shared_ptr<subscription>& who, const std::optional<position>& since,
                                   const subscribe_answer& answer, std::size_t max_recovered, steady_time now);
    void detach(const std::shared_ptr<subscription>& who, steady_time now);
    /// For one that is subscribed already, and so has missed nothing.
    attached answer(const std::shared_ptr<client>& who, const std::optional<position>& since,
                    const subscribe_answer& answer);
    /// What is no message of the channel's, to all who hear it.
    void tell(const frame& what, const std::vector<std::shared_ptr<client>>& except, lanes_to_wake& wake);

    /// What was said since `from`, all or nothing, or the newest `limit`. Without a broker.
    remembered read(const std::optional<position>& from, std::size_t limit, steady_time now);
    /// The same with a broker, where it would say nothing else: what it has besides has not been heard here yet.
    std::optional<remembered> read_for_broker(const std::optional<position>& from, std::size_t limit, steady_time now);
    /// The broker has put a message of this node there, and its sender is about to be told.
    void confirmed(const position& at);

    /// Frames that stand for messages which found no room: they themselves if the history has them, otherwise a gap.
    std::vector<std::pair<frame, std::string>> make_up_for(const loss& what, std::size_t listeners);
    /// Tells all that `dropped` messages cannot be had; what comes next comes behind `now`. Forgets what it remembers.
    void gap(std::uint64_t dropped, const position& now, lanes_to_wake& wake);
    /// What comes now is heard here alone: whoever comes back has missed it, until the broker says where it stands.
    void say_alone();
    /// There it stands. Who has come since the channel was made anew, or forgotten, may not have heard it.
    void own_gap(std::uint64_t said_here, const position& at, lanes_to_wake& wake);
    /// What the broker remembers, put before what was heard since.
    void remember(const missed& from_broker, steady_time now, lanes_to_wake& wake);
    bool knows_its_place() const;
    /// What is not heard any longer is not known any longer.
    void forget();

    std::vector<client_id> subscribers() const;
    channel_info info(steady_time now);
    std::shared_ptr<const channel_facts> facts() const;
    const std::string& name() const noexcept { return name_; }
    std::uint64_t number() const noexcept { return number_; }

    /// Forgets what is too old; true once it is dead, since nobody hears it and nothing is to be remembered.
    bool expire(steady_time now);
    std::size_t size() const;
    /// Since when nobody has heard it or said anything; empty while somebody does.
    std::optional<steady_time> idle_since() const;
    /// Gives up what it remembers, to make room; true once it is dead. Not if it was used since.
    bool end_if_idle_since(steady_time then);

private:
    struct part {
        std::shared_ptr<lane> on{};
        std::shared_ptr<audience> who{};
        std::size_t size = 0;
        std::shared_ptr<loss> losing{}; ///< told of, and nothing has gone in since
    };

    part& part_of(const std::shared_ptr<lane>& on);
    frame encode(const outgoing& what, std::uint64_t offset) const;
    void deliver(const frame& what, const std::shared_ptr<const client>& except, lanes_to_wake& wake);
    void lose(part& on, const frame& what);
    void tell_all(const frame& what, const std::vector<std::shared_ptr<client>>& except, lanes_to_wake& wake);
    void tell_gap(std::uint64_t dropped, const position& now, lanes_to_wake& wake);
    bool is_behind(const position& at) const;
    bool has_heard(const position& at) const noexcept;
    void step_to(const position& at, lanes_to_wake& wake);
    void move_to(const position& at);
    void set_epoch(const std::string& epoch);
    attached recover(const std::optional<position>& since, std::string_view whose, std::size_t max_recovered,
                     steady_time now, std::vector<frame>& into) const;
    bool knows(const position& since) const noexcept;
    bool knows_as_much(const std::optional<position>& from, std::size_t limit) const noexcept;
    remembered read_now(const std::optional<position>& from, std::size_t limit, steady_time now);
    position place() const;
    frame gap_frame(json::object data) const;

    const std::string name_;
    const std::uint64_t number_;
    mutable std::mutex mutex_;
    // All guarded by mutex_.
    std::shared_ptr<const channel_facts> facts_;
    std::unique_ptr<history_ring> history_; // null where none is kept
    std::uint64_t last_ = 0;                // offset
    std::uint64_t published_ = 0;
    subscription* first_ = nullptr;
    subscription* newest_ = nullptr;
    std::size_t size_ = 0;
    std::vector<part> parts_;
    steady_time used_at_;
    bool is_warm_;          // where it is, and what it remembers, has no hole; what was heard alone does not say so
    bool is_whole_ = false; // what is remembered reaches as far back as what the broker remembers
    bool is_lost_ =
        false; // who is here came without the broker's word on where that is, and is told of a gap once it is known
    std::uint64_t said_alone_ = 0; // and not yet in the broker's history
    position confirmed_{};         // the furthest
    bool dead_ = false;
};

} // namespace infra::realtime::detail
