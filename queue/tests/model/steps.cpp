// The random operations, but for claims, which are in claims.cpp, and those of people, in steps_of_people.cpp.

#include "draws.hpp"
#include "walk.hpp"

namespace infra::queue::tests {
namespace {

constexpr std::size_t many_jobs = 60;

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
    }
    switch (draw.below(4)) {
    case 0: return remove_schedules(draw);
    case 1: return forget_queue(draw);
    case 2: return pause_schedules(draw);
    default: return resume_schedules(draw);
    }
}

walk::operation_ptr walk::enqueue(lots& draw) {
    if (draw.one_in(fails_bit_by_bit() ? 2 : 4)) {
        const auto family = draw_family(draw);
        return enqueue(family, family);
    }
    std::vector<new_job> jobs;
    for (auto n = draw.one_in(3) ? draw_number(draw, 4) : 1; n > 0; --n)
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
                  .keep = draw_keep(draw, fails_bit_by_bit() ? 6 : 20)};
        if (fails_bit_by_bit() && draw.one_in(2))
            o.as = outcome::kind::failed;
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
    const auto length = draw_ms(draw, 12'000);
    const auto now = now_;
    return std::make_unique<twin<std::vector<renewal>>>(
        text + " until " + words_of(now + length), [=](backend& in) { return in.extend(subject, length, now); },
        [=](backend& in) { return in.extend(model, length, now); },
        [](const auto& all, const called&) {
            std::string words;
            for (const auto each : all)
                words += std::to_string(static_cast<int>(each)) + " ";
            return words;
        });
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

} // namespace infra::queue::tests
