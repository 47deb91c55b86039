// The random operations of those who look after queues and their schedules.

#include "draws.hpp"
#include "walk.hpp"

namespace infra::queue::tests {
namespace {

template <class T>
std::string words_of_one(const T& value, const called&) {
    return words_of(value);
}

// Of those that are begun together, each is one call.
std::size_t page(lots& draw, bool alone) { return alone ? draw.between(1, 10) : 1000; }

awaitable<std::vector<job_info>> all_pages(backend& from, list_request request) {
    std::vector<job_info> all;
    do {
        auto page = co_await from.list(request);
        std::ranges::move(page.jobs, std::back_inserter(all));
        request.cursor = page.next;
    } while (!request.cursor.empty());
    co_return all;
}

awaitable<std::size_t> change_all(backend& in, change_request request) {
    std::size_t changed = 0;
    do {
        const auto result = co_await in.change(request);
        changed += result.changed;
        request.cursor = result.next;
    } while (!request.cursor.empty());
    co_return changed;
}

awaitable<int> upsert_all(backend& in, std::vector<new_schedule> all) {
    co_await in.upsert(std::move(all));
    co_return 0;
}

} // namespace

walk::operation_ptr walk::change(lots& draw, bool alone) {
    static constexpr std::size_t by_key = 3;
    change_request subject{.what = static_cast<job_change>(draw.below(4)),
                           .max = page(draw, alone),
                           .now = now_,
                           .with_children = !fails_bit_by_bit() && draw.one_in(3)};
    auto model = subject;
    auto text = std::string(to_string(subject.what)) + (subject.with_children ? " with children" : "");
    if (fails_bit_by_bit() || draw.below(4) < by_key) {
        for (auto n = draw_number(draw, 3); n > 0; --n)
            if (const auto key = draw_key(draw)) {
                model.jobs.push_back(*key);
                subject.jobs.push_back({key->queue, ids_.to_subject(key->id)});
                text += " " + key->queue + "/" + key->id;
            }
        if (model.jobs.empty())
            return nullptr;
    } else {
        subject.filter = model.filter = draw_filter(draw);
        text += " all that " + words_of(model.filter);
    }
    return std::make_unique<twin<std::size_t>>(
        text, [subject](backend& in) { return change_all(in, subject); },
        [model](backend& in) { return change_all(in, model); },
        [](std::size_t changed, const called&) { return std::to_string(changed); });
}

walk::operation_ptr walk::list(lots& draw, bool alone) {
    const list_request request{.filter = draw_filter(draw), .max = page(draw, alone), .newest_first = draw.one_in(2)};
    const auto ask = [request](backend& in) { return all_pages(in, request); };
    return std::make_unique<twin<std::vector<job_info>>>(
        "list " + words_of(request.filter), ask, ask,
        [](const auto& jobs, const called& name) { return words_of_all(jobs, name); });
}

walk::operation_ptr walk::prune(lots& draw) {
    const prune_request request{
        .queue = draw_queue(draw), .completed = draw_keep(draw), .failed = draw_keep(draw), .now = now_};
    const auto ask = [request](backend& in) { return in.prune({request}); };
    return std::make_unique<twin<std::size_t>>("prune " + request.queue, ask, ask,
                                               [](std::size_t, const called&) { return ""; }); // others may have
}

walk::operation_ptr walk::configure(lots& draw) {
    settings_change change{.queue = draw_queue(draw), .now = now_};
    std::string text = "configure " + change.queue;
    switch (draw.below(6)) {
    case 0: change.paused = draw.one_in(4); break;
    case 1: change.concurrency = draw.below(4); break;
    case 2: change.rate = rate_limit{draw.below(4), draw_ms(draw, 4000)}; break;
    case 3: change.max_length = draw.one_in(2) ? 0 : draw.between(3, 20); break;
    default: change.per_group = draw_group_limits(draw);
    }
    const auto ask = [change](backend& in) { return in.configure(change); };
    return std::make_unique<twin<queue_settings>>(text, ask, ask, words_of_one<queue_settings>);
}

walk::operation_ptr walk::forget_queue(lots& draw) {
    const auto queue = draw_queue(draw);
    if (followers_.contains(queue)) // who follows it would miss what is forgotten
        return nullptr;
    const auto ask = [queue](backend& in) { return in.forget_queue(queue); };
    return std::make_unique<twin<bool>>("forget queue " + queue, ask, ask,
                                        [](bool gone, const called&) { return gone ? "yes" : "no"; });
}

walk::operation_ptr walk::upsert(lots& draw) {
    std::vector<new_schedule> all;
    std::string text = "upsert";
    for (auto n = draw.between(1, 2); n > 0; --n) {
        new_schedule s{.queue = draw_queue(draw),
                       .id = draw.one_in(2) ? "s1" : "s2",
                       .when = {.every = std::chrono::seconds(draw.between(1, 2))},
                       .name = draw.one_in(2) ? "x" : "y",
                       .data = draw_data(draw),
                       .options = draw_options(draw),
                       .now = now_};
        s.options.priority = 0; // a run that waits keeps its place
        s.options.lifo = false;
        if (!draw.one_in(8))
            s.next = now_ + std::chrono::milliseconds(draw.below(5000));
        text += " " + s.queue + "/" + s.id + (s.next ? " at " + words_of(*s.next) : "");
        all.push_back(std::move(s));
    }
    const auto ask = [all](backend& in) { return upsert_all(in, all); };
    return std::make_unique<twin<int>>(text, ask, ask, [](int, const called&) { return ""; });
}

walk::operation_ptr walk::remove_schedules(lots& draw) {
    const schedule_key key{draw_queue(draw), draw.one_in(2) ? "s1" : "s2"};
    const auto ask = [key](backend& in) { return in.remove_schedules({key}); };
    return std::make_unique<twin<std::vector<bool>>>("remove schedule " + key.queue + "/" + key.id, ask, ask,
                                                     words_of_bools);
}

walk::operation_ptr walk::pause_schedules(lots& draw) {
    const schedule_key key{draw_queue(draw), draw.one_in(2) ? "s1" : "s2"};
    const auto ask = [key, now = now_](backend& in) { return in.pause_schedules({key}, now); };
    return std::make_unique<twin<std::vector<bool>>>("pause schedule " + key.queue + "/" + key.id, ask, ask,
                                                     words_of_bools);
}

walk::operation_ptr walk::resume_schedules(lots& draw) {
    if (schedules_.empty())
        return nullptr;
    const auto& s = draw.of(schedules_);
    resume_request request{.of = {s.queue, s.id}, .when = s.when, .now = now_};
    if (draw.one_in(8))
        request.when.every += 1s;
    if (!draw.one_in(8))
        request.next = now_ + std::chrono::milliseconds(draw.below(5000));
    const auto ask = [request](backend& in) { return in.resume_schedules({request}); };
    return std::make_unique<twin<std::vector<bool>>>("resume schedule " + s.queue + "/" + s.id +
                                                         (request.next ? " at " + words_of(*request.next) : ""),
                                                     ask, ask, words_of_bools);
}

walk::operation_ptr walk::advance(lots& draw) {
    if (schedules_.empty())
        return nullptr;
    const auto& s = draw.of(schedules_);
    advance_request request{.of = {s.queue, s.id}, .run = s.next.value_or(now_), .made = !draw.one_in(4), .now = now_};
    if (draw.one_in(6))
        request.run += 1ms;
    if (!draw.one_in(8))
        request.next = request.run + std::chrono::seconds(draw.between(1, 3));
    const auto ask = [request](backend& in) { return in.advance({request}); };
    return std::make_unique<twin<std::vector<bool>>>(
        "advance " + s.queue + "/" + s.id + " past " + words_of(request.run), ask, ask, words_of_bools);
}

} // namespace infra::queue::tests
