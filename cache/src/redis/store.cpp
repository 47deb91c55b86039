#include "commands.hpp"
#include "key_list.hpp"
#include "line.hpp"
#include "near_cache.hpp"
#include "near_drops.hpp"
#include "near_reads.hpp"
#include "version_reads.hpp"

#include <infra/base/id.hpp>
#include <infra/cache/listing.hpp>
#include <infra/cache/redis.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <stdexcept>

namespace infra::cache {
namespace redis_backend {
namespace {

using std::chrono::milliseconds;

template <class Make, class Range>
redis::batch for_each(const Range& all, Make make) {
    redis::batch out;
    for (const auto& each : all)
        out.add(make(each));
    return out;
}

std::vector<std::string> keys_of(const std::vector<new_entry>& entries) {
    std::vector<std::string> keys;
    for (const auto& each : entries)
        keys.push_back(each.key);
    return keys;
}

std::vector<std::string> replaced_by(const std::vector<new_entry>& entries) {
    std::vector<std::string> keys;
    for (const auto& each : entries)
        if (!each.only_if_absent)
            keys.push_back(each.key);
    return keys;
}

class redis_store final : public store, public key_listing {
public:
    redis_store(redis_store_options options, std::vector<executor> loops, clock& time)
        : line_(std::make_shared<line>(std::move(options), std::move(loops), time)) {
        const auto& near = line_->options().near_cache;
        if (near.max_bytes == 0)
            return;
        near_ = std::make_shared<near_cache>(near, slots_, time);
        tracking_ = line_->client().track({.prefixes = {near.prefix}}, near_);
    }
    ~redis_store() override { line_->let_go(); }

    lookup try_read(std::string_view key, value_reader& to) override {
        return near_ && near_->read(key, to) ? lookup::hit : lookup::unknown;
    }

    awaitable<std::vector<std::optional<std::string>>> get(std::vector<std::string> keys) override {
        const bool in_doubt = slots_->in_doubt(); // of what the keys were made with: the server did not say
        if (near_)
            co_return co_await read_through(line_, near_, std::move(keys), !in_doubt);
        std::vector<std::optional<std::string>> found(keys.size());
        if (keys.empty() || in_doubt)
            co_return found;
        auto answer = co_await line::ask(line_, get_command(keys), purpose::read);
        if (answer)
            found = each_in<std::optional<std::string>>(items_in(std::move(*answer), found.size()), text_in);
        co_return found;
    }

    awaitable<std::vector<bool>> set(std::vector<new_entry> entries) override {
        const dropped_at_end after(near_, keys_of(entries));
        auto answers = co_await line::ask(line_, for_each(entries, set_command), purpose::write);
        if (answers)
            co_return each_in<bool>(std::move(*answers), [](const redis::reply& r) { return !r.is_null(); });
        // What they would have replaced is not what their caller believes to be there.
        auto replaced = replaced_by(entries);
        if (answers.refused && !replaced.empty())
            answers = co_await line::ask(line_, for_each(replaced, erase_command), purpose::write);
        if (!answers && !answers.never)
            line_->owe_erasure(replaced);
        co_return std::vector<bool>(entries.size());
    }

    awaitable<std::vector<erased>> erase(std::vector<std::string> keys) override {
        const dropped_at_end after(near_, keys);
        auto answers = co_await line::ask(line_, for_each(keys, erase_command), purpose::write);
        if (answers)
            co_return each_in<erased>(std::move(*answers), erased_in);
        std::vector<erased> nothing(keys.size());
        if (!answers.never)
            line_->owe_erasure(keys);
        co_return nothing;
    }

    awaitable<std::vector<std::optional<milliseconds>>> time_left(std::vector<std::string> keys) override {
        const auto ask = [](const std::string& key) { return redis::command{"PTTL", key}; };
        auto answers = co_await line::ask(line_, for_each(keys, ask), purpose::read);
        if (!answers)
            co_return std::vector<std::optional<milliseconds>>(keys.size());
        co_return each_in<std::optional<milliseconds>>(std::move(*answers), time_left_in);
    }

    awaitable<std::vector<expire_outcome>> expire(std::vector<std::string> keys, milliseconds ttl) override {
        const dropped_at_end after(near_, keys);
        const auto ask = [ttl](const std::string& key) { return expire_command(key, ttl); };
        auto answers = co_await line::ask(line_, for_each(keys, ask), purpose::write);
        if (!answers) {
            std::vector<expire_outcome> nothing(keys.size(), expire_outcome::absent);
            if (!answers.never) // it would live longer than its caller believes
                line_->owe_erasure(keys);
            co_return nothing;
        }
        co_return each_in<expire_outcome>(std::move(*answers), outcome_in);
    }

    awaitable<std::int64_t> add(std::string key, std::int64_t amount, milliseconds ttl) override {
        const dropped_at_end after(near_, {key});
        const auto answer = co_await line::ask(line_, add_command(key, amount, ttl), purpose::must);
        co_return sum_in(*answer);
    }

    awaitable<replace_outcome> replace(replacement r) override {
        const dropped_at_end after(near_, {r.entry.key});
        auto answer = co_await line::ask(line_, replace_command(r, process_), purpose::write);
        if (answer)
            co_return replaced_in(std::move(*answer));
        if (r.token.empty() && !answer.never) // a change that somebody believes to be made
            line_->owe_erasure({&r.entry.key, 1});
        co_return replace_outcome{.unanswered = true};
    }

    awaitable<lease_answer> lease(lease_request r) override {
        auto answer = co_await line::ask(line_, lease_command(r, process_), purpose::must);
        co_return lease_in(std::move(*answer));
    }

    awaitable<bool> extend_lease(lease_request r) override {
        const auto answer = co_await line::ask(line_, extend_lease_command(r, process_), purpose::must);
        co_return verdict_in(*answer);
    }

    awaitable<bool> end_lease(lease_request r) override {
        const auto answer = co_await line::ask(line_, end_lease_command(r, process_), purpose::must);
        co_return verdict_in(*answer);
    }

    std::shared_ptr<const version_slot> slot(std::string name, nesting where) override {
        auto held = slots_->slot(name);
        if (where == nesting::outermost)
            line_->know_namespace(name, held);
        return held;
    }

    awaitable<std::vector<std::uint64_t>> versions(std::vector<std::string> names) override {
        return read_versions(sources(), std::move(names));
    }

    awaitable<std::vector<std::uint64_t>> versions_to_store(std::vector<std::string> names) override {
        return read_versions_to_store(sources(), std::move(names));
    }

    bool try_versions(std::span<const std::string> names, std::vector<std::uint64_t>& to) override {
        std::string text;
        for (const auto& name : names) {
            if (!near_ || !near_->get(name, text))
                return false;
            to.push_back(number_in<std::uint64_t>(text).value_or(0));
        }
        return true;
    }

    awaitable<void> bump(std::vector<std::string> names) override {
        const dropped_at_end after(near_, names);
        if (names.empty() || co_await line::bump(line_, names, purpose::write))
            co_return;
        slots_->forget(names);
        line_->owe_bump(names);
    }

    awaitable<std::optional<std::uint64_t>> acquire(lock_request r) override {
        const auto answer = co_await line::ask(line_, acquire_command(r), purpose::must);
        co_return fence_in(*answer);
    }

    awaitable<bool> extend(lock_request r) override {
        const auto answer = co_await line::ask(line_, extend_command(r), purpose::must);
        co_return verdict_in(*answer);
    }

    awaitable<bool> release(lock_request r) override {
        const auto answer = co_await line::ask(line_, release_command(r), purpose::must);
        co_return verdict_in(*answer);
    }

    awaitable<void> erase_whole_database() {
        const all_dropped_at_end after(near_);
        co_await line::ask_all(line_, {"FLUSHDB"}, purpose::must);
    }

    std::size_t sweep() override { return near_ ? near_->sweep() : 0; }

    awaitable<key_page> keys_in_store(std::string prefix, std::string cursor, std::size_t limit) const override {
        return list_keys(line_, std::move(prefix), std::move(cursor), limit);
    }

    store_stats stats() const override {
        store_stats sum;
        if (near_)
            near_->add_to(sum);
        return sum;
    }

    awaitable<std::chrono::nanoseconds> ping() override { return line::ping(line_); }

    awaitable<void> stop(deadline limit) override { return line::stop(line_, limit); }

    std::string description() const override { return describe(line_->options().server); }

private:
    version_sources sources() const { return {line_, slots_, near_}; }

    const std::shared_ptr<line> line_;
    const std::string process_ = random_hex(8);
    const std::shared_ptr<slots> slots_ = std::make_shared<slots>();
    std::shared_ptr<near_cache> near_; // null without
    redis::tracking tracking_;
};

} // namespace
} // namespace redis_backend

std::shared_ptr<store> make_redis_store(redis_store_options options, std::vector<executor> loops, clock& time) {
    check(options);
    return std::make_shared<redis_backend::redis_store>(std::move(options), std::move(loops), time);
}

awaitable<void> erase_whole_database_whoever_uses_it(std::shared_ptr<store> reached_through) {
    const auto on_redis = std::dynamic_pointer_cast<redis_backend::redis_store>(reached_through);
    if (!on_redis)
        throw std::invalid_argument(
            "cache::erase_whole_database_whoever_uses_it: reached_through must be a store on Redis");
    co_await on_redis->erase_whole_database();
}

} // namespace infra::cache
