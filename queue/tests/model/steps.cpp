#include "walk.hpp"

// The random operations, but for claims.

namespace infra::queue::tests {
namespace {

constexpr std::size_t many_jobs = 60;

std::string draw_queue(lots& draw) { return {1, static_cast<char>('a' + draw.below(3))}; }
std::chrono::milliseconds draw_ms(lots& draw, std::size_t most) {
    return std::chrono::milliseconds(draw.between(1, most));
}

// Mostly enough for all.
keep draw_keep(lots& draw) {
    switch (draw.below(20)) {
    case 0: return {.count = 0};
    case 1: return {.count = draw.between(1, 3)};
    case 2: return {.age = std::chrono::seconds(draw.between(0, 10))};
    case 3: return {.count = 3, .age = std::chrono::seconds(5)};
    default: return {.count = 1000};
    }
}

std::string draw_data(lots& draw) {
    const auto n = std::to_string(draw.below(4));
    if (draw.one_in(10))
        return R"({"n":)" + n + R"(,"text":")" + std::string(draw.between(900, 5000), 'x') + R"("})";
    return R"({"n":)" + n + "}";
}

std::string words_of_bools(const std::vector<bool>& all, const called&) {
    std::string text;
    for (const bool each : all)
        text += each ? "yes " : "no ";
    return text;
}

template <class T>
std::string words_of_one(const T& value, const called&) {
    return words_of(value);
}

deduplication draw_deduplication(lots& draw, bool with_ttl) {
    deduplication by{.id = draw.one_in(2) ? "d1" : "d2"};
    switch (draw.below(with_ttl ? 6 : 3)) {
    case 0: by.replace = true; break;
    case 3: by.ttl = draw_ms(draw, 5000); break;
    case 4: by.ttl = draw_ms(draw, 5000), by.extend = true; break;
    case 5: by.ttl = draw_ms(draw, 5000), by.extend = by.replace = true; break;
    case 1: by.keep_last_if_active = true; break;
    default: break;
    }
    return by;
}

child_failure draw_policy(lots& draw) { return static_cast<child_failure>(draw.below(5)); }

group_limits draw_group_limits(lots& draw) {
    group_limits of_each;
    if (draw.one_in(2))
        of_each.concurrency = draw.below(3);
    if (draw.one_in(2))
        of_each.rate = {draw.below(3), draw_ms(draw, 4000)};
    return of_each;
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

walk::operation_ptr walk::draw_operation(lots& draw, bool alone) {
    const auto lot = draw.below(30);
    if (lot >= 28)
        return jobs_.size() < many_jobs ? enqueue_children(draw) : nullptr;
    if (lot < 9)
        return jobs_.size() < many_jobs ? enqueue(draw) : prune(draw);
    if (lot < 15)
        return finish(draw);
    if (lot < 18)
        return change(draw, alone);
    if (lot < 20)
        return tell_something(draw);
    if (lot < 22)
        return advance(draw);
    switch (lot) {
    case 22: return extend(draw);
    case 23: return configure(draw);
    case 24: return list(draw, alone);
    case 25: return prune(draw);
    case 26: return upsert(draw);
    default: return draw.one_in(2) ? remove_schedules(draw) : forget_queue(draw);
    }
}

job_options walk::draw_options(lots& draw) {
    job_options options{.attempts = static_cast<int>(draw.between(1, 3)), .lifo = draw.one_in(8)};
    if (draw.one_in(4))
        options.priority = static_cast<int>(draw.between(1, 2));
    if (draw.one_in(8))
        options.backoff = exponential(std::chrono::milliseconds(draw.between(1, 9)));
    if (draw.one_in(8))
        options.timeout = draw_ms(draw, 9);
    options.keep_failed = draw_keep(draw);
    if (draw.one_in(8))
        options.ttl = draw_ms(draw, 8000);
    return options;
}

new_job walk::draw_job(lots& draw) {
    static const std::vector<std::string> ids{"one", "two", "three", "four", "five"};
    new_job job{.queue = draw_queue(draw),
                .name = draw.one_in(2) ? "x" : "y",
                .data = draw_data(draw),
                .options = draw_options(draw),
                .created_at = now_};
    if (draw.one_in(4))
        job.id = draw.of(ids);
    if (draw.one_in(8))
        job.carrier = R"({"traceparent":"t"})";
    if (draw.one_in(4))
        job.run_at = now_ + draw_ms(draw, 9000);
    if (job.options.ttl)
        job.expires_at = job.run_at.value_or(now_) + *job.options.ttl;
    if (draw.one_in(4))
        job.deduplicate = draw_deduplication(draw, !clock_goes_back_);
    if (draw.one_in(3))
        job.group = draw.one_in(2) ? "g1" : "g2";
    return job;
}

std::vector<new_job> walk::draw_family(lots& draw) {
    std::vector<new_job> all{draw_job(draw)};
    for (auto n = draw.between(1, 4); n > 0; --n) {
        auto child = draw_job(draw);
        child.parent = child_of{.place = draw.below(all.size()), .on_failure = draw_policy(draw)};
        all.push_back(std::move(child));
    }
    return all;
}

job_filter walk::draw_filter(lots& draw) {
    job_filter filter;
    if (draw.one_in(2))
        filter.queue = draw_queue(draw);
    for (std::size_t state = 0; state < job_states; ++state)
        if (draw.one_in(4))
            filter.states.push_back(static_cast<job_state>(state));
    if (draw.one_in(6))
        filter.name = "x";
    if (draw.one_in(6))
        filter.data_contains = R"("n":1)";
    if (draw.one_in(8))
        filter.reason_contains = "bad";
    if (draw.one_in(8))
        filter.group = "g1";
    if (draw.one_in(8))
        filter.created_before = now_ - draw_ms(draw, 9000);
    if (draw.one_in(8))
        filter.finished_before = now_ - draw_ms(draw, 9000);
    return filter;
}

std::optional<job_key> walk::draw_key(lots& draw) {
    if (jobs_.empty())
        return std::nullopt;
    const auto& job = draw.of(jobs_);
    return job_key{job.queue, job.id};
}

std::vector<walk::held_job> walk::draw_leases(lots& draw) {
    std::vector<held_job> some;
    for (auto n = draw.between(1, 3); n > 0 && !held_.empty(); --n) {
        if (!void_.empty() && draw.one_in(10)) {
            some.push_back(draw.of(void_));
            continue;
        }
        const auto at = held_.begin() + static_cast<std::ptrdiff_t>(draw.below(held_.size()));
        some.push_back(*at);
        held_.erase(at);
    }
    return some;
}

walk::operation_ptr walk::enqueue(lots& draw) {
    if (draw.one_in(4)) {
        const auto family = draw_family(draw);
        return enqueue(family, family);
    }
    std::vector<new_job> jobs;
    for (auto n = draw.one_in(3) ? draw.between(2, 4) : 1; n > 0; --n)
        jobs.push_back(draw_job(draw));
    return enqueue(jobs, jobs);
}

// Of one that runs, by its lease or by anybody; or of any job, which may be refused.
walk::operation_ptr walk::enqueue_children(lots& draw) {
    child_of subject{.on_failure = draw_policy(draw)};
    if (!held_.empty() && draw.one_in(2)) {
        const auto& by = draw.of(!void_.empty() && draw.one_in(10) ? void_ : held_);
        subject.parent = by.subject.job;
        subject.token = by.subject.token;
        auto model = subject;
        model.parent = by.model.job;
        model.token = by.model.token;
        return enqueue_children(draw, subject, model);
    }
    const auto key = draw_key(draw);
    if (!key)
        return nullptr;
    auto model = subject;
    model.parent = *key;
    subject.parent = {key->queue, ids_.to_subject(key->id)};
    return enqueue_children(draw, subject, model);
}

walk::operation_ptr walk::enqueue_children(lots& draw, const child_of& subject, const child_of& model) {
    auto of_subject = draw_family(draw); // of which the first is the child
    auto of_model = of_subject;
    of_subject.front().parent = subject;
    of_model.front().parent = model;
    return enqueue(std::move(of_subject), std::move(of_model));
}

walk::operation_ptr walk::enqueue(std::vector<new_job> subject, std::vector<new_job> model) {
    return std::make_unique<twin<std::vector<added_job>>>(
        "enqueue " + words_of_all(model), [subject](backend& to) { return to.enqueue(subject); },
        [model](backend& to) { return to.enqueue(model); },
        [](const auto& added, const called& name) { return words_of_all(added, name); },
        [this](const auto& subject, const auto& model) {
            for (std::size_t i = 0; i < std::min(subject.size(), model.size()); ++i)
                ids_.same(subject[i].id, model[i].id);
        });
}

walk::operation_ptr walk::finish(lots& draw) {
    std::vector<outcome> subject, model;
    std::string text = "finish";
    for (const auto& each : draw_leases(draw)) {
        outcome o{.as = draw.one_in(6) ? outcome::kind::waits : static_cast<outcome::kind>(draw.below(4)),
                  .at = now_,
                  .keep = draw_keep(draw)};
        if (o.as == outcome::kind::completed && draw.one_in(2))
            o.result = R"({"r":1})";
        if (o.as == outcome::kind::retry || o.as == outcome::kind::failed)
            o.reason = draw.one_in(2) ? "bad" : "worse";
        if ((o.as == outcome::kind::retry || o.as == outcome::kind::returned) && draw.one_in(2))
            o.run_at = now_ + draw_ms(draw, 9000);
        o.held = each.subject;
        subject.push_back(o);
        o.held = each.model;
        model.push_back(o);
        static constexpr const char* how[] = {"completed", "retry", "failed", "returned", "dropped", "waits"};
        text.append(" ")
            .append(each.model.job.queue)
            .append("/")
            .append(each.model.job.id)
            .append(" ")
            .append(how[static_cast<std::size_t>(o.as)]);
        if (o.run_at)
            text += " at " + words_of(*o.run_at);
        void_.push_back(each);
    }
    while (void_.size() > 20)
        void_.erase(void_.begin());
    return std::make_unique<twin<std::vector<bool>>>(
        text, [subject](backend& in) { return in.finish(subject); }, [model](backend& in) { return in.finish(model); },
        words_of_bools);
}

walk::operation_ptr walk::extend(lots& draw) {
    std::vector<lease> subject, model;
    std::string text = "extend";
    for (const auto& each : draw_leases(draw)) {
        subject.push_back(each.subject);
        model.push_back(each.model);
        held_.push_back(each);
        text += " " + each.model.job.queue + "/" + each.model.job.id;
    }
    const auto until = now_ + draw_ms(draw, 12'000);
    return std::make_unique<twin<std::vector<renewal>>>(
        text + " until " + words_of(until), [=](backend& in) { return in.extend(subject, until); },
        [=](backend& in) { return in.extend(model, until); },
        [](const auto& all, const called&) {
            std::string words;
            for (const auto each : all)
                words += std::to_string(static_cast<int>(each)) + " ";
            return words;
        });
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

walk::operation_ptr walk::change(lots& draw, bool alone) {
    static constexpr std::size_t by_key = 3;
    change_request subject{.what = static_cast<job_change>(draw.below(4)),
                           .max = page(draw, alone),
                           .now = now_,
                           .with_children = draw.one_in(3)};
    auto model = subject;
    auto text = std::string(to_string(subject.what)) + (subject.with_children ? " with children" : "");
    if (draw.below(4) < by_key) {
        for (auto n = draw.between(1, 3); n > 0; --n)
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

walk::operation_ptr walk::tell_something(lots& draw) {
    std::vector<note> subject, model;
    for (const auto& each : draw_leases(draw)) {
        note n{.at = now_};
        if (draw.one_in(2))
            n.progress = std::to_string(draw.below(100));
        for (auto lines = draw.below(3); lines > 0; --lines)
            n.lines.push_back({now_, "line " + std::to_string(draw.below(100))});
        n.held = each.subject;
        subject.push_back(n);
        n.held = each.model;
        model.push_back(n);
        held_.push_back(each);
    }
    return std::make_unique<twin<std::vector<bool>>>(
        "tell " + std::to_string(model.size()), [subject](backend& in) { return in.tell(subject); },
        [model](backend& in) { return in.tell(model); }, words_of_bools);
}

walk::operation_ptr walk::prune(lots& draw) {
    const prune_request request{
        .queue = draw_queue(draw), .completed = draw_keep(draw), .failed = draw_keep(draw), .now = now_};
    const auto ask = [request](backend& in) { return in.prune({request}); };
    return std::make_unique<twin<std::size_t>>("prune " + request.queue, ask, ask,
                                               [](std::size_t, const called&) { return ""; }); // others may have
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

walk::operation_ptr walk::forget_queue(lots& draw) {
    const auto queue = draw_queue(draw);
    if (followers_.contains(queue)) // who follows it would miss what is forgotten
        return nullptr;
    const auto ask = [queue](backend& in) { return in.forget_queue(queue); };
    return std::make_unique<twin<bool>>("forget queue " + queue, ask, ask,
                                        [](bool gone, const called&) { return gone ? "yes" : "no"; });
}

} // namespace infra::queue::tests
