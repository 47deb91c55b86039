#include "walk.hpp"

#include <sstream>

// Those who wait beside the walk: for events, and for the ends of jobs.

namespace infra::queue::tests {
namespace {

// Followed for longer than any walk takes, so that nobody need ask in time.
constexpr auto for_ever = std::chrono::hours(24 * 3650);

// What one step brought, where the order may be another.
std::string sorted_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream from(text);
    for (std::string line; std::getline(from, line);)
        lines.push_back(line + "\n");
    std::ranges::sort(lines);
    std::string all;
    for (const auto& each : lines)
        all += each;
    return all;
}

} // namespace

void walk::follow(lots& draw) {
    const std::string queue(1, static_cast<char>('a' + draw.below(3)));
    if (followers_.contains(queue))
        return;
    tell("follow " + queue);
    follower f;
    f.opened_by = draw.below(subjects_.size());
    const events_request from_now{.queue = queue, .now = now_, .keep_recording = for_ever};
    f.subject_cursor = loop_.await(subjects_[f.opened_by]->events(from_now)).next;
    f.model_cursor = loop_.await(model_->events(from_now)).next;
    followers_.emplace(queue, std::move(f));
}

// Pages may be cut differently; what they hold may not.
void walk::read_events(follower& f) {
    const auto queue = std::ranges::find_if(followers_, [&](const auto& each) { return &each.second == &f; })->first;
    const auto request = [&](const std::string& cursor) {
        return events_request{.queue = queue, .cursor = cursor, .max = 3, .now = now_, .keep_recording = for_ever};
    };
    const auto read = [&](auto& reading, std::string& cursor, auto& from, std::string& into, const called& name) {
        for (;;) {
            if (!reading)
                reading = loop_.start(from.events(request(cursor)));
            loop_.await(from.counts({})); // behind it
            loop_.settle();
            if (!reading->ended)
                return;
            if (reading->failure)
                std::rethrow_exception(reading->failure);
            const auto page = std::move(*reading->value);
            reading = nullptr;
            if (page.missed)
                throw difference("events of " + queue + " were missed");
            into += words_of_all(page.events, name);
            cursor = page.next;
        }
    };
    read(f.model, f.model_cursor, *model_, f.should_be, as_it_is);
    // What another process recorded is seen a moment later.
    const auto give_up = std::chrono::steady_clock::now() + 5s;
    do
        read(f.subject, f.subject_cursor, *subjects_[f.opened_by], f.is, ids_.by_model());
    while (f.is.size() < f.should_be.size() && std::chrono::steady_clock::now() < give_up);
}

void walk::wait_for_end(lots& draw) {
    const auto key = draw_key(draw);
    if (!key)
        return;
    end_wait w{.text = "wait for the end of " + key->queue + "/" + key->id, .opened_by = draw.below(subjects_.size())};
    tell(w.text);
    w.subject = loop_.start(subjects_[w.opened_by]->wait_for_end({key->queue, ids_.to_subject(key->id)}));
    w.model = loop_.start(model_->wait_for_end(*key));
    end_waits_.push_back(std::move(w));
}

void walk::compare_watching() {
    for (auto& [queue, f] : followers_) {
        read_events(f);
        if (fails_bit_by_bit()) {
            f.is = sorted_lines(f.is);
            f.should_be = sorted_lines(f.should_be);
        }
        if (f.is != f.should_be)
            throw difference("events of " + queue + " differ" + first_difference(f.is, f.should_be));
        f.is.clear();
        f.should_be.clear();
    }
    loop_.settle();
    std::erase_if(end_waits_, [&](const end_wait& w) {
        if (!w.model->ended)
            return false;
        if (!loop_.until([&] { return w.subject->ended; }))
            throw difference(w.text + " does not end");
        if (w.subject->failure)
            std::rethrow_exception(w.subject->failure);
        // Of its family it may be told what was so then, or what was so at the end of that transaction.
        const auto words = [](std::optional<job_info> job, const called& name) {
            if (job)
                job->parent.reset(), job->children = {};
            return job ? words_of(*job, name) : "nothing";
        };
        const auto is = words(*w.subject->value, ids_.by_model()), should_be = words(*w.model->value, as_it_is);
        // A job of which nothing was kept, ended by another process.
        if (is != should_be && is != "nothing")
            throw difference(w.text + first_difference(is, should_be));
        return true;
    });
    for (const auto& w : end_waits_)
        if (w.subject->ended)
            throw difference(w.text + " ends too early");
}

} // namespace infra::queue::tests
