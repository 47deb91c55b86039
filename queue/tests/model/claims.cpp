#include "walk.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

// Claims. Which of several queues comes first each backend may decide by itself, so the model is made to take from each as
// many as the subject did; everything else follows.

namespace infra::queue::tests {
namespace {

std::string words_of_keys(const std::vector<job_key>& keys, const called& name) {
    std::vector<std::string> all;
    for (const auto& each : keys)
        all.push_back(each.queue + "/" + name(each.id) + "\n");
    std::ranges::sort(all);
    std::string text;
    for (const auto& each : all)
        text += each;
    return text;
}

std::vector<claimed_job> of_queue(const std::vector<claimed_job>& jobs, const std::string& queue) {
    std::vector<claimed_job> some;
    std::ranges::copy_if(jobs, std::back_inserter(some),
                         [&](const auto& each) { return each.held.job.queue == queue; });
    return some;
}

void expect_same(const char* what, const std::string& is, const std::string& should_be) {
    if (is != should_be)
        throw difference(std::string(what) + " differ" + first_difference(is, should_be));
}

} // namespace

claim_request walk::draw_claim(lots& draw) {
    static const std::vector<std::vector<std::string>> some{{"a"}, {"b"}, {"c"}, {"a", "b"}, {"a", "b", "c"}};
    claim_request request{.queues = draw.of(some),
                          .max = draw.between(1, 4),
                          .worker = draw.one_in(2) ? "w" : "another one",
                          .lease = std::chrono::milliseconds(draw.between(1000, 15'000)),
                          .now = now_};
    if (draw.one_in(8))
        request.expired_before = now_ - std::chrono::milliseconds(draw.below(9000));
    return request;
}

void walk::claim(lots& draw) {
    const auto request = draw_claim(draw);
    tell("claim " + std::to_string(request.max) + " of the first " + std::to_string(request.queues.size()) + " from " +
         request.queues.front());
    const bool spoilt = spoil(draw);
    const auto claiming = loop_.start(any_subject(draw).claim(request));
    if (!loop_.until([&] { return claiming->ended; }))
        throw difference("a claim does not end");
    if (spoilt)
        subject_.mend();
    if (spoilt && code_of(claiming->failure) == errc::unavailable)
        return;
    if (claiming->failure)
        std::rethrow_exception(claiming->failure);
    compare(*claiming->value, claim_as(*claiming->value, request), request);
}

claim_result walk::claim_as(const claim_result& subject, const claim_request& asked) {
    auto nothing = asked; // but what is to be done before anything is taken, in all of them
    nothing.max = 0;
    auto all = loop_.await(model_->claim(nothing));
    for (const auto& queue : asked.queues) {
        auto request = asked;
        request.queues = {queue};
        request.max = asked.queues.size() == 1 ? asked.max : of_queue(subject.jobs, queue).size();
        const auto some = loop_.await(model_->claim(request));
        std::ranges::copy(some.jobs, std::back_inserter(all.jobs));
        std::ranges::copy(some.rescued, std::back_inserter(all.rescued));
        std::ranges::copy(some.expired, std::back_inserter(all.expired));
        all.next_due = some.next_due;
    }
    return all;
}

void walk::compare(const claim_result& subject, const claim_result& model, const claim_request& asked) {
    for (const auto& queue : asked.queues)
        expect_same("claimed jobs", words_of_all(of_queue(subject.jobs, queue), ids_.by_model()),
                    words_of_all(of_queue(model.jobs, queue), as_it_is));
    if (subject.jobs.size() > asked.max)
        throw difference("more were claimed than asked for");
    expect_same("rescued jobs", words_of_keys(subject.rescued, ids_.by_model()),
                words_of_keys(model.rescued, as_it_is));
    expect_same("expired jobs", words_of_keys(subject.expired, ids_.by_model()),
                words_of_keys(model.expired, as_it_is));
    // Of leases it may name an earlier time than there is.
    const bool is_asked_for_more = subject.jobs.size() < asked.max && asked.queues.size() == 1;
    if (is_asked_for_more && model.next_due && (!subject.next_due || *subject.next_due > *model.next_due))
        throw difference("what is due next at " + words_of(*model.next_due) + " is not named");
    take(subject, model);
    // What could be had was taken, up to the number asked for.
    auto rest = asked;
    rest.max = asked.max - subject.jobs.size();
    if (rest.max == 0)
        return;
    if (const auto left = loop_.await(model_->claim(rest)); !left.jobs.empty())
        throw difference("a claim left " + left.jobs.front().held.job.queue + "/" + left.jobs.front().held.job.id);
}

void walk::take(const claim_result& subject, const claim_result& model) {
    for (const auto& each : subject.jobs) {
        const auto id = ids_.to_model(each.held.job.id);
        const auto same = std::ranges::find_if(model.jobs, [&](const claimed_job& other) {
            return other.held.job.queue == each.held.job.queue && other.held.job.id == id;
        });
        const std::pair key(each.held.job.queue, id);
        if (each.held.fence <= fences_[key])
            throw difference(key.first + "/" + key.second + " was leased with a fence that is not greater");
        fences_[key] = each.held.fence;
        ++starts_[key];
        held_.push_back({each.held, same->held});
    }
}

// A claim that waits is handed what comes in the transaction that brings it.
void walk::claim_and_wait(lots& draw) {
    auto request = draw_claim(draw);
    request.queues = {request.queues.front()};
    auto waiting = request;
    waiting.wait = true;
    waiting.time = &time_;
    tell("claim " + std::to_string(request.max) + " of " + request.queues.front() + " and wait");
    const auto at_first = loop_.await(model_->claim(request));
    waiting.due = at_first.next_due;
    asio::cancellation_signal give_up;
    std::optional<claim_result> got;
    std::exception_ptr failure;
    bool ended = false;
    auto& claimed_by = any_subject(draw);
    const auto claiming = [&]() -> awaitable<void> { got = co_await claimed_by.claim(waiting); };
    asio::co_spawn(loop_.get_executor(), claiming,
                   asio::bind_cancellation_slot(give_up.slot(), [&](std::exception_ptr e) {
                       failure = e;
                       ended = true;
                   }));
    loop_.await(claimed_by.counts({})); // behind it
    loop_.settle();
    const bool found_some = !waits_on(waiting, at_first);
    auto model = at_first;
    if (!found_some) {
        operation_list one;
        one.push_back(enqueue(draw));
        tell(one[0]->text());
        one[0]->start(loop_, any_subject(draw));
        if (!loop_.until([&] { return one[0]->ended(); }))
            throw difference("an enqueue does not end while a claim waits");
        one[0]->repeat(loop_, *model_);
        one[0]->compare(ids_);
        model = loop_.await(model_->claim(request));
    }
    if (found_some || !model.jobs.empty())
        loop_.until([&] { return ended; });
    else
        give_up.emit(asio::cancellation_type::terminal);
    if (!loop_.until([&] { return ended; }))
        throw difference("a claim waits although there is something");
    if (failure && code_of(failure) != asio::error::operation_aborted)
        std::rethrow_exception(failure);
    if (failure && !model.jobs.empty())
        throw difference("a claim that waited was not given " + model.jobs.front().held.job.id);
    if (!failure)
        compare(*got, model, request);
}

} // namespace infra::queue::tests
