#pragma once

/// A server that takes its time over its data when it is started again, until it is told to hurry.

#include "tests/support.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace infra::redis {

class slow_to_load {
public:
    explicit slow_to_load(test_loop& loop) : loop_(loop), operator_({loop.get_executor()}, real_.over_socket()) {
        tell({"DEBUG", "POPULATE", 300, "key", 1000});
    }

    server& real() { return real_; }

    /// Returns while it loads.
    void restart() {
        tell({"SAVE"});
        real_.kill();
        real_.start();
    }

    /// The same without its end: connections stay. Returns while it does; done once it has all of it.
    std::shared_ptr<outcome<bool>> reload() {
        auto done = loop_.spawn(operator_.execute<void>({"DEBUG", "RELOAD"}, deadline::after(60s)));
        loop_.until([&] { return is_loading(); });
        return done;
    }

    void hurry() { tell_aside({"CONFIG", "SET", "key-load-delay", 0}); }

    bool is_loading() { return info("persistence").find("\nloading:1") != std::string::npos; }

    /// How often it has refused this command since it began to run.
    int refusals_of(const std::string& command) {
        const auto all = info("commandstats");
        const std::string before = "rejected_calls=";
        const auto at = all.find(before, std::min(all.find("cmdstat_" + command + ":"), all.size()));
        return at == all.npos ? 0 : std::stoi(all.substr(at + before.size()));
    }

    void tell(command c) { loop_.wait(operator_.execute<void>(std::move(c), deadline::after(20s))); }
    template <class T>
    T ask(command c) {
        return loop_.get(operator_.execute<T>(std::move(c), deadline::after(20s)));
    }

private:
    // On a connection on which nothing waits.
    void tell_aside(command c) {
        const client aside({loop_.get_executor()}, real_.over_socket());
        loop_.wait(aside.execute<void>(std::move(c), deadline::after(20s)));
    }
    std::string info(const char* section) {
        const client aside({loop_.get_executor()}, real_.over_socket());
        return loop_.get(aside.execute<std::string>({"INFO", section}, deadline::after(20s)));
    }

    test_loop& loop_;
    server real_{std::vector<std::string>{"--key-load-delay", "20000", "--loading-process-events-interval-bytes",
                                          "1024", "--rdbcompression", "no"}};
    const client operator_;
};

} // namespace infra::redis
