#pragma once

// A store that knows nothing without being awaited, as one on another machine does.

#include "support.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <map>
#include <utility>

namespace infra::cache::tests {

/// Of the processes that share a store: who holds which lease.
using shared_leases = std::shared_ptr<std::map<std::string, std::string>>;

class far_store final : public store {
public:
    explicit far_store(std::shared_ptr<store> there,
                       shared_leases leases = std::make_shared<shared_leases::element_type>())
        : there_(std::move(there)), leases_(std::move(leases)) {}

    lookup try_read(std::string_view, value_reader&) override { return lookup::unknown; }
    awaitable<std::vector<std::optional<std::string>>> get(std::vector<std::string> keys) override {
        ++gets;
        co_await turn();
        co_return co_await there_->get(std::move(keys));
    }
    awaitable<std::vector<bool>> set(std::vector<new_entry> entries) override {
        co_await turn();
        co_return co_await there_->set(std::move(entries));
    }
    awaitable<std::vector<erased>> erase(std::vector<std::string> keys) override {
        co_await turn();
        for (const auto& each : keys)
            leases_->erase(each);
        co_return co_await there_->erase(std::move(keys));
    }
    awaitable<std::vector<std::optional<milliseconds>>> time_left(std::vector<std::string> keys) override {
        return there_->time_left(std::move(keys));
    }
    awaitable<std::vector<expire_outcome>> expire(std::vector<std::string> keys, milliseconds ttl) override {
        return there_->expire(std::move(keys), ttl);
    }
    awaitable<std::int64_t> add(std::string key, std::int64_t n, milliseconds ttl) override {
        return there_->add(std::move(key), n, ttl);
    }
    awaitable<replace_outcome> replace(replacement r) override {
        co_await turn();
        if (auto first = std::exchange(before_replace, nullptr))
            first(*there_);
        if (unanswered)
            co_return replace_outcome{.unanswered = true};
        give_up(r.entry.key, r.token);
        co_return co_await there_->replace(std::move(r));
    }
    awaitable<lease_answer> lease(lease_request r) override {
        co_await turn();
        if (auto first = std::exchange(before_lease, nullptr))
            first();
        ++leases_asked;
        if (leases_->try_emplace(r.key, r.token).first->second == r.token) {
            if (std::exchange(loses_the_grant, false))
                throw error(errc::unavailable, "the answer was lost on its way");
            longest_lease = std::max(longest_lease, r.ttl);
            auto answer = co_await there_->lease(std::move(r));
            answer.ends = true;
            co_return answer;
        }
        std::vector<std::string> one{r.key};
        auto found = co_await there_->get(std::move(one));
        co_return lease_answer{.value = std::move(found.front())};
    }
    awaitable<bool> extend_lease(lease_request r) override {
        co_await turn();
        ++leases_extended;
        const auto found = leases_->find(r.key);
        co_return found != leases_->end() && found->second == r.token;
    }
    awaitable<bool> end_lease(lease_request r) override {
        co_await turn();
        give_up(r.key, r.token);
        co_return co_await there_->end_lease(std::move(r));
    }
    std::shared_ptr<const version_slot> slot(std::string, nesting) override { return std::make_shared<version_slot>(); }
    awaitable<std::vector<std::uint64_t>> versions(std::vector<std::string> names) override {
        ++versions_asked;
        co_await turn();
        co_return co_await there_->versions(std::move(names));
    }
    bool try_versions(std::span<const std::string>, std::vector<std::uint64_t>&) override { return false; }
    awaitable<void> bump(std::vector<std::string> names) override { return there_->bump(std::move(names)); }
    awaitable<std::optional<std::uint64_t>> acquire(lock_request r) override { return there_->acquire(std::move(r)); }
    awaitable<bool> extend(lock_request r) override { return there_->extend(std::move(r)); }
    awaitable<bool> release(lock_request r) override { return there_->release(std::move(r)); }
    store_stats stats() const override { return there_->stats(); }
    awaitable<void> stop(deadline limit) override { return there_->stop(limit); }
    std::string description() const override { return "far"; }

    std::size_t leases_held() const { return leases_->size(); }

    int gets = 0;
    int leases_asked = 0;
    int leases_extended = 0;
    milliseconds longest_lease{0};
    int versions_asked = 0;
    /// Every call fails with it, if set.
    boost::system::error_code down;
    /// Goes on without storing what replace() is given.
    bool unanswered = false;
    /// Once, the lease is given and nobody is told.
    bool loses_the_grant = false;
    /// Once, when the next replacement or request for a lease arrives: what happens elsewhere at that moment.
    std::function<void(store&)> before_replace;
    std::function<void()> before_lease;

private:
    awaitable<void> turn() const {
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        if (down)
            throw error(down, "the store does not answer");
    }

    void give_up(const std::string& key, const std::string& token) {
        const auto found = leases_->find(key);
        if (found != leases_->end() && found->second == token)
            leases_->erase(found);
    }

    std::shared_ptr<store> there_;
    shared_leases leases_;
};

} // namespace infra::cache::tests
