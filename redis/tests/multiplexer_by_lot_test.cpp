#include "tests/multiplexer_world.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

namespace infra::redis::detail {
namespace {

TEST(Multiplexer, KeepsItsPromisesWhateverHappens) {
    const unsigned rounds = std::getenv("INFRA_TEST_LONG") ? 20'000 : 300;
    std::size_t answered = 0, failed = 0, refused = 0;
    for (unsigned round = 0; round < rounds && !::testing::Test::HasFailure(); ++round) {
        SCOPED_TRACE(round);
        std::mt19937 lots(round);
        world w([&](std::size_t n) { return static_cast<std::size_t>(lots() % n); });
        try {
            for (int i = 0; i < 500; ++i)
                w.step();
            w.end();
        } catch (const std::logic_error& e) {
            ADD_FAILURE() << e.what();
        }
        answered += w.answered;
        failed += w.failed;
        refused += w.refused;
    }
    EXPECT_GT(answered, rounds * 10);
    EXPECT_GT(failed, rounds * 10);
    EXPECT_GT(refused, rounds);
}

} // namespace
} // namespace infra::redis::detail
