#include "src/server_events.hpp"

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

std::string told(server_events& events) {
    std::string all;
    while (const auto each = events.next())
        all += each->name + "=" + each->data + ";";
    return all;
}

TEST(ServerEvents, AreTheSameInWhateverPiecesTheyCome) {
    const std::string_view stream =
        "retry: 2000\n\n: heartbeat\n\nevent: logs?a=1\ndata: {}\n\ndata: one\r\ndata: two\r\n\r\n"
        "event: alone\n\nevent: last\ndata: without an end\n";
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        server_events events;
        events.add(stream.substr(0, cut));
        auto all = told(events);
        events.add(stream.substr(cut));
        all += told(events);
        EXPECT_EQ(all, "logs?a=1={};=one\ntwo;") << cut;
    }
}

TEST(ServerEvents, RefuseALineWithoutAnEnd) {
    server_events events;
    const std::string piece(std::size_t{1} << 20, 'x');
    EXPECT_THROW(for (int i = 0; i < 17; ++i) events.add(piece), refused);
}

} // namespace
} // namespace infra::cli
