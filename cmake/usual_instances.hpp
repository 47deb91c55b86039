#pragma once

// What nearly every source has the compiler instantiate, and takes long: so it does once, as it reads the precompiled
// headers. Nobody calls it.

#include <infra/base.hpp>

namespace infra::usual_instances {

inline awaitable<void> sleep() {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::seconds(1));
    co_await timer.async_wait(asio::use_awaitable);
    co_await timer.async_wait(asio::deferred);
}

inline void spawn(executor on) {
    asio::co_spawn(on, sleep(), asio::detached);
    asio::co_spawn(on, sleep(), [](const std::exception_ptr&) {});
    asio::post(on, [] {});
}

inline void hold(std::vector<std::string>& list, std::map<std::string, std::string>& table,
                 std::optional<std::string>& maybe) {
    list.push_back("x");
    list.insert(list.end(), list.begin(), list.end());
    auto copy = list;
    copy = list;
    list = std::move(copy);
    table["x"] = "y";
    auto other = table;
    maybe = "x";
    const std::function<void()> call = [] {};
    call();
}

} // namespace infra::usual_instances
