#include "trial.hpp"

namespace infra::realtime::websocket::autobahn {
namespace {

using namespace std::string_literals;

constexpr frame_marks more{.last = false};
const std::string hello = "Hello, world!";
const std::string binary = "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"s;

std::string text(std::string_view payload, frame_marks marks = {}) { return from_client(opcode::text, payload, marks); }
std::string continuation(std::string_view payload, frame_marks marks = {}) {
    return from_client(opcode::continuation, payload, marks);
}
std::string ping(std::string_view payload = {}, frame_marks marks = {}) {
    return from_client(opcode::ping, payload, marks);
}
std::string pong(std::string_view payload = {}, frame_marks marks = {}) {
    return from_client(opcode::pong, payload, marks);
}
std::string reserved(unsigned rsv, opcode o, std::string_view payload) {
    return raw_frame(0x80 | rsv << 4 | static_cast<unsigned>(o), payload);
}

void add_sizes(trials& to, const std::string& group, opcode o, const std::string& kind, std::string_view bytes) {
    std::size_t number = 0;
    const auto add = [&](std::size_t size, std::size_t chop, const std::string& how) {
        to.push_back({group + std::to_string(++number), kind + " of " + std::to_string(size) + " bytes" + how, [=] {
                          const auto payload = repeated(bytes, size);
                          return answered(from_client(o, payload), {kind + " " + payload}, chop);
                      }});
    };
    for (const std::size_t size : {0u, 125u, 126u, 127u, 128u, 65535u, 65536u})
        add(size, one_go, "");
    add(65536, 997, ", in chops of 997");
}

void add_pings(trials& to) {
    const auto add = [&](const char* id, const char* what, script s) { to.push_back({id, what, [=] { return s; }}); };
    const std::string longest(125, '\xfe');
    add("2.1", "ping without payload", answered(ping(), {"pong "}));
    add("2.2", "ping with text", answered(ping(hello), {"pong " + hello}));
    add("2.3", "ping with bytes that are no text", answered(ping(binary), {"pong " + binary}));
    add("2.4", "ping of 125 bytes", answered(ping(longest), {"pong " + longest}));
    add("2.5", "ping of 126 bytes", refused(ping(longest + '\xfe'), 1002));
    add("2.6", "ping of 125 bytes, octet by octet", answered(ping(longest), {"pong " + longest}, octets));
    add("2.7", "pong that nobody asked for", answered(pong(), {}));
    add("2.8", "pong that nobody asked for, with payload", answered(pong("unsolicited pong payload"), {}));
    add("2.9", "such a pong, then a ping",
        answered(pong("unsolicited pong payload") + ping("ping payload"), {"pong ping payload"}));
    std::string ten;
    std::vector<std::string> pongs;
    for (int i = 0; i < 10; ++i) {
        ten += ping("payload-" + std::to_string(i));
        pongs.push_back("pong payload-" + std::to_string(i));
    }
    add("2.10", "ten pings", answered(ten, pongs));
    add("2.11", "ten pings, octet by octet", answered(ten, pongs, octets));
}

void add_reserved_bits(trials& to) {
    const auto add = [&](const char* id, const char* what, script s) { to.push_back({id, what, [=] { return s; }}); };
    const auto after_echo = [](unsigned rsv, std::size_t chop) {
        return refused(text(hello) + reserved(rsv, opcode::text, hello) + ping(), 1002, {"text " + hello}, chop);
    };
    add("3.1", "text with RSV 1", refused(reserved(1, opcode::text, hello), 1002));
    add("3.2", "text, then one with RSV 2, then a ping", after_echo(2, one_go));
    add("3.3", "text, then one with RSV 3, then a ping, frame by frame", after_echo(3, frames));
    add("3.4", "text, then one with RSV 4, then a ping, octet by octet", after_echo(4, octets));
    add("3.5", "binary with RSV 5", refused(reserved(5, opcode::binary, binary), 1002));
    add("3.6", "ping with RSV 6", refused(reserved(6, opcode::ping, hello), 1002));
    add("3.7", "close with RSV 7", refused(reserved(7, opcode::close, ""), 1002));
}

void add_reserved_opcodes(trials& to, const std::string& group, unsigned first) {
    for (unsigned i = 0; i < 5; ++i) {
        const auto code = first + i;
        const auto with_payload = i % 2 == 1 || i == 4;
        const std::string name = "opcode " + std::to_string(code) + (with_payload ? " with payload" : "");
        to.push_back({group + std::to_string(i + 1), i < 2 ? name : "text, then " + name + ", then a ping", [=] {
                          const auto frame = raw_frame(0x80 | code, with_payload ? "reserved opcode payload" : "");
                          if (i < 2)
                              return refused(frame, 1002);
                          return refused(text(hello) + frame + ping(), 1002, {"text " + hello},
                                         i < 3 ? one_go : octets);
                      }});
    }
}

void add_fragments(trials& to) {
    const auto add = [&](const char* id, const char* what, script s) { to.push_back({id, what, [=] { return s; }}); };
    const auto two = text("fragment1", more) + continuation("fragment2");
    const std::string echo = "text fragment1fragment2";
    const auto with_ping = text("fragment1", more) + ping("ping payload") + continuation("fragment2");
    const auto nothing = [](frame_marks marks) {
        return continuation("non-continuation payload", marks) + text(hello);
    };

    add("5.1", "ping in two fragments", refused(ping("fragment1", more) + continuation("fragment2"), 1002));
    add("5.2", "pong in two fragments", refused(pong("fragment1", more) + continuation("fragment2"), 1002));
    add("5.3", "text in two fragments", answered(two, {echo}));
    add("5.4", "the same, frame by frame", answered(two, {echo}, frames));
    add("5.5", "the same, octet by octet", answered(two, {echo}, octets));
    add("5.6", "text in two fragments, a ping between", answered(with_ping, {"pong ping payload", echo}));
    add("5.7", "the same, frame by frame", answered(with_ping, {"pong ping payload", echo}, frames));
    add("5.8", "the same, octet by octet", answered(with_ping, {"pong ping payload", echo}, octets));
    add("5.9", "a continuation of nothing, FIN, then text", refused(nothing({}), 1002));
    add("5.10", "the same, frame by frame", refused(nothing({}), 1002, {}, frames));
    add("5.11", "the same, octet by octet", refused(nothing({}), 1002, {}, octets));
    add("5.12", "a continuation of nothing, no FIN, then text", refused(nothing(more), 1002));
    add("5.13", "the same, frame by frame", refused(nothing(more), 1002, {}, frames));
    add("5.14", "the same, octet by octet", refused(nothing(more), 1002, {}, octets));
    add("5.15", "text in two fragments, a continuation of nothing, text",
        refused(two + continuation("fragment3", more) + text("fragment4"), 1002, {echo}));
    const auto twice = [](frame_marks marks) {
        return repeated(continuation("fragment1", marks) + text("fragment2", more) + continuation("fragment3"), 90);
    };
    add("5.16", "twice: a continuation of nothing, no FIN, text in two fragments", refused(twice(more), 1002));
    add("5.17", "twice: a continuation of nothing, FIN, text in two fragments", refused(twice({}), 1002));
    add("5.18", "text in two fragments, both with opcode text",
        refused(text("fragment1", more) + text("fragment2"), 1002));

    const auto five = [](std::size_t chop) {
        const auto first = text("fragment1", more) + continuation("fragment2", more) + ping("pongme 1!");
        const auto second = continuation("fragment3", more) + continuation("fragment4", more) + ping("pongme 2!") +
                            continuation("fragment5");
        return script{{{first, chop, 1}, {second, chop, 3}, {close_of(1000)}},
                      {"pong pongme 1!", "pong pongme 2!", "text fragment1fragment2fragment3fragment4fragment5"},
                      {1000}};
    };
    add("5.19", "text in five fragments, the first of two pings answered between", five(one_go));
    add("5.20", "the same, frame by frame", five(frames));
}

} // namespace

void add_framing(trials& to) {
    add_sizes(to, "1.1.", opcode::text, "text", "*");
    add_sizes(to, "1.2.", opcode::binary, "binary", "\xfe");
    add_pings(to);
    add_reserved_bits(to);
    add_reserved_opcodes(to, "4.1.", 3);
    add_reserved_opcodes(to, "4.2.", 11);
    add_fragments(to);
}

} // namespace infra::realtime::websocket::autobahn
