#include "src/shard_places.hpp"

#include "src/slot.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <memory>
#include <random>

namespace infra::redis::detail {
namespace {

using effect = shard_places::effect;

const std::array<address, 3> nodes{{{.host = "a", .port = 1}, {.host = "b", .port = 2}, {.host = "c", .port = 3}}};
const auto& a = nodes[0];
const auto& b = nodes[1];
const interest news{channel_kind::shard, "news"}, other{channel_kind::shard, "other"};

slot_map owned_by(const address& node) {
    slot_map map;
    map.repoint(slot_of(news.name), node);
    map.repoint(slot_of(other.name), a);
    return map;
}

class RedisShardPlaces : public ::testing::Test {
protected:
    effect ask_and_confirm(const address& node, const interest& what = news) {
        const shard_places::question asked(places, node, {what});
        return places.confirm(asked, what);
    }
    shard_places places;
};

TEST_F(RedisShardPlaces, AsksTheOwnerOfWhatNobodyHearsYet) {
    const auto map = owned_by(b);
    EXPECT_EQ(places.unheard({news, other}, map), (shard_places::by_node{{b, {news}}, {a, {other}}}));
    EXPECT_EQ(ask_and_confirm(b), effect::heard);
    EXPECT_EQ(places.unheard({news, other}, map), (shard_places::by_node{{a, {other}}}));
    EXPECT_TRUE(places.is_settled(map));
    EXPECT_TRUE(places.unheard({other}, slot_map()).empty()) << "whose slot nobody has waits";
}

TEST_F(RedisShardPlaces, MissesWhatTheNodeTookOffAndAsksTheNewOwner) {
    ask_and_confirm(a);
    places.took_off(a, news);
    EXPECT_FALSE(places.is_heard(news));
    EXPECT_FALSE(places.is_settled(owned_by(a)));
    EXPECT_EQ(places.to_ask(owned_by(b)), (shard_places::by_node{{b, {news}}}));
    EXPECT_EQ(ask_and_confirm(b), effect::resumed);
    EXPECT_TRUE(places.is_settled(owned_by(b)));
}

TEST_F(RedisShardPlaces, HearsNothingWhereTheNodeTookItOffBeforeItsAnswerWasLookedAt) {
    ask_and_confirm(a);
    places.took_off(a, news);
    {
        const shard_places::question asked(places, b, {news, other});
        places.took_off(b, news); // it confirmed, and lost the slot
        EXPECT_EQ(places.confirm(asked, news), effect::none);
        EXPECT_EQ(places.confirm(asked, other), effect::heard);
    }
    EXPECT_EQ(places.to_ask(owned_by(a)), (shard_places::by_node{{a, {news, other}}}));
    EXPECT_EQ(ask_and_confirm(b), effect::resumed) << "asked again";
}

TEST_F(RedisShardPlaces, TwoWhoAskForTheSameAtOnceBothLearnThatItWasTakenOff) {
    const shard_places::question one(places, b, {news}), two(places, b, {news}), elsewhere(places, a, {news});
    places.took_off(b, news);
    EXPECT_EQ(places.confirm(one, news), effect::none);
    EXPECT_EQ(places.confirm(two, news), effect::none);
    EXPECT_EQ(places.confirm(elsewhere, news), effect::heard);
}

TEST_F(RedisShardPlaces, PaysNoHeedToTheNodeThatItHasLeft) {
    ask_and_confirm(a);
    EXPECT_EQ(ask_and_confirm(b), effect::resumed) << "the map was first";
    places.took_off(a, news);
    EXPECT_TRUE(places.is_heard(news));
    EXPECT_TRUE(places.is_settled(owned_by(b)));
}

TEST_F(RedisShardPlaces, StaysWhereItIsHeardUntilTheOwnerConfirms) {
    ask_and_confirm(b);
    EXPECT_EQ(places.to_ask(owned_by(a)), (shard_places::by_node{{a, {news}}}));
    EXPECT_TRUE(places.is_heard(news)) << "the map may be out of date";
    EXPECT_FALSE(places.is_settled(owned_by(a)));
    EXPECT_TRUE(places.is_settled(owned_by(b))) << "the owner has sent the question on";
    EXPECT_TRUE(places.is_settled(slot_map())) << "nobody has it who could be asked";
}

TEST_F(RedisShardPlaces, MissesAllThatWasHeardThroughALostConnection) {
    ask_and_confirm(a);
    ask_and_confirm(b, other);
    places.lost_connection(a);
    EXPECT_FALSE(places.is_heard(news));
    EXPECT_TRUE(places.is_heard(other));
    EXPECT_EQ(ask_and_confirm(a), effect::resumed);
}

TEST_F(RedisShardPlaces, ForgetsWhatNobodyWants) {
    EXPECT_FALSE(places.forget(news));
    ask_and_confirm(b);
    EXPECT_EQ(places.forget(news), b);
    ask_and_confirm(a);
    places.took_off(a, news);
    EXPECT_FALSE(places.forget(news));
    EXPECT_TRUE(places.is_settled(owned_by(a)));
}

TEST_F(RedisShardPlaces, KnowsWhichNodesAreInUse) {
    {
        const shard_places::question asked(places, b, {news});
        EXPECT_TRUE(places.is_in_use(b));
        places.confirm(asked, news);
    }
    EXPECT_TRUE(places.is_in_use(b));
    EXPECT_FALSE(places.is_in_use(a));
    ask_and_confirm(a);
    EXPECT_FALSE(places.is_in_use(b));
}

// --- Whatever the order ----------------------------------------------------------------------------------------------

enum class word { confirmed, moved, took_off };

/// Three nodes, of which one has the slot, and what each has said that was not read yet.
class world {
public:
    explicit world(unsigned seed) : random_(seed) {}

    void step() {
        switch (random_() % 8) {
        case 0: move(random_() % 3); break;
        case 1: map_ = owned_by(nodes[random_() % 3]); break; // what some node believes
        case 2: lose_connection(random_() % 3); break;
        case 3:
        case 4: ask(); break;
        default: read(random_() % 3); break;
        }
    }

    /// All is read, and the map is right.
    void come_to_rest() {
        for (int i = 0; i < 10; ++i) {
            map_ = owned_by(nodes[owner_]);
            for (std::size_t n = 0; n < 3; ++n)
                while (!said_[n].empty())
                    read(n);
            look_at_the_answer();
            ask();
        }
    }

    bool is_heard_at_the_owner() const {
        return places_.is_heard(news) && places_.is_settled(owned_by(nodes[owner_])) && subscribed_[owner_];
    }

private:
    struct question {
        shard_places::question asked;
        std::size_t node;
        std::optional<word> answer{};
    };

    void move(std::size_t to) {
        if (to == owner_)
            return;
        if (std::exchange(subscribed_[owner_], false))
            said_[owner_].push_back(word::took_off);
        owner_ = to;
    }

    void ask() {
        if (open_)
            return look_at_the_answer();
        const auto wanted = ever_heard_ ? places_.to_ask(map_) : places_.unheard({news}, map_);
        for (std::size_t n = 0; n < 3; ++n)
            if (wanted.contains(nodes[n])) {
                open_.reset(new question{.asked = {places_, nodes[n], {news}}, .node = n});
                subscribed_[n] = subscribed_[n] || n == owner_;
                said_[n].push_back(n == owner_ ? word::confirmed : word::moved);
            }
    }

    // Which may be long after it came.
    void look_at_the_answer() {
        if (!open_ || !open_->answer)
            return;
        if (*open_->answer == word::moved)
            map_ = owned_by(nodes[owner_]);
        else
            ever_heard_ |= places_.confirm(open_->asked, news) != effect::none;
        open_.reset();
    }

    void read(std::size_t from) {
        if (said_[from].empty())
            return;
        const auto said = said_[from].front();
        said_[from].pop_front();
        if (said == word::took_off)
            places_.took_off(nodes[from], news);
        else if (open_ && open_->node == from)
            open_->answer = said;
    }

    void lose_connection(std::size_t to) {
        said_[to].clear();
        subscribed_[to] = false;
        if (open_ && open_->node == to)
            open_.reset();
        places_.lost_connection(nodes[to]);
    }

    std::mt19937 random_;
    shard_places places_;
    slot_map map_ = owned_by(a);
    std::size_t owner_ = 0;
    std::array<bool, 3> subscribed_{};
    std::array<std::deque<word>, 3> said_{};
    std::unique_ptr<question> open_;
    bool ever_heard_ = false;
};

TEST(RedisShardPlacesWorld, IsHeardAtTheOwnerInTheEndWhateverCameFirst) {
    for (unsigned seed = 0; seed < 400; ++seed) {
        world w(seed);
        for (int i = 0; i < 60; ++i)
            w.step();
        w.come_to_rest();
        ASSERT_TRUE(w.is_heard_at_the_owner()) << "seed " << seed;
    }
}

} // namespace
} // namespace infra::redis::detail
