#include "over_socket.hpp"
#include "play.hpp"
#include "table.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace infra::realtime::websocket::autobahn {
namespace {

void play_all(void (*add)(trials&), const std::function<std::unique_ptr<link>(const std::string& offer)>& connect) {
    trials all;
    add(all);
    for (const auto& t : all) {
        const auto s = t.play();
        const auto with = connect(t.offer);
        const auto said = verdict(t, s, play(s, *with));
        EXPECT_TRUE(said == "pass" || said == "informational") << t.id << ", " << t.what << ": " << said;
    }
}

TEST(AutobahnInMemory, FramingPingsReservedBitsOpcodesAndFragments) { play_all(add_framing, in_memory); }
TEST(AutobahnInMemory, Utf8) { play_all(add_utf8, in_memory); }
TEST(AutobahnInMemory, Closes) { play_all(add_closes, in_memory); }
TEST(AutobahnInMemory, Compression) { play_all(add_compression, in_memory); }

class Autobahn : public testing::Test {
protected:
    void play(void (*add)(trials&)) {
        play_all(add, [this](const std::string& offer) { return service_.connect(offer); });
    }
    echo_service service_;
};

TEST_F(Autobahn, FramingPingsReservedBitsOpcodesAndFragments) { play(add_framing); }
TEST_F(Autobahn, Utf8) { play(add_utf8); }
TEST_F(Autobahn, Closes) { play(add_closes); }
TEST_F(Autobahn, Limits) { play(add_limits); }
TEST_F(Autobahn, Compression) { play(add_compression); }

// Written by INFRA_WRITE_DOCS=1 realtime_server_tests --gtest_filter=AutobahnTable*
TEST(AutobahnTable, IsOfTheseCases) {
    const std::string path = INFRA_REALTIME "/autobahn.md";
    const auto made = table_of(all_trials());
    if (std::getenv("INFRA_WRITE_DOCS"))
        std::ofstream(path) << made;
    std::ostringstream there;
    there << std::ifstream(path).rdbuf();
    EXPECT_EQ(there.str(), made);
}

} // namespace
} // namespace infra::realtime::websocket::autobahn
