#pragma once

/// A server without I/O, which counts what it executes.

#include "src/parser.hpp"

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::redis::detail {

using counts = std::map<std::string, int>;

/// One connection as the server sees it. Each command is named by its second word. A replica executes reads alone.
class far_side {
public:
    far_side(counts& done, bool replica) : done_(&done), replica_(replica) {}

    void hear(std::string_view bytes) {
        while (ears_.feed(bytes) == parser::status::message)
            act(ears_.take());
    }
    bool has_word() const { return !says_.empty(); }
    reply word() {
        auto out = std::move(says_.front());
        says_.pop_front();
        return out;
    }

private:
    void act(const reply& words) {
        const auto& verb = words.items().front().as_text();
        if (verb == "MULTI") {
            within_ = true;
            return say("OK");
        }
        if (verb == "EXEC") {
            within_ = false;
            return says_.push_back(execute_queued());
        }
        const auto& id = words.items()[1].as_text();
        if (replica_ && !id.starts_with("read")) {
            aborted_ = within_;
            return says_.push_back(reply("READONLY", reply::kind::error));
        }
        if (!within_)
            return says_.push_back(execute(id));
        queued_.push_back(id);
        say("QUEUED");
    }
    reply execute_queued() {
        const auto all = std::exchange(queued_, {});
        if (std::exchange(aborted_, false))
            return reply("EXECABORT", reply::kind::error);
        reply::list out;
        for (const auto& each : all)
            out.push_back(execute(each));
        return reply(std::move(out));
    }
    reply execute(const std::string& id) {
        ++(*done_)[id];
        return reply(id);
    }
    void say(std::string text) { says_.emplace_back(std::move(text)); }

    counts* done_;
    parser ears_;
    bool replica_;
    bool within_ = false;
    bool aborted_ = false;
    std::vector<std::string> queued_;
    std::deque<reply> says_;
};

} // namespace infra::redis::detail
