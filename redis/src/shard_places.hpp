#pragma once

// At which node of a cluster each shard channel is heard, while slots move and connections are lost. No I/O.
//
//     question asked{places, node, what};            // then SSUBSCRIBE is sent there
//     if (places.confirm(asked, each) == …)          // the node's answer, which is read later than it came
//     places.took_off(node, each);                   // the node's own word: the slot is another's now
//     for (auto& [node, what] : places.to_ask(map))  // what is missed, or heard elsewhere than the map says

#include "slot_map.hpp"
#include "subscriptions.hpp"

#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace infra::redis::detail {

class shard_places {
public:
    using by_node = std::unordered_map<address, std::vector<interest>, address_hash>;

    /// What a node is being asked for. Ends before the places do.
    class question {
    public:
        question(shard_places& of, address node, std::vector<interest> what);
        ~question();
        question(const question&) = delete;
        question& operator=(const question&) = delete;

        const std::vector<interest>& what() const noexcept { return what_; }

    private:
        friend class shard_places;

        shard_places& of_;
        const address node_;
        const std::vector<interest> what_;
        std::set<interest> taken_off_{};
    };

    enum class effect : std::uint8_t {
        none,    ///< it is not heard there: the node has taken it off since
        heard,   ///< for the first time
        resumed, ///< messages may have been missed
    };
    effect confirm(const question& q, const interest& what);

    /// By the node, unasked. Where it is heard elsewhere by now nothing is missed.
    void took_off(const address& node, const interest& what);

    /// Another has taken the place of the connection to it, and knows of nothing.
    void lost_connection(const address& node);

    /// Nobody wants it any more. The node to be told.
    std::optional<address> forget(const interest& what);

    bool is_heard(const interest& what) const { return heard_.contains(what); }

    /// What is not heard of these, by its owner. What nobody has the slot of waits.
    by_node unheard(const std::vector<interest>& among, const slot_map& map) const;

    /// What was heard and is not, and what is heard elsewhere than at its owner, who may have sent the map's teller away:
    /// until he confirms it stays where it is.
    by_node to_ask(const slot_map& map) const;

    /// Nothing is missed, and all is heard where it should be.
    bool is_settled(const slot_map& map) const;

    /// Something is heard there, or asked for.
    bool is_in_use(const address& node) const;

private:
    bool is_misplaced(const interest& what, const address& at, const slot_map& map) const;

    std::map<interest, address> heard_;
    std::set<interest> missed_; // heard once, and not now
    std::set<question*> open_;
};

} // namespace infra::redis::detail
