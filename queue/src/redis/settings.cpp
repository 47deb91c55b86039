#include "stored_settings.hpp"

#include "naming.hpp"
#include "scripts.hpp"

namespace infra::queue::redis_backend {
namespace {

redis::command configure_command(const queue_keys& of, const settings_change& change) {
    const auto meta = to_meta(change);
    std::vector<std::string> words{!change.paused   ? ""
                                   : *change.paused ? "pause"
                                                    : "resume",
                                   change.rate ? "anew" : "", std::to_string(meta.set.size() * 2)};
    for (const auto& [name, value] : meta.set)
        words.insert(words.end(), {name, value});
    words.insert(words.end(), meta.remove.begin(), meta.remove.end());
    return scripts::configure.call(std::vector{of.base()}, words).again(redis::replay::idempotent);
}

hash_fields fields_of_meta(redis::reply hash) {
    hash_fields fields;
    for (auto& [name, value] : redis::to<std::map<std::string, std::string>>(std::move(hash)))
        fields.emplace_back(name, std::move(value));
    return fields;
}

/// What a queue has beside what every queue has: slots and what waits for them, and all that is ours.
awaitable<std::vector<std::string>> private_keys(shared_store s, std::string queue) {
    const auto of = s->keys(queue);
    std::vector<std::string> keys;
    const auto use = [&](std::vector<std::string> page) {
        for (auto& each : page)
            for (const auto& begin : {of.of_queue("de:"), of.of_queue("dn:"), of.ours("")})
                if (each.starts_with(begin))
                    keys.push_back(each);
    };
    co_await for_all_keys(s, pattern_of(of.base()) + "[:~]*", use);
    co_return keys;
}

awaitable<bool> forget_some(shared_store s, std::string queue, std::vector<std::string> keys) {
    auto call = scripts::forget_queue.call(std::vector{s->keys(queue).base()}, keys).again(redis::replay::idempotent);
    co_return (co_await s->ask(std::move(call))).as_integer() == 1;
}

} // namespace

awaitable<queue_settings> configure(shared_store s, settings_change change) {
    co_await make_known(s, {change.queue});
    for (;;) {
        auto answer = (co_await s->ask(configure_command(s->keys(change.queue), change))).take_items();
        if (answer.at(0).as_integer() == 0)
            co_return read_settings(change.queue, fields_of_meta(std::move(answer.at(1)))).settings;
        change = {.queue = change.queue, .paused = false}; // what stood apart comes bit by bit
    }
}

awaitable<queue_settings> settings(shared_store s, std::string queue) {
    auto meta = co_await s->ask(redis::command{"HGETALL", s->keys(queue).of_queue("meta")});
    co_return read_settings(queue, fields_of_meta(std::move(meta))).settings;
}

awaitable<bool> forget_queue(shared_store s, std::string queue) {
    auto keys = co_await private_keys(s, queue);
    for (bool more = true; more;) {
        const auto some = std::min(most_in_a_call, keys.size());
        if (!co_await forget_some(s, queue, {keys.end() - static_cast<std::ptrdiff_t>(some), keys.end()}))
            co_return false;
        keys.resize(keys.size() - some);
        more = !keys.empty();
    }
    co_await forget_known(s, queue);
    co_return true;
}

} // namespace infra::queue::redis_backend
