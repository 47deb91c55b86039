#pragma once

// A store that knows nothing without being awaited, as one on another machine does.

#include "support.hpp"

#include <boost/asio/post.hpp>

namespace infra::cache::tests {

class far_store final : public store {
public:
    explicit far_store(std::shared_ptr<store> there) : there_(std::move(there)) {}

    lookup try_get(std::string_view, std::string&) override { return lookup::unknown; }
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
        return there_->erase(std::move(keys));
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
        co_return co_await there_->replace(std::move(r));
    }
    awaitable<lease_answer> lease(lease_request r) override {
        co_await turn();
        co_return co_await there_->lease(std::move(r));
    }
    awaitable<bool> end_lease(lease_request r) override { return there_->end_lease(std::move(r)); }
    std::shared_ptr<const version_slot> slot(std::string) override { return std::make_shared<version_slot>(); }
    awaitable<std::vector<std::uint64_t>> versions(std::vector<std::string> names) override {
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

    int gets = 0;
    /// Once, when the next replacement arrives: what another process writes at that moment.
    std::function<void(store&)> before_replace;

private:
    static awaitable<void> turn() { co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable); }

    std::shared_ptr<store> there_;
};

} // namespace infra::cache::tests
