#include <infra/realtime/frame.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace infra::realtime {
namespace {

std::string header_of(const frame& f) { return std::string(f.websocket().substr(0, f.size() - f.text().size())); }

// RFC 6455, 5.2: the length in 7 bits, in 16 from 126 on, in 64 from 65 536 on.
TEST(Frame, PutsTheHeaderOfATextFrameBeforeTheText) {
    const std::vector<std::pair<std::size_t, std::string>> cases{
        {0, std::string("\x81\x00", 2)},
        {1, "\x81\x01"},
        {125, "\x81\x7d"},
        {126, std::string("\x81\x7e\x00\x7e", 4)},
        {65'535, "\x81\x7e\xff\xff"},
        {65'536, std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10)},
    };
    for (const auto& [size, header] : cases) {
        const std::string text(size, 'x');
        const frame f(text, {});
        EXPECT_EQ(header_of(f), header) << size;
        EXPECT_EQ(f.text(), text);
        EXPECT_EQ(f.websocket().data() + header.size(), f.text().data()) << "one piece";
    }
}

TEST(Frame, CarriesWhatItIsBesideItsText) {
    const auto about = std::make_shared<const channel_facts>(channel_facts{.name = "room"});
    const auto f =
        make_frame({.type = "said", .channel = "room", .data = 1}, {.channel = about, .offset = 7, .key = "k"});
    EXPECT_EQ(f.text(), R"({"type":"said","channel":"room","offset":7,"data":1})");
    EXPECT_EQ(f.facts().channel, about);
    EXPECT_EQ(f.facts().offset, 7u);
    EXPECT_EQ(f.facts().key, "k");
    EXPECT_FALSE(f.facts().control);
    EXPECT_EQ(make_frame({.type = "said"}).text(), R"({"type":"said"})");
}

TEST(Frame, IsNothingUntilItIsMade) {
    const frame none;
    EXPECT_FALSE(none);
    EXPECT_EQ(none.text(), "");
    EXPECT_EQ(none.size(), 0u);
    EXPECT_EQ(none.facts().offset, 0u);
    EXPECT_EQ(none.encoded(frame::encoding::event, [](const frame&) { return std::string("x"); }), "");
}

std::atomic<int> made{0};
std::string make_event(const frame& f) {
    ++made;
    return "data: " + std::string(f.text());
}
std::string cannot(const frame&) { throw std::runtime_error("no memory"); }

TEST(Frame, MakesAnotherEncodingOnceForAllThreads) {
    made = 0;
    const frame f("hello", {});
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([f] { EXPECT_EQ(f.encoded(frame::encoding::event, make_event), "data: hello"); });
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(made, 1);
    EXPECT_EQ(f.encoded(frame::encoding::deflated, [](const frame&) { return std::string("z"); }), "z");
    EXPECT_EQ(f.encoded(frame::encoding::event, cannot), "data: hello");
}

TEST(Frame, TriesAgainAfterAnEncodingThatCouldNotBeMade) {
    const frame f("hello", {});
    EXPECT_THROW(f.encoded(frame::encoding::event, cannot), std::runtime_error);
    EXPECT_EQ(f.encoded(frame::encoding::event, make_event), "data: hello");
}

} // namespace
} // namespace infra::realtime
