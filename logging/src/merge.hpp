#pragma once

// Records of several rings in the order of their times.
//
// A record made earlier may be written a moment later, on another thread. So a round reads all that is there now, but
// only until everything is through that was there in the round before: whoever was writing then has had the time of a
// round to finish, and what it wrote is in its place; whoever was stopped meanwhile says so, and sets the round's limit.
// Within a ring the order is the ring's.

#include "record.hpp"
#include "ring.hpp"

#include <vector>

namespace infra::logging::detail {

class merge {
public:
    struct input {
        const ring* from;
        ring::position at;   // read up to here
        ring::position must; // to be read at least up to here
        ring::position end;  // and at most up to here
        char* head = nullptr;
        std::uint64_t time = 0;
    };

    static constexpr auto no_limit = static_cast<std::uint64_t>(-1);

    /// Starts a round of so many rings; nothing later than `latest` is given out. Of these calls only
    /// this one may throw.
    void start(std::size_t rings, std::uint64_t latest = no_limit) {
        latest_ = latest;
        inputs_.clear();
        inputs_.reserve(rings);
        current_ = none;
        unfinished_ = 0;
    }
    void add(const ring& from, ring::position must, ring::position end) noexcept {
        inputs_.push_back({&from, from.begin(), must, end});
        look(inputs_.back());
        unfinished_ += inputs_.back().at < must;
    }

    /// The next record, or null when the round is over. It is read once the next one is asked for.
    char* next() noexcept;

    /// True if something that had to be read is later than the limit.
    bool unfinished() const noexcept { return unfinished_ > 0; }

    /// Index of the ring that the last record came from.
    std::size_t current() const noexcept { return current_; }

    /// Up to where the ring was read, the last record included.
    const std::vector<input>& inputs() const noexcept { return inputs_; }

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    void look(input& i) noexcept {
        i.head = i.from->next(i.at, i.end);
        i.time = i.head ? head_of(i.head).time : 0;
    }
    void step() noexcept;
    void choose() noexcept;

    std::vector<input> inputs_;
    std::size_t current_ = none;
    std::uint64_t until_ = 0; // the current ring is the earliest up to this time
    std::size_t unfinished_ = 0;
    std::uint64_t latest_ = no_limit;
};

} // namespace infra::logging::detail
