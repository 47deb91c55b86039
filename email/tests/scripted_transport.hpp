#pragma once

/// A transport that does what a test tells it, and mail under a clock of the test's.

#include "tests/support.hpp"

#include <infra/base/clock.hpp>
#include <infra/email/mailer.hpp>

#include <boost/asio/use_future.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <stdexcept>

namespace infra::email {

/// Accepts everything, but for what stands in its script: a step for each call.
class scripted_transport final : public transport {
public:
    using answers = std::vector<delivery>;
    using step = std::function<awaitable<answers>(std::vector<mail>)>;

    struct call {
        std::vector<mail> mails;
        deadline limit;
        steady_time at;
    };

    explicit scripted_transport(clock& time, transport_traits traits = {.keeps_keys = true})
        : time_(time), traits_(traits) {}

    std::string_view name() const noexcept override { return "scripted"; }
    transport_traits traits() const noexcept override { return traits_; }
    awaitable<answers> deliver(std::vector<mail> mails, deadline limit) override {
        calls.push_back({mails, limit, time_.steady()});
        if (script.empty())
            co_return accepted(mails);
        const auto next = std::move(script.front());
        script.pop_front();
        co_return co_await next(std::move(mails));
    }

    static answers accepted(const std::vector<mail>& mails) {
        answers all;
        for (const auto& each : mails)
            all.push_back({.id = each.id});
        return all;
    }

    /// All mails of the next call fail like that.
    void fail(send_error why) {
        script.emplace_back([why](std::vector<mail> mails) -> awaitable<answers> {
            co_return answers(mails.size(), {.failure = why});
        });
    }

    /// The next call fails for those mails (by their place in it), and accepts the rest.
    void fail(std::vector<std::size_t> which, send_error why) {
        script.emplace_back([which, why](std::vector<mail> mails) -> awaitable<answers> {
            auto all = accepted(mails);
            for (const auto i : which)
                all.at(i) = {.failure = why};
            co_return all;
        });
    }

    /// The next call throws.
    template <class E>
    void raise(E thrown) {
        script.emplace_back([thrown](std::vector<mail>) -> awaitable<answers> {
            throw thrown;
            co_return answers();
        });
    }

    /// The next call waits until it is cancelled.
    void hang() {
        script.emplace_back([this](std::vector<mail>) -> awaitable<answers> {
            co_await time_.sleep_until(steady_time::max());
            co_return answers();
        });
    }

    std::deque<step> script;
    std::vector<call> calls;

private:
    clock& time_;
    const transport_traits traits_;
};

/// Runs an operation on a loop of its own, and moves the clock on whenever nothing else is left to do.
template <class T>
T run_on(manual_clock& time, awaitable<T> operation, std::chrono::milliseconds step = std::chrono::milliseconds(50)) {
    asio::io_context loop{1};
    auto result = asio::co_spawn(with_context(loop.get_executor()), std::move(operation), asio::use_future);
    const auto is_done = [&] { return result.wait_for(std::chrono::seconds(0)) == std::future_status::ready; };
    for (int i = 0; i < 100'000; ++i) {
        loop.restart();
        loop.poll();
        if (is_done())
            return result.get();
        time.advance(step);
    }
    throw std::logic_error("the operation does not end");
}

/// Words that need no thread of a pool, so that time does not pass meanwhile.
inline rendered_email some_words() { return {.subject = "S", .html = "<p>h</p>", .text = "t"}; }

inline message make_message(std::string to = "ann@example.org") {
    message m;
    m.to = to;
    m.content = some_words();
    return m;
}

/// A mailer's options around a scripted transport and a clock that stands still.
struct scripted_mail {
    manual_clock time;
    std::shared_ptr<scripted_transport> to = std::make_shared<scripted_transport>(time);
    mailer_options options{.transport = to,
                           .from = "shop@x.org",
                           .pause = {.type = backoff::kind::exponential,
                                     .delay = std::chrono::milliseconds(500),
                                     .max = std::chrono::seconds(8)},
                           .time = &time};

    std::chrono::milliseconds since(steady_time began) const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(time.steady() - began);
    }

    send_error refusal(message m, send_options how = {}) {
        try {
            run_on(time, mailer(options).send(std::move(m), how));
        } catch (const send_error& e) {
            return e;
        }
        throw std::logic_error("it was sent");
    }

    std::vector<delivery> send_batch(std::vector<message> all, batch_options how = {}) {
        return run_on(time, mailer(options).send_batch(std::move(all), how));
    }
};

} // namespace infra::email
