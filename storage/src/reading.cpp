#include "reading.hpp"

#include "hedge.hpp"

#include <infra/base/with_deadline.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace infra::storage {

awaitable<std::string> in_time(core_ptr core, awaitable<std::string> piece, std::string what, deadline limit) {
    const auto until = earlier(limit, deadline::after(core->options.timeout, core->time().steady()));
    try {
        co_return co_await with_deadline(std::move(piece), until, core->time());
    } catch (const storage_error&) {
        throw;
    } catch (const error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
    }
    throw storage_error(infra::errc::timed_out,
                        what + ": no byte came within " + std::to_string(core->options.timeout.count()) + " ms",
                        {.name = "timed_out", .retryable = true, .fresh_connection = true});
}

// --- Into memory ------------------------------------------------------------------------------------------------

namespace {

void refuse_over(std::size_t most, const arrival& of) {
    if (of.length() > most)
        throw storage_error(errc::too_large, "get " + of.info().key + ": " + std::to_string(of.length()) +
                                                 " bytes are more than the " + std::to_string(most) +
                                                 " that max_bytes allows; read it with open() or download()");
}

/// What the attempts of one get have brought until now.
struct collected {
    arrival of;
    std::string bytes{};

    void restart() {
        of.restart();
        bytes.clear();
    }
};

storage_error to_be_read_anew(const storage_error& e) {
    return {e.code(), e.what(), {.name = e.name(), .status = e.status(), .retryable = true}};
}

awaitable<void> collect(core_ptr core, std::shared_ptr<collected> into, std::size_t most, deadline head_limit,
                        deadline limit) {
    auto answer = co_await ask_and_hedge(core, into->of.next_request(), head_limit);
    into->of.answered(answer);
    refuse_over(most, into->of);
    into->bytes.reserve(into->of.length());
    while (true) {
        const auto piece = co_await in_time(core, answer.pieces(), "get " + into->of.info().key, limit);
        into->of.took(piece); // the end as well: no bytes at all may be wrong, too
        if (piece.empty())
            break;
        core->metrics.received(piece.size());
        into->bytes += piece;
    }
    into->of.ended();
}

// Where a caller has seen nothing yet, an object that was replaced or came wrong may be read from its beginning.
awaitable<void> collect_or_restart(core_ptr core, std::shared_ptr<collected> into, std::size_t most,
                                   deadline head_limit, deadline limit) {
    const bool goes_on = into->of.has_begun();
    try {
        co_await collect(core, into, most, head_limit, limit);
    } catch (const storage_error& e) {
        if (e.code() == errc::integrity)
            into->restart();
        if (!goes_on || e.code() != errc::precondition)
            throw;
        into->restart();
        throw to_be_read_anew(e);
    }
}

} // namespace

awaitable<object> read_whole(core_ptr core, get_request what, std::size_t most, deadline limit) {
    request_kind how{.op = "get", .key = what.key, .time = std::chrono::milliseconds::max()};
    const auto into = std::make_shared<collected>(arrival(std::move(what)));
    const auto* const options = &core->options;
    const asking<void> once = [core, into, most, limit, options](attempt) {
        const auto head_limit = earlier(limit, deadline::after(options->attempt_timeout, core->time().steady()));
        return collect_or_restart(core, into, most, head_limit, limit);
    };
    co_await core->calls.run<void>(std::move(how), once, limit);
    co_return object{into->of.info(), std::move(into->bytes)};
}

// --- As it comes ------------------------------------------------------------------------------------------------

awaitable<void> reading::ask() {
    const asking<opened> once = [this](attempt a) { return core_->to().get(arrival_.next_request(), a.limit); };
    auto answer = co_await core_->calls.run<opened>({.op = "get", .key = key_}, once, limit_);
    arrival_.answered(answer);
    pieces_ = std::move(answer.pieces);
}

awaitable<std::string> reading::one_more() {
    auto piece = co_await in_time(core_, pieces_(), "get " + key_, limit_);
    if (piece.empty())
        arrival_.ended();
    arrival_.took(piece);
    core_->metrics.received(piece.size());
    co_return piece;
}

awaitable<void> reading::pause_after(storage_error failure) {
    pieces_ = nullptr;
    const auto next = core_->calls.plan(failure, ++failed_, true, limit_);
    if (!next.pause)
        throw summed_up(failure, failed_, false, next.reason);
    co_await core_->time().sleep_for(*next.pause);
}

awaitable<std::string> reading::next() {
    while (true) {
        if (!pieces_)
            co_await ask();
        std::exception_ptr thrown;
        try {
            auto piece = co_await one_more();
            failed_ = 0;
            co_return piece;
        } catch (...) {
            thrown = std::current_exception();
        }
        const auto failure = failure_of(thrown);
        if (failure.code() == errc::integrity) {
            core_->metrics.checksum_failed();
            throw storage_error(failure); // what has been given already cannot be taken back
        }
        co_await pause_after(failure);
    }
}

} // namespace infra::storage
