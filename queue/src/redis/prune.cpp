#include "end_words.hpp"
#include "scripts.hpp"
#include "verbs.hpp"

namespace infra::queue::redis_backend {
namespace {

bool keeps_all(const keep& k) { return !k.count && !k.age; }

redis::command forget_command(const queue_keys& of, const prune_request& request) {
    std::vector<std::string> words{std::to_string(to_unix_ms(request.now))};
    put_keep(words, request.completed);
    put_keep(words, request.failed);
    return scripts::forget_finished.call(std::vector{of.base()}, words).again(redis::replay::idempotent);
}

} // namespace

awaitable<std::size_t> prune(shared_store s, std::vector<prune_request> requests) {
    redis::batch calls;
    for (const auto& each : requests)
        if (!keeps_all(each.completed) || !keeps_all(each.failed))
            calls.add(forget_command(s->keys(each.queue), each));
    std::size_t gone = 0;
    if (!calls.empty())
        for (auto& each : co_await s->ask(std::move(calls)))
            gone += redis::to<std::size_t>(std::move(each));
    co_return gone;
}

} // namespace infra::queue::redis_backend
