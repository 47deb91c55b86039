#pragma once

/// Everything that can happen to callers and their connection, in any order, against a server that counts what it does.

#include "src/multiplexer.hpp"

#include "tests/far_side.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <functional>
#include <list>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace infra::redis::detail {

struct caller {
    std::vector<command> commands{};
    std::vector<reply> replies{};
    std::vector<std::string> ids{};
    request r{};
    int refusals = 0;
};

inline void demand(bool holds, const std::string& what) {
    if (!holds)
        throw std::logic_error(what);
}

/// Callers, a multiplexer and its connections. `choose(n)` gives a number below n: whatever it gives, promises are kept.
/// Throws std::logic_error when one is broken.
class world {
public:
    using chooser = std::function<std::size_t(std::size_t)>;

    explicit world(chooser choose) : below(std::move(choose)) {}
    ~world() {
        for (auto& each : all_)
            m_.forget(each.r);
    }
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    void step() {
        switch (below(12)) {
        case 0:
        case 1: return ask();
        case 2:
        case 3: return write();
        case 4:
        case 5:
        case 6: return answer();
        case 7: return send_again(), collect();
        case 8: return give_up();
        case 9: return pass_time();
        case 10: return below(4) == 0 ? lose() : void();
        default: return refuse();
        }
    }

    void end() {
        lose();
        m_.fail_all(infra::errc::closed, errc::lost);
        collect();
        demand(m_.callers() == 0 && m_.is_idle(), "somebody still waits");
        demand(m_.commands() == 0 && m_.bytes() == 0, "it holds room for nobody");
        for (const auto& [id, times] : done_)
            demand(times <= (id.starts_with("never") ? 1 : 4 + most_refusals), id + " was executed too often");
        for (const auto& id : promised_undone_)
            demand(done_[id] == 0, id + " was said not to have been executed");
    }

    std::size_t answered = 0, failed = 0, refused = 0;

private:
    void refuse() {
        const auto what = below(8);
        if (what == 0)
            m_.fail_waiting(errc::refused, errc::lost);
        else if (what == 1)
            m_.fail_who_may_go_anywhere(errc::not_connected);
    }

    command some_command(caller& c) {
        static constexpr const char* verbs[] = {"GET", "SET", "INCR"};
        static constexpr const char* kinds[] = {"read", "idempotent", "never"};
        const auto kind = below(3);
        c.ids.push_back(std::string(kinds[kind]) + std::to_string(++last_id_));
        command made{verbs[kind], c.ids.back()};
        return kind == 1 ? made.add(std::string(below(300), 'x')) : made;
    }

    void ask() {
        auto& c = all_.emplace_back();
        c.r.atomic = below(4) == 0;
        c.r.anywhere = below(4) == 0;
        if (c.r.atomic)
            c.commands.emplace_back("MULTI");
        for (auto n = 1 + below(3); n > 0; --n)
            c.commands.push_back(some_command(c));
        if (c.r.atomic)
            c.commands.emplace_back("EXEC");
        c.replies.resize(c.commands.size());
        c.r.commands = c.commands;
        c.r.replies = c.replies;
        c.r.limit = deadline(now_ + std::chrono::milliseconds(below(50)));
        const auto before = m_.commands();
        if (m_.add(c.r))
            demand(m_.commands() <= bounds.max_commands || before == 0, "it took more than it may");
        else
            m_.refuse(c.r, infra::errc::overloaded);
    }

    // Some of it arrives, and perhaps more than one is told of.
    void write() {
        tell();
        const auto bytes = m_.to_write();
        const auto size = below(3) == 0 ? below(bytes.size() + 1) : bytes.size();
        far_.hear(bytes.substr(0, size));
        untold_ = size;
        if (below(2) == 0)
            tell();
    }
    void tell() { m_.written(std::exchange(untold_, 0)); }

    void answer() {
        if (!far_.has_word())
            return;
        auto word = far_.word();
        if (word.error_code() == "READONLY")
            m_.refuse_oldest();
        demand(m_.answer(std::move(word)), "an answer was nobody's");
        if (below(2) == 0)
            send_again();
    }

    // Of whom a replica refused something.
    void send_again() {
        while (auto* const r = m_.next_refused()) {
            ++refused;
            auto& c = caller_of(*r);
            const auto from = undone_from(c);
            if (from && ++c.refusals <= most_refusals)
                m_.send_again(*r, *from);
            else
                m_.settle(*r);
        }
    }

    static std::optional<std::size_t> undone_from(const caller& c) {
        if (c.r.atomic)
            return c.replies.back().is_error() ? std::optional<std::size_t>(0) : std::nullopt;
        const auto first = std::ranges::find_if(c.replies, &reply::is_error) - c.replies.begin();
        for (auto i = static_cast<std::size_t>(first); i < c.replies.size(); ++i)
            if (!c.replies[i].is_error() && !c.ids[i].starts_with("read"))
                return std::nullopt;
        return static_cast<std::size_t>(first);
    }

    void lose() {
        if (below(2) == 0)
            tell();
        m_.lost(untold_ > 0);
        untold_ = 0;
        far_ = far_side(done_, below(3) == 0);
    }

    void pass_time() {
        now_ += std::chrono::milliseconds(below(5));
        m_.expire(now_, errc::not_connected);
        demand(m_.earliest() > now_, "a deadline that has passed was left");
    }

    void give_up() {
        if (all_.empty() || below(3) != 0)
            return;
        auto at = std::next(all_.begin(), static_cast<std::ptrdiff_t>(below(all_.size())));
        if (below(2) == 0)
            return m_.cancel(at->r, boost::asio::error::operation_aborted);
        m_.forget(at->r);
        all_.erase(at);
    }

    void collect() {
        while (auto* const r = m_.next_finished()) {
            const auto& c = caller_of(*r);
            judge(c);
            std::erase_if(all_, [&](const caller& each) { return &each == &c; });
        }
    }

    caller& caller_of(const request& r) {
        const auto at = std::ranges::find_if(all_, [&](const caller& c) { return &c.r == &r; });
        demand(at != all_.end(), "one ended who had gone");
        return *at;
    }

    void judge(const caller& c) {
        if (!c.r.failure)
            return judge_replies(c);
        ++failed;
        const bool unsent = !may_have_been_executed(c.r.failure) && !c.r.sent;
        if (unsent)
            promise_undone(c);
        if (c.r.failure != boost::asio::error::operation_aborted)
            demand(unsent == !may_have_been_executed(c.r.failure), c.r.failure.message());
    }

    // A replica that refuses the rest has read.
    void promise_undone(const caller& c) {
        for (const auto& id : c.ids)
            if (c.refusals == 0 || !id.starts_with("read"))
                promised_undone_.push_back(id);
    }

    void judge_replies(const caller& c) {
        if (std::ranges::any_of(c.replies, &reply::is_error))
            return judge_refusal(c);
        ++answered;
        const auto& list = c.r.atomic ? c.replies.back().items() : c.replies;
        demand(list.size() == c.ids.size(), "an answer is missing");
        for (std::size_t i = 0; i < list.size(); ++i)
            demand(list[i].as_text() == c.ids[i], "an answer is somebody else's");
    }

    // What one that counts was refused it was not done.
    void judge_refusal(const caller& c) {
        for (std::size_t i = 0; i < c.ids.size(); ++i)
            if (c.ids[i].starts_with("never") && (c.r.atomic || c.replies[i].is_error()))
                promised_undone_.push_back(c.ids[i]);
    }

    static constexpr int most_refusals = 3;
    static constexpr multiplexer_bounds bounds{.max_commands = 12, .max_bytes = 1500, .block_bytes = 200};
    const chooser below;
    multiplexer m_{bounds};
    counts done_;
    far_side far_{done_, false};
    std::list<caller> all_;
    std::vector<std::string> promised_undone_;
    std::size_t untold_ = 0;
    std::uint64_t last_id_ = 0;
    steady_time now_{std::chrono::hours(12)};
};

} // namespace infra::redis::detail
