#pragma once

// Many callers, one connection: who is sent when, and whose a reply is. No I/O, no clock.
//
//     add ── waiting ──to_write──> in flight ──answer──> finished
//             ^  ^                    │  │  │               ^
//             │  └── lost: untouched, │  │  └── lost: otherwise (errc::lost)
//             │      or does no harm ─┘  │
//             └───────send_again── refused ──settle──> finished
//
// What is in flight is answered in order, which is all that tells replies apart.
// cancel() and expire() end a request at any point. Of one in flight the place is kept, and its replies are dropped.

#include "request.hpp"

#include <deque>
#include <string>
#include <string_view>

namespace infra::redis::detail {

struct multiplexer_bounds {
    std::size_t max_commands = 100'000;
    std::size_t max_bytes = 64 * 1024 * 1024;
    std::size_t block_bytes =
        64 * 1024; ///< what is written at once, if there is as much; a larger request is its own block
};

class multiplexer {
public:
    explicit multiplexer(multiplexer_bounds bounds = {}) : bounds_(bounds) {}

    // --- Callers ---

    /// False, and nothing happens, when it would exceed a bound. What is alone is always taken.
    bool add(request& r);

    /// It ends at once, and takes its turn among those that have.
    void refuse(request& r, boost::system::error_code why) noexcept;

    /// Ends it, unless it has ended.
    void cancel(request& r, boost::system::error_code why) noexcept;

    /// The same for good: nothing refers to it any more.
    void forget(request& r) noexcept;

    // --- The writer ---

    /// What to write next: the rest of the last block, or a new one. Stays where it is until written() has been told of
    /// all of it. Empty where there is no memory for any: those who wait have ended so.
    std::string_view to_write();
    void written(std::size_t bytes);
    bool has_to_write() const noexcept { return offset_ < block_.size() || !waiting_.empty(); }

    // --- The reader ---

    /// False when nobody waits for a reply.
    bool answer(reply&& r);

    /// The command whose reply is due, if its caller is still there.
    const command* oldest() const noexcept;

    /// The next block, alone, before all who wait: when nothing is in flight.
    void add_alone(request& r);

    // --- Who was refused ---

    /// Whose reply is due is refused: once all of them are there it does not end, but is given by next_refused().
    void refuse_oldest() noexcept;

    /// Takes one of those, in the order in which they were answered; null when there is none. It is to be sent again or
    /// settled.
    request* next_refused() noexcept;

    /// Waits again for all replies from this one on, before those that came later. It was let in, so no bound keeps it out.
    void send_again(request& r, std::size_t from) noexcept;

    /// Ends with the replies that it has.
    void settle(request& r) noexcept { finish(r, {}); }

    // --- The connection ---

    /// It is gone. `rest_may_have_left`: of what was to be written, nobody knows how much left.
    void lost(bool rest_may_have_left) noexcept;

    /// The one whose reply is due ends so; then call lost().
    void fail_oldest(boost::system::error_code why) noexcept;
    void fail_waiting(boost::system::error_code unsent,
                      boost::system::error_code sent) noexcept;            ///< sent: on a connection before
    void fail_who_may_go_anywhere(boost::system::error_code why) noexcept; ///< of those that wait, and never were sent
    void fail_all(boost::system::error_code unsent, boost::system::error_code sent) noexcept;

    /// Ends those whose deadline has passed: with errc::unanswered where sent, otherwise with `unsent`.
    void expire(steady_time now, boost::system::error_code unsent) noexcept;

    // --- What there is ---

    /// Takes one of those that have ended, in the order in which they did; null when there is none.
    request* next_finished() noexcept;
    std::size_t finished() const noexcept { return finished_.size(); }

    /// No deadline passes before this. max() when there is none.
    steady_time earliest() const noexcept { return earliest_; }

    std::size_t callers() const noexcept { return callers_; } ///< who wait for their end
    bool answer_is_due() const noexcept; ///< the server has all of a request that it has not answered
    bool owes_answers() const noexcept { return !in_flight_.empty(); }
    bool is_idle() const noexcept { return in_flight_.empty() && waiting_.empty() && refused_.empty(); }
    std::size_t commands() const noexcept { return commands_; }
    std::size_t bytes() const noexcept { return bytes_; }
    std::size_t waiting() const noexcept { return waiting_.size(); }
    std::uint64_t replayed() const noexcept { return replayed_; }
    std::size_t in_last_block() const noexcept { return in_block_; } ///< commands
    bool at_start_of_block() const noexcept { return offset_ == 0; }
    bool in_block() const noexcept { return offset_ < block_.size(); } ///< of which the rest has to follow

private:
    // The place of a request among those whose replies are due, kept when it has gone.
    struct slot {
        request* of = nullptr;
        std::size_t left = 0;    // replies
        std::size_t bytes = 0;   // on the wire
        std::uint64_t begin = 0; // in the stream of what this connection sends
    };

    slot& slot_of(const request& r) { return in_flight_[static_cast<std::size_t>(r.place - first_place_)]; }
    void wait(request& r) noexcept;
    void stage(request& r);
    void finish(request& r, boost::system::error_code why) noexcept;
    void abandon(request& r) noexcept;
    void unlink(request_list& from, request& r) noexcept;
    void line_up(request& r) noexcept;
    void leave_line(request& r) noexcept;
    bool untouched(const slot& s, std::uint64_t left) const noexcept;
    static bool harmless_to_repeat(const request& r) noexcept;
    bool is_sent_again(const slot& s, std::uint64_t left) noexcept;

    multiplexer_bounds bounds_;
    request_list waiting_;
    request_list::iterator came_later_ = waiting_.end(); // than what is in flight: the first that was not sent since
    request_list refused_;
    request_list finished_;
    std::deque<slot> in_flight_;
    std::uint64_t first_place_ = 0; // of in_flight_.front()
    std::string block_;
    std::size_t offset_ = 0;   // of block_, written
    std::size_t in_block_ = 0; // commands
    std::uint64_t staged_ = 0; // bytes of this connection's stream
    std::uint64_t sent_ = 0;   // likewise
    std::size_t callers_ = 0;
    std::size_t commands_ = 0;
    std::size_t bytes_ = 0;
    std::uint64_t replayed_ = 0;
    steady_time earliest_ = steady_time::max();
};

} // namespace infra::redis::detail
