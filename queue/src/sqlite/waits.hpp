#pragma once

// Operations that may wait: for work, for an event, for the end of a job.

#include "submit.hpp"
#include "verbs.hpp"

namespace infra::queue::sqlite {

template <class Request, class Result>
class waiting_operation : public operation {
public:
    using request = Request;
    using result = Result;

    waiting_operation(const executor& ex, access needs, bool is_urgent, Request asked)
        : operation(ex, needs, 0, is_urgent), asked_(std::move(asked)) {}

    Result take_result() { return std::move(found_); }
    void take_back() override { found_ = {}; }

protected:
    Request asked_;
    Result found_{};
};

class claim_operation final : public waiting_operation<claim_request, claim_result> {
public:
    claim_operation(const executor& ex, claim_request asked)
        : waiting_operation(ex, access::write, always, std::move(asked)) {}

    void perform(store& s) override { found_ = claim(s, asked_); }
    bool is_claim() const noexcept override { return true; }
    bool waits() const noexcept override { return waits_on(asked_, found_); }
    bool may_go_on(store& s) override { return may_claim(s, asked_); }
    void try_again(store& s) override {
        if (asked_.time)
            asked_.now = asked_.time->wall();
        found_ = claim_again(s, asked_);
    }
};

class events_operation final : public waiting_operation<events_request, events_page> {
public:
    events_operation(const executor& ex, events_request asked)
        : waiting_operation(ex, access::write, refusable, std::move(asked)) {}

    void perform(store& s) override { found_ = events(s, asked_); }
    bool waits() const noexcept override { return !asked_.cursor.empty() && found_.events.empty() && !found_.missed; }
    bool may_go_on(store& s) override { return has_events(s, asked_); }
    void try_again(store& s) override {
        if (has_events(s, asked_))
            perform(s);
    }
    bool watches() const noexcept override { return true; }
};

class end_operation final : public waiting_operation<job_key, std::optional<job_info>> {
public:
    end_operation(const executor& ex, job_key asked)
        : waiting_operation(ex, access::read, refusable, std::move(asked)) {}

    void perform(store& s) override;
    bool waits() const noexcept override { return waits_; }
    bool may_go_on(store& s) override;
    void try_again(store& s) override;
    void take_back() override { waits_ = true; }
    bool watches() const noexcept override { return true; }

private:
    void look(store& s);

    std::int64_t seq_ = 0;
    end_watch::ticket ticket_;
    bool waits_ = false;
};

} // namespace infra::queue::sqlite
