// Everything at once: three nodes on one Redis, each behind a real WebSocket server, a dozen clients over sockets; clients vanish and come back,
// readers stall, links to Redis break. Of a channel with a history each message comes once and in order, or a notice says that it did not.

#include "realtime/tests/redis/stage.hpp"
#include "realtime/tests/together/ledger.hpp"
#include "realtime/tests/websocket/support.hpp"

#include <cstdlib>
#include <random>

namespace infra::realtime {
namespace {

using namespace std::chrono_literals;
using websocket::raw_client;
using websocket::service;

constexpr std::size_t node_count = 3;
constexpr std::size_t last_node = node_count - 1; // whose link is never cut
constexpr std::size_t client_count = 12;

struct room {
    std::string name;
    channel_options options;
    ledger::numbers said{};
    bool is_whole =
        false; ///< with enough of a history, and closing who is slow: of which nothing may miss unless links break

    /// Of one room only those are publishers whose link is never cut.
    bool is_from(std::size_t node) const { return name != "sure" || node == last_node; }
};

std::vector<room> all_rooms() {
    const history_options enough{.size = 5'000, .max_bytes = 16 << 20};
    const std::pair<const char*, overflow> policies[] = {{"close", overflow::close},
                                                         {"newest", overflow::drop_newest},
                                                         {"oldest", overflow::drop_oldest},
                                                         {"latest", overflow::keep_latest}};
    std::vector<room> rooms;
    for (const auto& [name, policy] : policies) {
        rooms.push_back({std::string(name) + ":kept", {.history = enough, .on_overflow = policy}});
        rooms.push_back({std::string(name) + ":live", {.on_overflow = policy}});
        rooms[rooms.size() - 2].is_whole = policy == overflow::close;
    }
    rooms.push_back({"short", {.history = {.size = 8}}});
    rooms.push_back({"sure", {.history = enough}, {}, true});
    return rooms;
}

struct participant {
    std::string name;
    std::size_t at = 0; ///< which node
    std::optional<raw_client> line{};
    std::map<std::string, ledger> ledgers{};
    bool wanders = false; ///< from node to node
    bool is_stalled = false;
};

struct totals {
    std::int64_t messages = 0, gaps = 0, doubts = 0, resumed = 0, not_resumed = 0, slow = 0, local = 0;

    totals& operator+=(const totals& o) {
        messages += o.messages, gaps += o.gaps, doubts += o.doubts, resumed += o.resumed;
        not_resumed += o.not_resumed, slow += o.slow, local += o.local;
        return *this;
    }
};

class chaos {
public:
    /// Links break in a stormy one.
    chaos(unsigned seed, bool stormy) : random_(seed), stormy_(stormy), stage_(loop_) {
        for (std::size_t n = 0; n < node_count; ++n) {
            brokers_.push_back(stage_.node(n));
            nodes_.push_back(std::make_unique<service>(options(brokers_[n]), &loop_));
            runs_.push_back(loop_.spawn(nodes_[n]->at.run()));
        }
        all_up();
        for (std::size_t i = 0; i < client_count; ++i)
            arrive(i);
    }
    ~chaos() {
        people_.clear();
        for (const auto& each : nodes_)
            loop_.wait(each->at.stop(deadline::after(2s)));
        for (const auto& each : runs_)
            loop_.until([&] { return each->done(); });
    }

    totals run(int steps) {
        for (int step = 0; step < steps; ++step)
            act();
        all_is_well_again();
        for (auto& each : rooms_)
            ends_well(each);
        return sum();
    }

private:
    websocket::service_options options(std::shared_ptr<broker> joined_by) const {
        websocket::service_options o{.websocket = {.send_buffer = 4096}};
        for (const auto& each : rooms_)
            o.hub.channels.push_back({each.name, each.options});
        o.hub.limits.max_queue_bytes = 3'000;
        o.hub.limits.max_recovered = 2'000;
        o.hub.limits.messages_per_second = 1e6;
        o.hub.limits.message_burst = 1'000'000;
        o.hub.broker = std::move(joined_by);
        return o;
    }
    std::size_t lot(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }
    room& room_called(const std::string& name) { return *std::ranges::find(rooms_, name, &room::name); }
    void all_up() {
        for (const auto& each : brokers_)
            loop_.until([&] { return each->is_up(); });
    }
    void turn_for(std::chrono::milliseconds time) {
        loop_.io.restart();
        loop_.io.run_for(time);
    }

    // --- What befalls them ---

    void act() {
        auto& who = people_[lot(people_.size())];
        switch (lot(24)) {
        case 0:
        case 1: who.is_stalled = true; break;
        case 2: who.is_stalled = false; break;
        case 3: who.line.reset(); break;
        case 4:
        case 5:
        case 6: come_back(who); break;
        case 7: break_a_link(); break;
        case 8:
        case 9: stage_.mend(lot(last_node)); break;
        case 10:
            if (lot(4) == 0)
                stage_.tell({"CLIENT", "KILL", "TYPE", "pubsub"});
            break;
        case 11: turn_for(std::chrono::milliseconds(lot(30))); break;
        case 12:
        case 13:
        case 14:
            for (auto& each : people_)
                listen(each);
            break;
        default:
            for (auto many = lot(8); many > 0; --many)
                say_in(rooms_[lot(rooms_.size())], lot(node_count), lot(600));
        }
        loop_.io.restart();
        loop_.io.poll_one();
    }
    void break_a_link() {
        const auto n = lot(last_node);
        if (stormy_ && lot(2) == 0)
            stage_.cut(n);
        else if (stormy_)
            stage_.links[n]->cut();
    }
    void say_in(room& where, std::size_t node, std::size_t padding) {
        if (!where.is_from(node))
            return;
        local_ += !brokers_[node]->is_up();
        const auto from = static_cast<std::int64_t>(node);
        nodes_[node]->at.publish(where.name, {"m", "", {from, ++where.said[from], std::string(padding, 'x')}},
                                 {.key = std::string(1, static_cast<char>('a' + lot(3)))});
    }
    void arrive(std::size_t i) {
        auto& who = people_.emplace_back();
        who.name = "client " + std::to_string(i);
        who.at = i % node_count;
        who.wanders = i % 4 == 0;
        for (const auto& each : rooms_)
            if (lot(2) == 0)
                who.ledgers.try_emplace(each.name, each.options.history.size > 0, each.name != "short");
        come_back(who);
    }
    void come_back(participant& who) {
        if (who.line)
            return;
        if (who.wanders)
            who.at = lot(node_count);
        who.is_stalled = false;
        who.line.emplace(raw_client::joined(*nodes_[who.at], {}, 4096));
        for (const auto& [name, known] : who.ledgers) {
            json::object said{{"type", "subscribe"}, {"channel", name}};
            if (const auto& place = known.place())
                said["since"] = {{"epoch", place->epoch}, {"offset", place->offset}};
            who.line->say(json::to_text(said));
        }
    }

    // --- What they hear ---

    bool listen(participant& who) {
        if (!who.line || who.is_stalled)
            return false;
        const auto frames = who.line->read_all();
        SCOPED_TRACE(who.name);
        for (const auto& each : frames) {
            slow_ += each.what == websocket::event::kind::close && each.code == close_code::slow;
            if (each.what == websocket::event::kind::text)
                note(who, json::parse<json::value>(each.bytes).value().as_object());
        }
        if (who.line->is_closed() || (!frames.empty() && frames.back().what == websocket::event::kind::close))
            who.line.reset();
        return !frames.empty();
    }
    void note(participant& who, const json::object& said) {
        const auto type = said.at("type").as_string();
        ASSERT_TRUE(said.contains("channel")) << json::to_text(said);
        const std::string channel(said.at("channel").as_string());
        SCOPED_TRACE(channel);
        auto& known = who.ledgers.at(channel);
        const auto offset = said.contains("offset") ? said.at("offset").to_number<std::uint64_t>() : 0;
        if (type == "subscribed")
            known.begin(said.at("data").as_object(), room_called(channel).said);
        else if (type == "gap")
            known.gap(said.at("data").as_object(), offset, room_called(channel).said);
        else if (type == "m")
            known.hear(said.at("data").at(0).as_int64(), said.at("data").at(1).as_int64(), offset);
        else
            ADD_FAILURE() << json::to_text(said);
        if (!stormy_ && room_called(channel).options.history.size > 0)
            known.check(room_called(channel).said, true);
    }

    // --- What is so in the end ---

    void all_is_well_again() {
        for (std::size_t n = 0; n < node_count; ++n)
            stage_.mend(n);
        all_up();
        bool moved = true;
        while (moved) {
            turn_for(20ms);
            moved = false;
            for (auto& each : people_) {
                each.is_stalled = false;
                moved = listen(each) || moved || !each.line;
                come_back(each);
            }
        }
    }
    /// Once all have heard what each node said last; what is still on its way then may cost some of them the first of these.
    void ends_well(room& in) {
        SCOPED_TRACE(in.name);
        bool all_there = false;
        for (int attempt = 0; attempt < 20 && !all_there; ++attempt) {
            for (std::size_t n = 0; n < node_count; ++n)
                say_in(in, n, 0);
            for (int turn = 0; turn < 20 && !all_there; ++turn) {
                turn_for(10ms);
                all_there = true;
                for (auto& each : people_)
                    all_there = hears_all_of(each, in) && all_there;
            }
        }
        EXPECT_TRUE(all_there) << "what was said last has not come";
        for (auto& each : people_) {
            SCOPED_TRACE(each.name);
            const auto found = each.ledgers.find(in.name);
            if (found != each.ledgers.end() && in.options.history.size > 0) // without one: at most once
                found->second.check(in.said, false);
            if (found != each.ledgers.end() && in.is_whole)
                misses_nothing(each, in, found->second);
        }
    }
    bool hears_all_of(participant& who, const room& in) {
        listen(who);
        come_back(who);
        const auto found = who.ledgers.find(in.name);
        return found == who.ledgers.end() || std::ranges::all_of(in.said, [&](const auto& each) {
                   return found->second.has_heard(each.first, each.second);
               });
    }
    /// Of what comes from nodes whose links hold, as long as it can resume; and who stays where it is can resume.
    void misses_nothing(const participant& who, const room& in, const ledger& known) const {
        if (stormy_ && in.name != "sure")
            return;
        EXPECT_EQ(known.gaps(), 0);
        if (stormy_)
            return;
        EXPECT_EQ(known.doubts(), 0);
        if (!who.wanders)
            EXPECT_EQ(known.not_resumed(), 0);
    }
    totals sum() const {
        totals all{.slow = slow_, .local = local_};
        for (const auto& who : people_)
            for (const auto& [name, known] : who.ledgers)
                all += {.messages = known.messages(),
                        .gaps = known.gaps(),
                        .doubts = known.doubts(),
                        .resumed = known.resumed(),
                        .not_resumed = known.not_resumed()};
        return all;
    }

    std::mt19937 random_;
    const bool stormy_;
    infra::testing::test_loop loop_;
    redis_stage stage_;
    std::vector<room> rooms_ = all_rooms();
    std::vector<std::shared_ptr<broker>> brokers_;
    std::vector<std::unique_ptr<service>> nodes_;
    std::vector<std::shared_ptr<infra::testing::outcome<bool>>> runs_;
    std::vector<participant> people_;
    std::int64_t slow_ = 0, local_ = 0;
};

TEST(RealtimeInChaos, LosesNothingWithoutNoticeAndSaysNothingTwice) {
    if (!infra::testing::redis_server::installed())
        GTEST_SKIP() << infra::testing::redis_server::how_to_install;
    const unsigned seeds = std::getenv("INFRA_TEST_LONG") ? 100 : 3;
    totals all;
    for (unsigned seed = 1; seed <= seeds && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        all += chaos(seed, seed % 3 != 0).run(600);
    }
    // It has been a chaos worth the name.
    for (const auto& [what, count] : {std::pair{"messages", all.messages},
                                      {"gaps", all.gaps},
                                      {"doubts", all.doubts},
                                      {"resumed", all.resumed},
                                      {"not_resumed", all.not_resumed},
                                      {"slow", all.slow},
                                      {"local", all.local}}) {
        EXPECT_GT(count, seeds) << what;
        RecordProperty(what, std::to_string(count));
    }
}

} // namespace
} // namespace infra::realtime
