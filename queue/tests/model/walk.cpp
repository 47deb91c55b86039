#include "walk.hpp"

namespace infra::queue::tests {

walk::walk(walk_subject subject, const walk_kind& kind)
    : subject_(std::move(subject)), clock_goes_back_(kind.clock_goes_back) {
    subjects_.push_back(subject_.open());
    subjects_.push_back(subject_.open());
    time_.set_wall(now_);
}

walk::~walk() {
    for (auto& each : subjects_)
        each.reset();
    model_.reset();
    loop_.settle();
}

void walk::step(std::uint64_t seed) {
    lots draw(seed);
    pass_time(draw);
    if (fails_bit_by_bit())
        have_expired(draw);
    operation_list asked;
    if (const auto what = draw.below(100); what < 18) {
        claim(draw);
    } else if (what < 21) {
        fails_bit_by_bit() ? claim(draw) : claim_and_wait(draw);
    } else if (what < 24) {
        follow(draw);
    } else if (what < 27) {
        wait_for_end(draw);
    } else if (what < 29) {
        crash();
    } else if (what < 31) {
        reopen(draw.below(subjects_.size()));
    } else {
        const std::size_t number = draw.one_in(4) && !fails_bit_by_bit() ? draw.between(2, 5) : 1;
        const bool cut_short = draw.one_in(20); // what takes several calls may be done in part
        while (asked.size() < number)
            if (auto one = draw_operation(draw, number == 1 && !cut_short && !subject_.spoil))
                asked.push_back(std::move(one));
        cut_short ? perform_and_crash(asked, draw) : perform(asked, draw);
    }
    settle(draw);
    compare_state(draw); // first, for it learns of ids
    for (auto& each : asked)
        each->compare(ids_);
    compare_watching();
}

void walk::end() {
    for (auto& each : subjects_)
        loop_.await(each->stop(deadline::after(30s)));
    subject_.check();
}

backend& walk::any_subject(lots& draw) { return *draw.of(subjects_); }

// Those that are begun together may share a transaction. Their order is that in which they were begun.
void walk::perform(operation_list& all, lots& draw) {
    auto& subject = any_subject(draw);
    const bool spoilt = spoil(draw);
    for (const auto& each : all) {
        tell((all.size() > 1 ? "together: " : "") + each->text());
        each->start(loop_, subject);
        loop_.settle(); // until it is in the backend's hands
    }
    for (const auto& each : all)
        if (!loop_.until([&] { return each->ended(); }))
            throw difference(each->text() + " does not end");
    if (spoilt) {
        subject_.mend();
        std::erase_if(all, [](const auto& each) { return each->failure() == errc::unavailable; });
    }
    for (const auto& each : all)
        each->repeat(loop_, *model_);
}

bool walk::spoil(lots& draw) {
    if (!subject_.spoil || !draw.one_in(5))
        return false;
    tell("on a disk that fails:");
    subject_.spoil(draw);
    return true;
}

// The backend goes in the middle of it. Who was told so has changed nothing; what was answered is done.
void walk::perform_and_crash(operation_list& all, lots& draw) {
    const auto which = draw.below(subjects_.size());
    for (const auto& each : all) {
        tell("cut short: " + each->text());
        each->start(loop_, *subjects_[which]);
        loop_.settle();
    }
    reopen(which);
    for (const auto& each : all)
        if (!loop_.until([&] { return each->ended(); }))
            throw difference(each->text() + " does not end");
    std::erase_if(all, [](const auto& each) { return each->failure() == infra::errc::closed; });
    for (const auto& each : all)
        each->repeat(loop_, *model_);
}

// Those whose time is over: a claim that takes some sees what their ends bring.
void walk::have_expired(lots& draw) {
    const claim_request nothing{.queues = {"a", "b", "c"}, .max = 0, .worker = "w", .now = now_};
    loop_.await(any_subject(draw).claim(nothing));
    loop_.await(model_->claim(nothing));
    settle(draw);
}

// By claims that take nothing, some after a crash or on a disk that fails.
void walk::settle(lots& draw) {
    for (int tries = 0; fails_bit_by_bit() && !subject_.is_settled(); ++tries) {
        if (tries == 1000)
            throw difference("parents are to fail, and no claim has them do so");
        if (draw.one_in(8))
            crash();
        const bool spoilt = spoil(draw);
        const auto claiming =
            loop_.start(any_subject(draw).claim({.queues = {"d"}, .max = 1, .worker = "w", .now = now_}));
        if (!loop_.until([&] { return claiming->ended; }))
            throw difference("a claim does not end");
        if (spoilt)
            subject_.mend();
        if (claiming->failure && (!spoilt || code_of(claiming->failure) != errc::unavailable))
            std::rethrow_exception(claiming->failure);
        if (!claiming->failure && !subject_.is_settled() && claiming->value->next_due != now_)
            throw difference("parents are still to fail, and the next claim is not to come at once");
    }
}

// Mostly on, sometimes far ahead or back.
void walk::pass_time(lots& draw) {
    if (draw.one_in(3))
        return;
    auto by = std::chrono::milliseconds(draw.between(1, 3000));
    if (draw.one_in(40))
        by = std::chrono::hours(draw.between(1, 48));
    else if (clock_goes_back_ && draw.one_in(40))
        by = -std::chrono::seconds(draw.between(1, 5000));
    now_ += by;
    time_.set_wall(now_);
    tell("at " + words_of(now_));
}

void walk::crash() {
    tell("crash");
    subject_.crash();
    for (std::size_t i = 0; i < subjects_.size(); ++i)
        reopen(i);
}

void walk::reopen(std::size_t which) {
    tell("reopen " + std::to_string(which));
    subjects_[which].reset();
    subjects_[which] = subject_.open();
    std::erase_if(end_waits_, [&](const end_wait& w) { return w.opened_by == which; });
    for (auto& [queue, f] : followers_)
        if (f.opened_by == which)
            f.subject = nullptr;
}

namespace {

using seeds = std::vector<std::uint64_t>;

struct wrong {
    std::size_t steps; // that were begun
    std::string what;
    std::vector<std::string> told;
};

std::optional<wrong> take(const std::function<walk_subject()>& make, const walk_kind& kind, const seeds& steps) {
    const auto subject = make();
    std::size_t begun = 0;
    walk w(subject, kind);
    try {
        for (const auto each : steps) {
            ++begun;
            w.step(each);
        }
        w.end();
    } catch (const std::exception& e) { // a verb that throws what it should not is a difference as well
        return wrong{begun, e.what(), w.told()};
    }
    return std::nullopt;
}

seeds without(const seeds& all, std::size_t from, std::size_t n) {
    seeds rest(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(from));
    if (from + n < all.size())
        rest.insert(rest.end(), all.begin() + static_cast<std::ptrdiff_t>(from + n), all.end());
    return rest;
}

// Leaves out what is not needed, first many steps at once, then fewer.
wrong shrink(const std::function<walk_subject()>& make, const walk_kind& kind, seeds steps, wrong found) {
    const auto give_up = std::chrono::steady_clock::now() + 60s;
    steps.resize(found.steps);
    for (auto size = steps.size() / 2; size > 0; size /= 2)
        for (std::size_t from = 0; from < steps.size() && std::chrono::steady_clock::now() < give_up;) {
            const auto fewer = without(steps, from, size);
            if (auto still = take(make, kind, fewer)) {
                steps = fewer;
                steps.resize(still->steps);
                found = std::move(*still);
            } else {
                from += size;
            }
        }
    return found;
}

} // namespace

std::optional<std::string> find_difference(const std::function<walk_subject()>& make, std::uint64_t seed,
                                           std::size_t steps) {
    lots draw(seed);
    seeds all(steps);
    for (auto& each : all)
        each = draw.next();
    const walk_kind kind{.clock_goes_back = draw.one_in(2)};
    auto found = take(make, kind, all);
    if (!found)
        return std::nullopt;
    const auto fewest = shrink(make, kind, std::move(all), std::move(*found));
    std::string text =
        "seed " + std::to_string(seed) + " with " + std::to_string(steps) + " steps; of these suffice:\n";
    for (const auto& each : fewest.told)
        text += "  " + each + "\n";
    return text + fewest.what;
}

} // namespace infra::queue::tests
