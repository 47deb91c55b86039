#pragma once

// What one client knows of one channel, and whether it was told the truth: each publisher numbers what it says, and a number that does not
// come must have been spoken of.

#include <infra/base/json.hpp>
#include <infra/realtime/message.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace infra::realtime {

class ledger {
public:
    /// What each publisher has said in the channel by now.
    using numbers = std::map<std::int64_t, std::int64_t>;

    /// `counts_all`: as many are told of as are missing. Otherwise who misses something has been told that there is something: a gap that stands
    /// in the history, and has become too old for it, is one of the missing then.
    ledger(bool has_history, bool counts_all) : has_history_(has_history), counts_all_(counts_all) {}

    /// A client goes on from where it knows to be, or begins anew. In a channel with a history it is owed from then on whatever is said after
    /// `said`, otherwise what comes after the first that it hears.
    void begin(const json::object& subscribed, const numbers& said) {
        if (subscribed.contains("recovered")) {
            const bool all = subscribed.at("recovered").as_bool();
            ++(all ? resumed_ : not_resumed_);
            if (all)
                return;
        }
        owed_after_ = has_history_ ? said : numbers();
        excused_to_.clear();
        heard_.clear();
        last_placed_.clear();
        told_ = 0;
        place_.reset();
        reached_ = 0;
        if (subscribed.contains("epoch"))
            move_to(
                {std::string(subscribed.at("epoch").as_string()), subscribed.at("offset").to_number<std::uint64_t>()});
    }

    void gap(const json::object& data, std::uint64_t offset, const numbers& said) {
        const auto dropped = data.at("dropped").to_number<std::int64_t>();
        told_ += dropped;
        gaps_ += dropped;
        if (dropped == 0) { // nobody knows how many
            ++doubts_;
            excused_to_ = said;
        }
        if (data.contains("epoch"))
            place_ = position{std::string(data.at("epoch").as_string()), 0};
        if (data.contains("offset"))
            offset = data.at("offset").to_number<std::uint64_t>();
        if (offset > 0)
            reach(offset);
    }

    void hear(std::int64_t from, std::int64_t number, std::uint64_t offset) {
        ++messages_;
        EXPECT_TRUE(heard_[from].insert(number).second) << number << " of " << from << " has been said twice";
        if (offset == 0)
            return;
        EXPECT_GT(offset, reached_) << "not rising";
        EXPECT_GT(number, std::exchange(last_placed_[from], number)) << "out of order, by " << from;
        reach(offset);
    }

    /// Of what was said by now; or, if notices have to come in time, up to the last that was heard.
    void check(const numbers& said, bool in_time) {
        std::int64_t missing = 0;
        std::string which;
        for (const auto& [from, last] : said) {
            const auto& heard = heard_[from];
            if (heard.empty() && (in_time || !owed_after_.contains(from)))
                continue;
            const auto excused = std::max<std::int64_t>(excused_to_[from], 0);
            const auto after = owed_after_.contains(from) ? owed_after_[from] : *heard.begin();
            for (auto n = std::max(after, excused) + 1; n <= (in_time ? *heard.rbegin() : last); ++n)
                if (!heard.contains(n)) {
                    ++missing;
                    which += " " + std::to_string(n) + " of " + std::to_string(from);
                }
        }
        EXPECT_LE(missing, counts_all_ ? told_ : told_ * missing) << which;
    }

    /// Where to resume, if that is known.
    const std::optional<position>& place() const noexcept { return place_; }
    bool has_heard(std::int64_t from, std::int64_t number) const {
        const auto found = heard_.find(from);
        return found != heard_.end() && found->second.contains(number);
    }
    std::int64_t messages() const noexcept { return messages_; }
    std::int64_t gaps() const noexcept { return gaps_; }
    std::int64_t doubts() const noexcept { return doubts_; }
    std::int64_t resumed() const noexcept { return resumed_; }
    std::int64_t not_resumed() const noexcept { return not_resumed_; }

private:
    void move_to(position at) {
        reached_ = at.offset;
        place_ = std::move(at);
    }
    void reach(std::uint64_t offset) {
        reached_ = offset;
        if (place_)
            place_->offset = offset;
    }

    const bool has_history_;
    const bool counts_all_;
    numbers owed_after_, excused_to_, last_placed_;
    std::map<std::int64_t, std::set<std::int64_t>> heard_;
    std::optional<position> place_;
    std::uint64_t reached_ = 0;
    std::int64_t told_ = 0; // of gaps, since it began
    std::int64_t messages_ = 0, gaps_ = 0, doubts_ = 0, resumed_ = 0, not_resumed_ = 0;
};

} // namespace infra::realtime
