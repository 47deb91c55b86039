#pragma once

// A node of a test, and what joins such nodes.

#include <infra/realtime/broker.hpp>
#include <infra/testing/test_loop.hpp>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace infra::realtime {

/// What joins the nodes of a test.
class broker_medium {
public:
    virtual ~broker_medium() = default;
    virtual std::shared_ptr<broker> node(std::size_t n) = 0; ///< the n-th, from 0; once for each
    virtual void cut(std::size_t n) = 0;                     ///< the link of this one
    virtual void mend(std::size_t n) = 0;
    /// Whether all of the n-th has noticed that it is cut.
    virtual bool has_noticed(std::size_t n, const broker& b) const { return static_cast<void>(n), !b.is_up(); }
    virtual void forget_all() = 0; ///< all that is kept, while no node is linked
};

/// A node without a hub: it writes down what it is told, one line each: `1 said "a"`, `gap 3`, `join anna`.
class test_node final : public broker_listener {
public:
    test_node(infra::testing::test_loop& loop, std::shared_ptr<broker> b) : at(std::move(b)), loop_(loop) {}

    void published(const std::string& channel, envelope e) override {
        positions.push_back(e.at);
        messages.push_back(e);
        lines.push_back(prefix(channel) + (e.at.offset > 0 ? std::to_string(e.at.offset) + " " : "") + e.what.type +
                        (e.what.data.is_null() ? "" : " " + json::to_text(e.what.data)));
    }
    void gap(const std::string& channel, std::uint64_t dropped, position now) override {
        lines.push_back(prefix(channel) + "gap " + std::to_string(dropped));
        gaps.push_back(now);
    }
    void joined(const std::string& channel, member who) override {
        lines.push_back(prefix(channel) + "join " + who.user);
    }
    void left(const std::string& channel, member who) override {
        lines.push_back(prefix(channel) + "leave " + who.user);
    }
    void disconnect(disconnection what) override {
        if (what.id.empty() || obeyed.insert(what.id).second)
            lines.push_back("disconnect " + what.user + " " + std::string(to_string(what.code)));
    }
    void link(bool up) override { links.push_back(up); }

    /// Until this many lines have come; gives them, and forgets them.
    std::vector<std::string> heard(std::size_t count) {
        loop_.until([&] { return lines.size() >= count; });
        return std::exchange(lines, {});
    }

    std::shared_ptr<broker> at;
    std::vector<std::string> lines;
    std::vector<position> positions, gaps;
    std::vector<envelope> messages;
    std::vector<bool> links;
    std::set<std::string> obeyed; ///< ids of disconnections
    std::shared_ptr<infra::testing::outcome<bool>> running;

private:
    // The channel of most tests needs no name.
    static std::string prefix(const std::string& channel) { return channel == "room:1" ? "" : channel + ": "; }
    infra::testing::test_loop& loop_;
};

} // namespace infra::realtime
