#include "trial.hpp"

namespace infra::realtime::websocket::autobahn {
namespace {

using namespace std::string_literals;

script closed(std::string bytes, std::vector<unsigned> codes, std::vector<std::string> heard = {}) {
    return {{{std::move(bytes)}}, std::move(heard), std::move(codes)};
}

std::string text(std::string_view payload) { return from_client(opcode::text, payload); }

} // namespace

void add_closes(trials& to) {
    const auto add = [&](const std::string& id, const std::string& what, script s, bool informational = false) {
        to.push_back({id, what, [=] { return s; }, "", informational});
    };
    const std::string hello = "Hello World!";
    const auto normal = close_of(1000);
    add("7.1.1", "text, then a close", answered(text(hello), {"text " + hello}));
    add("7.1.2", "two closes", closed(normal + from_client(opcode::close, ""), {1000}));
    add("7.1.3", "a ping after the close", closed(normal + from_client(opcode::ping, ""), {1000}));
    add("7.1.4", "text after the close", closed(normal + text(hello), {1000}));
    add("7.1.5", "a close within a text in fragments",
        closed(from_client(opcode::text, "fragment1", {.last = false}) + normal +
                   from_client(opcode::continuation, "fragment2"),
               {1000}));
    const auto large = repeated("BAsd7&jh23", 256 * 1024);
    add("7.1.6", "text of 256 KiB, text, a close, a ping, at once",
        closed(text(large) + text(hello) + normal + from_client(opcode::ping, ""), {1000},
               {shortened("text " + large), "text " + hello}),
        true);
    add("7.3.1", "a close without a code", closed(from_client(opcode::close, ""), {1005}));
    add("7.3.2", "a close of one byte", closed(from_client(opcode::close, "a"), {1002}));
    add("7.3.3", "a close with a code", closed(normal, {1000}));
    add("7.3.4", "and a reason", closed(close_of(1000, hello), {1000}));
    add("7.3.5", "and the longest reason", closed(close_of(1000, std::string(123, '*')), {1000}));
    add("7.3.6", "and a reason that is too long", closed(close_of(1000, std::string(124, '*')), {1002}));
    add("7.5.1", "a reason that is not UTF-8",
        closed(close_of(1000, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"
                              "edited"),
               {1002, 1007}));
    add("7.7.1", "valid code 1000", closed(close_of(1000), {1000}));
    unsigned number = 1;
    for (const unsigned code : {1001u, 1002u, 1003u, 1007u, 1008u, 1009u, 1010u, 1011u, 3000u, 3999u, 4000u, 4999u})
        add("7.7." + std::to_string(++number), "valid code " + std::to_string(code),
            closed(close_of(code), {1000, code}));
    number = 0;
    for (const unsigned code : {0u, 999u, 1004u, 1005u, 1006u, 1014u, 1015u, 1016u, 1100u, 2000u, 2999u})
        add("7.9." + std::to_string(++number), "invalid code " + std::to_string(code), closed(close_of(code), {1002}));
    add("7.13.1", "code 5000", closed(close_of(5000), {1000, 1002, 5000}), true);
    add("7.13.2", "code 65535", closed(close_of(65535), {1000, 1002, 65535}), true);
}

} // namespace infra::realtime::websocket::autobahn
