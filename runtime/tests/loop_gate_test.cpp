#include <infra/runtime/loop_gate.hpp>

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace infra {
namespace {

TEST(LoopGate, IsOneALoop) {
    asio::io_context one, other;
    EXPECT_EQ(loop_gate::of(one.get_executor()), loop_gate::of(one.get_executor()));
    EXPECT_NE(loop_gate::of(one.get_executor()), loop_gate::of(other.get_executor()));
}

TEST(LoopGate, IsOpenUntilItsLoopEnds) {
    auto io = std::make_unique<asio::io_context>(1);
    const auto gate = loop_gate::of(io->get_executor());
    int passed = 0;
    gate->pass([&passed] { ++passed; });
    io.reset();
    gate->pass([&passed] { ++passed; });
    EXPECT_EQ(passed, 1);
}

} // namespace
} // namespace infra
