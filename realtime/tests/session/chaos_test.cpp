// Clients that stall, vanish, are thrown out and come back, on channels of every policy, with and without a history; what they hear is
// held against one rule: of a channel each message comes once and in order, or a notice says how many did not.

#include "support.hpp"

#include <cstdlib>
#include <map>
#include <random>

namespace infra::realtime {
namespace {

struct room {
    std::string name;
    std::int64_t said = 0; ///< each message carries its number
};

/// What one client knows of one channel.
class ledger {
public:
    /// A new connection goes on from where the client knows to be, or knows nothing of the channel but what it is told.
    void begin(const heard_message& subscribed) {
        const auto& data = subscribed.data.as_object();
        if (data.contains("recovered") && data.at("recovered").as_bool()) {
            ++resumed_;
            return;
        }
        last_ = data.contains("offset") ? std::optional(data.at("offset").to_number<std::int64_t>()) : std::nullopt;
        missed_ = 0;
    }
    void gap(std::int64_t dropped) {
        missed_ += dropped;
        gaps_ += dropped;
    }
    void hear(std::int64_t number) {
        if (last_)
            EXPECT_EQ(number, *last_ + missed_ + 1) << "after " << *last_ << " and a gap of " << missed_;
        last_ = number;
        missed_ = 0;
    }
    std::optional<std::int64_t> known() const { return last_ ? std::optional(*last_ + missed_) : std::nullopt; }
    std::int64_t gaps() const { return gaps_; }
    int resumed() const { return resumed_; }

private:
    std::optional<std::int64_t> last_;
    std::int64_t missed_ = 0; // told of, since the last message
    std::int64_t gaps_ = 0;
    int resumed_ = 0;
};

class SessionChaos : public Session {
protected:
    struct totals {
        std::int64_t heard = 0, gaps = 0, resumed = 0, slow = 0;
    };

    static hub_options options() {
        auto o = open_options();
        o.limits.max_queue_bytes = 3'000;
        o.limits.max_recovered = 25;
        o.limits.messages_per_second = 1e6;
        o.limits.message_burst = 1'000'000;
        const std::pair<const char*, overflow> policies[] = {{"close", overflow::close},
                                                             {"newest", overflow::drop_newest},
                                                             {"oldest", overflow::drop_oldest},
                                                             {"latest", overflow::keep_latest}};
        o.channels.clear();
        for (const auto& [name, policy] : policies) {
            o.channels.push_back({std::string(name) + ":kept", {.history = {.size = 40}, .on_overflow = policy}});
            o.channels.push_back({std::string(name) + ":live", {.on_overflow = policy}});
        }
        return o;
    }

    totals run(unsigned seed) {
        chance_.seed(seed);
        make_hub(options());
        for (const auto& rule : the_hub().options().channels)
            rooms_.push_back({rule.pattern});
        for (int i = 0; i < 5; ++i)
            arrive();
        for (int step = 0; step < 120; ++step)
            act();
        all_is_well_again();
        for (auto& each : rooms_) {
            say_in(each);
            settle();
        }
        for (auto& each : clients_)
            listen(each);
        return check();
    }

private:
    struct participant {
        std::unique_ptr<test_client> client;
        std::map<std::string, ledger> ledgers{};
        bool is_stalled = false;
    };

    std::size_t lot(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(chance_); }

    void arrive() {
        auto& who = clients_.emplace_back(participant{std::make_unique<test_client>(the_hub())});
        for (const auto& each : rooms_)
            if (lot(2) == 0)
                who.client->say(subscribe_to(each.name));
    }
    void say_in(room& where) {
        the_hub().publish(where.name, {"m", "", {++where.said, json::value(std::string(lot(300), 'x'))}},
                          {.key = std::string(1, static_cast<char>('a' + lot(3)))});
    }
    void act() {
        auto& who = clients_[lot(clients_.size())];
        switch (lot(12)) {
        case 0: who.client->stall(), who.is_stalled = true; break;
        case 1: who.client->resume(), who.is_stalled = false; break;
        case 2: who.client->drop(); break;
        case 3: who.client->reconnect(); break;
        case 4: the_hub().disconnect(who.client->id(), close_code::shutdown); break;
        case 5: listen(who); break;
        case 6: loop.io.restart(), loop.io.poll_one(); break;
        case 7: settle(); break;
        default:
            for (auto many = lot(6); many > 0; --many)
                say_in(rooms_[lot(rooms_.size())]);
        }
    }
    void all_is_well_again() {
        settle();
        for (auto& each : clients_) {
            slow_ += each.client->closed() == close_code::slow;
            each.client->resume();
            if (each.client->closed())
                each.client->reconnect();
        }
        settle();
    }
    void listen(participant& who) {
        for (const auto& m : who.client->heard()) {
            if (m.type == "welcome")
                continue;
            SCOPED_TRACE(m.channel);
            auto& mine = who.ledgers[m.channel];
            if (m.type == "subscribed")
                mine.begin(m);
            else if (m.type == "gap")
                mine.gap(m.data.at("dropped").to_number<std::int64_t>());
            else if (m.type == "m")
                mine.hear(m.data.at(0).as_int64()), ++heard_;
            else
                ADD_FAILURE() << to_text(m);
        }
    }
    totals check() {
        totals all{.heard = heard_, .slow = slow_};
        for (const auto& who : clients_) {
            for (const auto& each : rooms_) {
                const auto found = who.ledgers.find(each.name);
                if (found == who.ledgers.end())
                    continue;
                EXPECT_EQ(found->second.known(), each.said) << each.name;
                all.gaps += found->second.gaps();
                all.resumed += found->second.resumed();
            }
        }
        return all;
    }

    std::mt19937 chance_;
    std::vector<room> rooms_;
    std::vector<participant> clients_;
    std::int64_t heard_ = 0;
    std::int64_t slow_ = 0;
};

TEST(SessionChaosRun, LosesNothingWithoutNoticeAndRepeatsNothing) {
    struct one : SessionChaos {
        using SessionChaos::run;
        using SessionChaos::totals;
        void TestBody() override {}
    };
    const unsigned seeds = std::getenv("INFRA_TEST_LONG") ? 100'000 : 300;
    one::totals all;
    for (unsigned seed = 1; seed <= seeds && !::testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const auto now = one().run(seed);
        all.heard += now.heard;
        all.gaps += now.gaps;
        all.resumed += now.resumed;
        all.slow += now.slow;
    }
    // It has been a chaos worth the name.
    EXPECT_GT(all.heard, 100 * seeds);
    EXPECT_GT(all.gaps, seeds);
    EXPECT_GT(all.resumed, seeds);
    EXPECT_GT(all.slow, seeds / 10);
    RecordProperty("heard", std::to_string(all.heard));
    RecordProperty("gaps", std::to_string(all.gaps));
    RecordProperty("resumed", std::to_string(all.resumed));
}

} // namespace
} // namespace infra::realtime
