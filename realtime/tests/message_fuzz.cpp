// libFuzzer's way into the protocol: `realtime_message_fuzz [-max_total_time=60] [corpus folder]`. Its input is what a client
// sends. What is read is bounded as promised, and reads the same when it is written again; what is not says why.

#include <infra/realtime/message.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace infra::realtime;

void require(bool holds, const char* promise, const std::string& seen) {
    if (holds)
        return;
    std::fprintf(stderr, "a promise was broken: %s\n%s\n", promise, seen.c_str());
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = parse_client_message({reinterpret_cast<const char*>(data), size}); // NOLINT
    if (const auto* bad = std::get_if<bad_message>(&read)) {
        require(!bad->why.empty(), "a text that is no message has a reason", "");
        require(bad->ref.size() <= 64, "a ref is at most 64 bytes long", bad->ref);
        return 0;
    }
    const auto& said = std::get<client_message>(read);
    const auto text = to_text(said);
    require(!said.what.type.empty(), "a message has a type", text);
    require(said.ref.size() <= 64, "a ref is at most 64 bytes long", text);
    const auto again = parse_client_message(text);
    require(std::holds_alternative<client_message>(again), "what is written can be read", text);
    require(to_text(std::get<client_message>(again)) == text, "and is the same", text);
    return 0;
}
