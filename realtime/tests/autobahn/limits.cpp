#include "trial.hpp"

namespace infra::realtime::websocket::autobahn {
namespace {

constexpr std::size_t KiB = 1024, MiB = 1024 * KiB;

struct kind {
    opcode what;
    std::string name;
    std::string bytes;
};

std::string size_of(std::size_t bytes) {
    if (bytes >= MiB)
        return std::to_string(bytes / MiB) + " MiB";
    return bytes >= KiB ? std::to_string(bytes / KiB) + " KiB" : std::to_string(bytes) + " bytes";
}

trial large(std::string id, const kind& k, const std::string& what, std::function<script()> play) {
    return {.id = std::move(id),
            .what = k.name + " of " + what,
            .play = std::move(play),
            .wanted = k.name + " echoed, closed with 1000"};
}

std::string in_fragments(opcode what, std::string_view payload, std::size_t size) {
    std::string frames;
    frames.reserve(payload.size() + payload.size() / size * 8);
    for (std::size_t at = 0; at < payload.size(); at += size)
        frames += from_client(at == 0 ? what : opcode::continuation, payload.substr(at, size),
                              {.last = at + size >= payload.size()});
    return frames;
}

void add_whole(trials& to, const std::string& group, const kind& k) {
    unsigned number = 0;
    for (const auto size : {64 * KiB, 256 * KiB, MiB, 4 * MiB, 8 * MiB, 16 * MiB})
        to.push_back(large(group + std::to_string(++number), k, size_of(size), [=] {
            const auto payload = repeated(k.bytes, size);
            return answered(from_client(k.what, payload), {k.name + " " + payload});
        }));
}

void add_fragmented(trials& to, const std::string& group, const kind& k) {
    unsigned number = 0;
    for (const auto size :
         {std::size_t(64), std::size_t(256), KiB, 4 * KiB, 16 * KiB, 64 * KiB, 256 * KiB, MiB, 4 * MiB})
        to.push_back(large(group + std::to_string(++number), k, "4 MiB in fragments of " + size_of(size), [=] {
            const auto payload = repeated("*", 4 * MiB);
            return answered(in_fragments(k.what, payload, size), {k.name + " " + payload});
        }));
}

void add_chopped(trials& to, const std::string& group, const kind& k) {
    unsigned number = 0;
    for (const std::size_t chop : {64u, 128u, 256u, 512u, 1024u, 2048u})
        to.push_back(large(group + std::to_string(++number), k, "1 MiB in chops of " + size_of(chop), [=] {
            const auto payload = repeated(k.bytes, MiB);
            return answered(from_client(k.what, payload), {k.name + " " + payload}, chop);
        }));
}

void add_round_trips(trials& to, const std::string& group, const kind& k) {
    constexpr std::size_t count = 100; // the suite measures 1 000
    unsigned number = 0;
    for (const std::size_t size : {0u, 16u, 64u, 256u, 1024u, 4096u})
        to.push_back({group + std::to_string(++number),
                      std::to_string(count) + " times " + k.name + " of " + size_of(size) + ", one after the other",
                      [=] {
                          script s{.ends = {1000}};
                          const auto payload = repeated(k.bytes, size);
                          for (std::size_t i = 1; i <= count; ++i) {
                              s.steps.push_back({from_client(k.what, payload), one_go, i});
                              s.heard.push_back(shortened(k.name + " " + payload));
                          }
                          s.steps.push_back({close_of(1000)});
                          return s;
                      }});
}

} // namespace

void add_limits(trials& to) {
    const kind text{opcode::text, "text", "BAsd7&jh23"};
    const kind binary{opcode::binary, "binary", std::string("\x00\xfe\x23\xfa\xf0", 5)};
    add_whole(to, "9.1.", text);
    add_whole(to, "9.2.", binary);
    add_fragmented(to, "9.3.", text);
    add_fragmented(to, "9.4.", binary);
    add_chopped(to, "9.5.", text);
    add_chopped(to, "9.6.", binary);
    add_round_trips(to, "9.7.", text);
    add_round_trips(to, "9.8.", binary);
    to.push_back({"10.1.1", "text of 64 KiB in fragments of 1300 bytes", [] {
                      const auto payload = repeated("*", 64 * KiB);
                      return answered(in_fragments(opcode::text, payload, 1300), {"text " + payload});
                  }});
}

} // namespace infra::realtime::websocket::autobahn
