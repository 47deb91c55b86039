#pragma once

/// A multiplexer, who asks it for something, and what became of each.

#include "src/multiplexer.hpp"

#include "tests/notation.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/error.hpp>

#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace infra::redis::detail {

using text = std::string;

/// A multiplexer, callers with names, and a log of what ended how. Commands are written as lines: "GET a; INCR b".
class stage {
public:
    explicit stage(multiplexer_bounds bounds = {}) : m(bounds) {}
    ~stage() {
        for (auto& [name, each] : callers)
            m.forget(each.r);
    }

    bool ask(const text& name, const text& lines, steady_time by = steady_time::max(), bool atomic = false) {
        auto& c = callers[name];
        std::istringstream in(lines);
        for (text line; std::getline(in, line, ';');)
            c.commands.push_back(command_of(line));
        c.replies.resize(c.commands.size());
        c.r.commands = c.commands;
        c.r.replies = c.replies;
        c.r.limit = by;
        c.r.atomic = atomic;
        return m.add(c.r);
    }

    /// What is to be written, as lines.
    text to_write() { return lines_of(m.to_write()); }
    text write() {
        const auto bytes = m.to_write();
        const auto lines = lines_of(bytes);
        m.written(bytes.size());
        return lines;
    }

    bool answer(std::int64_t n) { return m.answer(reply(n)); }

    /// Those that have ended since, in order: "a=1,2 b:lost".
    text ended() {
        text out;
        while (auto* r = m.next_finished()) {
            for (auto& [name, each] : callers)
                if (&each.r == r)
                    out += (out.empty() ? "" : " ") + name + outcome(each);
        }
        return out;
    }

    void cancel(const text& name) { m.cancel(callers[name].r, boost::asio::error::operation_aborted); }

    struct caller {
        std::vector<command> commands{};
        std::vector<reply> replies{};
        request r{};
    };

    multiplexer m;
    std::map<text, caller> callers;

private:
    static command command_of(const text& line) {
        std::istringstream in(line);
        text word_;
        in >> word_;
        command c{std::string_view(word_)};
        while (in >> word_)
            c.add(word_);
        return c;
    }

    static text lines_of(std::string_view bytes) {
        text out;
        for (auto& each : parse(bytes).messages)
            out += (out.empty() ? "" : " ") + each;
        return out;
    }

    static text outcome(const caller& c) {
        if (c.r.failure == errc::lost)
            return ":lost";
        if (c.r.failure == errc::unanswered)
            return ":unanswered";
        if (c.r.failure)
            return c.r.sent ? ":failed when sent" : ":failed unsent";
        text out;
        for (const auto& each : c.replies)
            out += (out.empty() ? "=" : ",") + shown(each);
        return out;
    }
};

} // namespace infra::redis::detail
