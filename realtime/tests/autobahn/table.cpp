#include "table.hpp"

#include <map>

namespace infra::realtime::websocket::autobahn {
namespace {

constexpr std::string_view introduction = R"(# The cases of the Autobahn test suite

RFC 6455 and RFC 7692 as the [Autobahn test suite](https://github.com/crossbario/autobahn-testsuite) asks for them: all its cases of sections 1 to 7, 9, 10, 12
and 13, played by `realtime_server_tests` (`tests/autobahn/`) against the WebSocket server over sockets, with handshake, negotiation and all, but that messages come
back instead of going to a hub. The tests write this page too, and fail where it is not of the cases that are played; the suite's own
programs are not used. Verdicts are the suite's strict ones: *pass*, and *informational* where it
asks for nothing. Sections 9, 12 and 13 have the suite's sizes, up to messages of 16 MiB, and fewer messages in each case: 100 instead of 1 000, and of
compressed ones 256 KiB or two. Messages are compared byte for byte; what ends a connection must be a close frame and then the end of the stream.

)";

constexpr struct {
    std::string_view number, name;
} sections[] = {{"1", "Framing"},
                {"2", "Pings and pongs"},
                {"3", "Reserved bits"},
                {"4", "Opcodes"},
                {"5", "Fragmentation"},
                {"6", "UTF-8"},
                {"7", "Closing"},
                {"9", "Limits"},
                {"10", "Automatic fragmentation"},
                {"12", "Compression of different data"},
                {"13", "Compression with different offers"}};

std::string section_of(const std::string& id) { return id.substr(0, id.find('.')); }

/// Of a case of three numbers, the first two.
std::string group_of(const std::string& id) { return id.substr(0, id.rfind('.')); }

bool is_compression(const trial& t) { return section_of(t.id) == "12" || section_of(t.id) == "13"; }

/// "text, pong, closed with 1000", in the order in which they come, each kind once.
std::string expectation(const trial& t) {
    if (!t.wanted.empty())
        return t.wanted;
    const auto s = t.play();
    std::string text;
    std::size_t count = 0;
    for (std::size_t i = 0; i < s.heard.size(); ++i) {
        const auto kind = s.heard[i].substr(0, s.heard[i].find(' '));
        ++count;
        if (i + 1 < s.heard.size() && s.heard[i + 1].starts_with(kind + " "))
            continue;
        text += (count > 1 ? std::to_string(count) + " × " : "") + (kind == "pong" ? kind : kind + " echoed") + ", ";
        count = 0;
    }
    text += "closed with ";
    for (const auto code : s.ends)
        text += (code == s.ends.front() ? "" : " or ") + (code == 1005 ? "no code" : std::to_string(code));
    return text;
}

std::string row(const std::string& id, const std::string& what, const std::string& wanted, const std::string& verdict) {
    return "| " + id + " | " + what + " | " + wanted + " | " + verdict + " |\n";
}

std::string rows_of(const trials& cases) {
    std::string text;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const auto& t = cases[i];
        if (!is_compression(t)) {
            text += row(t.id, t.what, expectation(t), t.informational ? "informational" : "pass");
            continue;
        }
        auto last = i;
        while (last + 1 < cases.size() && group_of(cases[last + 1].id) == group_of(t.id))
            ++last;
        text += row(t.id + " to " + cases[last].id,
                    t.what.substr(0, t.what.rfind(", ")) + ", messages of 16 bytes to 128 KiB, whole and in fragments",
                    "all echoed, closed with 1000", "pass");
        i = last;
    }
    return text;
}

} // namespace

trials all_trials() {
    trials all;
    for (const auto add : {add_framing, add_utf8, add_closes, add_limits, add_compression})
        add(all);
    return all;
}

std::string table_of(const trials& all) {
    std::map<std::string, trials> by_section;
    std::size_t informational = 0;
    for (const auto& t : all) {
        by_section[section_of(t.id)].push_back(t);
        informational += t.informational;
    }
    auto text = std::string(introduction) + std::to_string(all.size()) +
                " cases: " + std::to_string(all.size() - informational) + " pass, " + std::to_string(informational) +
                " are informational.\n";
    for (const auto& [number, name] : sections) {
        text.append("\n## ").append(number).append(" · ").append(name).append(
            "\n\n| case | the client sends | and gets | verdict |\n|---|---|---|---|\n");
        text += rows_of(by_section[std::string(number)]);
    }
    return text;
}

} // namespace infra::realtime::websocket::autobahn
