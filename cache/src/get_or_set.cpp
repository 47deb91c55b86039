#include "keys.hpp"
#include "load.hpp"

#include <infra/base/with_deadline.hpp>

#include <boost/asio/this_coro.hpp>

namespace infra::cache::detail {
namespace {

using heard = std::shared_ptr<const flight_result>;

/// Begins a refresh unless one runs. It is the reader's no more: what fails here fails nobody.
awaitable<void> begin_refresh(shared_core in, request r) {
    const auto ex = co_await asio::this_coro::executor;
    r.place = co_await key_in_store(in, r.key);
    if (auto mine = in->shared->flying->try_lead(r.place))
        lead_behind(in, ex, std::move(r), std::move(*mine));
}

/// Whether the result is an answer for this caller: not if it was made before a tag was made void, perhaps before this call,
/// nor where it is the memory of an absence that this caller cannot be told.
awaitable<bool> is_for(shared_core in, request r, heard result) {
    if (result->failure)
        co_return true;
    if (!result->value && !r.takes_none)
        co_return false;
    co_return co_await still_hold(in, result->tags);
}

/// One who waits for another's load.
awaitable<std::optional<payload>> take(shared_core in, request r, std::optional<found_value> old, heard result) {
    if (result->failure && may_stand_in(old, in->now_ms(), r.options)) {
        if (const auto now = co_await stand_in(in, r, std::move(old)))
            co_return served(*in, *now);
    }
    in->counts.misses.add();
    if (result->failure)
        std::rethrow_exception(result->failure);
    co_return result->value;
}

awaitable<std::optional<payload>> serve_late(shared_core in, request r, std::optional<found_value> old) {
    if (const auto now = co_await stand_in(in, r, std::move(old)))
        co_return served(*in, *now);
    throw error(infra::errc::timed_out, "the load of a cached value that another caller began takes too long");
}

/// Empty if it takes longer than that. A null result: lead yourself.
awaitable<std::optional<heard>> hear(flights::seat* mine, deadline limit, clock& time) {
    try {
        co_return co_await with_deadline(mine->wait(), limit, time);
    } catch (const boost::system::system_error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
    }
    co_return std::nullopt;
}

/// In line, or, where there is an old value and a soft timeout, behind: then nobody leads in line, whatever happens.
awaitable<std::optional<payload>> load_now(shared_core in, request r, std::optional<found_value> old) {
    const auto ex = co_await asio::this_coro::executor;
    auto& time = in->shared->time;
    const bool hurried = r.options.soft_timeout && may_stand_in(old, in->now_ms(), r.options);
    const auto limit = deadline::after(hurried ? *r.options.soft_timeout : longest_wait(r.options), time.steady());
    while (!limit.passed(time.steady())) {
        r.place = co_await key_in_store(in, r.key);
        auto mine = in->shared->flying->join(r.place, ex);
        if (!mine.leads()) {
            const auto result = co_await hear(&mine, limit, time);
            if (!result)
                break;
            if (*result && co_await is_for(in, r, *result))
                co_return co_await take(in, std::move(r), std::move(old), *result);
            if (*result)
                continue;
        }
        if (!hurried)
            co_return co_await lead(in, std::move(r), std::move(old), std::move(mine), limit);
        if (!lead_behind(in, ex, r, std::move(mine)))
            break;
    }
    co_return co_await serve_late(in, std::move(r), std::move(old));
}

} // namespace

awaitable<std::optional<payload>> get_or_set(shared_core in, std::string key, load_options options, bool takes_none,
                                             load_function load) {
    check_key(key);
    check(options);
    request r{.key = std::move(key), .options = std::move(options), .takes_none = takes_none, .load = std::move(load)};
    std::optional<found_value> found(std::in_place);
    switch (look_now(*in, r.key, *found)) { // a frame less than look(), for what is there
    case lookup::hit: break;
    case lookup::miss: found.reset(); break;
    case lookup::unknown: found = co_await look_elsewhere(in, r.key);
    }
    const auto what = judge(found, in->now_ms(), r.options, r.takes_none);
    if (what == verdict::load)
        co_return co_await load_now(std::move(in), std::move(r), std::move(found));
    auto value = served(*in, *found);
    if (what == verdict::serve_and_refresh)
        co_await begin_refresh(std::move(in), std::move(r));
    co_return value;
}

void throw_nothing_there() {
    throw error(errc::wrong_type, "another caller's loader for this key found nothing, and this one's type knows no "
                                  "nothing; give an optional");
}

} // namespace infra::cache::detail
