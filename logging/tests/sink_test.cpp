#include <infra/logging/sink.hpp>

#include <gtest/gtest.h>

namespace infra::logging {
namespace {

TEST(MemorySink, KeepsTheNewestLines) {
    memory_sink sink({.max_lines = 2});
    EXPECT_EQ(sink.write("a\nb\nc\n").taken, 6U);
    EXPECT_EQ(sink.lines(), (std::vector<std::string>{"b", "c"}));
    EXPECT_EQ(sink.text(), "b\nc\n");
    sink.clear();
    EXPECT_TRUE(sink.lines().empty());
}

} // namespace
} // namespace infra::logging
