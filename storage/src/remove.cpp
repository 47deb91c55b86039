#include "remove.hpp"

#include "checks.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace infra::storage {
namespace {

awaitable<void> remove_once(core_ptr core, std::string key, std::string if_match, attempt now) {
    try {
        co_await core->to().remove(key, if_match, now.limit);
    } catch (const storage_error& e) {
        if (e.code() != errc::not_found) // that is removed already
            throw;
    }
}

awaitable<void> remove_one(core_ptr core, std::string key, std::string if_match, deadline limit) {
    const asking<void> once = [core, key, if_match](attempt now) { return remove_once(core, key, if_match, now); };
    co_await core->calls.run<void>({.op = "remove", .key = key}, once, limit);
}

// --- Many -------------------------------------------------------------------------------------------------------

/// Keys that go as one request, and what has become of them.
class slice {
public:
    explicit slice(std::span<remove_outcome> all) {
        for (auto& each : all)
            pending_.push_back(&each);
    }

    bool is_done() const noexcept { return pending_.empty(); }

    std::vector<std::string> keys() const {
        std::vector<std::string> all;
        for (const auto* each : pending_)
            all.push_back(each->key);
        return all;
    }

    /// Keeps those that may be removed yet; throws the first one's failure if there are any, for another attempt.
    void sort_out(std::vector<remove_outcome> answers) {
        std::vector<remove_outcome*> left;
        for (auto* each : pending_) {
            each->failure = failure_of(each->key, answers);
            if (each->failure && each->failure->retryable())
                left.push_back(each);
        }
        pending_ = std::move(left);
        if (!is_done())
            throw storage_error(*pending_.front()->failure);
    }

    void fail(const storage_error& why) {
        for (auto* each : std::exchange(pending_, {}))
            each->failure = why;
    }

    std::vector<remove_outcome*> take() { return std::exchange(pending_, {}); }

private:
    static std::optional<storage_error> failure_of(const std::string& key, const std::vector<remove_outcome>& answers) {
        const auto found = std::ranges::find(answers, key, &remove_outcome::key);
        if (found == answers.end())
            return storage_error(infra::errc::unavailable,
                                 "remove " + key + ": the store did not say what became of it",
                                 {.name = "unavailable", .retryable = true, .uncertain = true});
        return found->failure; // a copy, since a key may be there twice
    }

    std::vector<remove_outcome*> pending_;
};

awaitable<void> remove_once(core_ptr core, slice* some, attempt now) {
    some->sort_out(co_await core->to().remove_many(some->keys(), now.limit));
}

awaitable<void> remove_each(core_ptr core, std::vector<remove_outcome*> some) {
    for (auto* each : some) {
        std::exception_ptr thrown;
        try {
            co_await remove_one(core, each->key, {}, core->limit_of({}));
            each->failure.reset();
        } catch (...) {
            thrown = std::current_exception();
        }
        if (thrown)
            each->failure = failure_of(thrown);
    }
}

awaitable<void> remove_slice(core_ptr core, std::span<remove_outcome> some) {
    slice all(some);
    const asking<void> once = [core, &all](attempt now) { return remove_once(core, &all, now); };
    std::exception_ptr thrown;
    try {
        co_await core->calls.run<void>({.op = "remove_many"}, once, core->limit_of({}));
        co_return;
    } catch (...) {
        thrown = std::current_exception();
    }
    const auto failure = failure_of(thrown);
    if (failure.code() == errc::unsupported)
        co_await remove_each(core, all.take());
    else
        all.fail(failure);
}

// Those that cannot be keys have failed already.
std::vector<remove_outcome> outcomes_of(const core& core, std::vector<std::string> keys,
                                        std::vector<remove_outcome>& going) {
    std::vector<remove_outcome> all;
    for (auto& each : keys) {
        all.push_back({.key = std::move(each)});
        try {
            going.push_back({.key = core.full(all.back().key)});
        } catch (const storage_error& e) {
            all.back().failure = e;
        }
    }
    return all;
}

} // namespace

awaitable<void> remove_object(core_ptr core, std::string key, remove_options options) {
    auto condition = checked({.if_match = options.if_match}, core->to().traits()).if_match;
    co_await remove_one(core, core->full(key), std::move(condition), core->limit_of(options.limit));
}

awaitable<std::vector<remove_outcome>> remove_objects(core_ptr core, std::vector<std::string> keys) {
    std::vector<remove_outcome> going;
    auto all = outcomes_of(*core, std::move(keys), going);
    const auto most = std::max<std::size_t>(core->to().traits().max_remove, 1);
    for (std::span<remove_outcome> rest = going; !rest.empty();) {
        const auto some = rest.first(std::min(most, rest.size()));
        co_await remove_slice(core, some);
        rest = rest.subspan(some.size());
    }
    auto done = going.begin();
    for (auto& each : all)
        if (!each.failure)
            each.failure = std::move((done++)->failure);
    co_return all;
}

awaitable<void> remove_version(core_ptr core, std::string key, std::string etag, deadline limit) {
    const bool can = core->to().traits().conditional_writes;
    bool is_refused = false;
    try {
        co_await remove_one(core, key, can ? etag : std::string(), limit);
    } catch (const storage_error& e) {
        if (!can || e.code() != errc::unsupported)
            throw;
        is_refused = true;
    }
    if (is_refused)
        co_await remove_one(core, key, {}, limit);
}

} // namespace infra::storage
