#include "held_jobs.hpp"

#include "store.hpp"

namespace infra::queue::redis_backend {
namespace {

// Unambiguous: a token of ours has no space, and a queue no colon.
std::string name_of(const lease& held) { return held.token + ' ' + held.job.queue + ':' + held.job.id; }

constexpr std::string_view fields_of_end[] = {"opts", "priority", "atm", "attemptsMade", "stacktrace", "infra.group"};

hash_fields read_fields_of_end(redis::reply values) {
    hash_fields fields;
    auto each = std::begin(fields_of_end);
    for (auto& value : std::move(values).take_items()) {
        if (!value.is_null())
            fields.emplace_back(*each, std::move(value).take_text());
        ++each;
    }
    return fields;
}

} // namespace

void held_jobs::put(const lease& held, held_job what) {
    const std::scoped_lock lock(mutex_);
    if (young_.size() >= most_) {
        old_ = std::move(young_);
        young_.clear();
    }
    young_.insert_or_assign(name_of(held), std::move(what));
}

std::optional<held_job> held_jobs::take(const lease& held) {
    const auto name = name_of(held);
    const std::scoped_lock lock(mutex_);
    for (auto* among : {&young_, &old_})
        if (auto found = among->extract(name))
            return std::move(found.mapped());
    return std::nullopt;
}

std::size_t held_jobs::size() const {
    const std::scoped_lock lock(mutex_);
    return young_.size() + old_.size();
}

awaitable<std::vector<ended_job>> read_held(std::shared_ptr<store> s, std::vector<ended_job> ended,
                                            std::vector<std::size_t> places) {
    redis::batch reads;
    for (const auto at : places) {
        const auto& job = ended[at].end.held.job;
        redis::command read{"HMGET", s->keys(job.queue).of_job(job.id)};
        reads.add(read.add_all(fields_of_end));
    }
    auto values = co_await s->carry_out(std::move(reads));
    for (std::size_t i = 0; i < places.size(); ++i) {
        throw_if_refused(values[i]);
        auto& e = ended[places[i]];
        e.of = remember(read_job(e.end.held.job, read_fields_of_end(std::move(values[i]))));
    }
    co_return ended;
}

} // namespace infra::queue::redis_backend
