#pragma once

/// A thousand welcomes by a mailer, as many at once as are wanted: what the benchmarks of transports measure.

#include <infra/email/mailer.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

namespace infra::email::bench {

inline message make_message(int i) {
    const auto number = std::to_string(i);
    return {.to = "ann" + number + "@example.org",
            .content = rendered_email{.subject = "Welcome, " + number,
                                      .html = "<p>Hi <b>Ann " + number + "</b>, welcome.</p>",
                                      .text = "Hi Ann " + number + ", welcome."}};
}

inline awaitable<void> send_until(email::mailer mailer, std::shared_ptr<int> next, int mails) {
    while (*next < mails)
        co_await mailer.send(make_message((*next)++));
}

/// The seconds it took.
inline double send_all(const email::mailer& mailer, event_loop& loop, int mails, int at_once) {
    const auto begin = std::chrono::steady_clock::now();
    const auto next = std::make_shared<int>(0);
    std::vector<std::future<void>> senders;
    for (int i = 0; i < at_once; ++i)
        senders.push_back(asio::co_spawn(loop.get_executor(), send_until(mailer, next, mails), asio::use_future));
    for (auto& each : senders)
        each.get();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

} // namespace infra::email::bench
