#pragma once

/// What the client counts, with a bound on the labels that peers and URLs could otherwise grow.

#include <infra/base/http_message.hpp>
#include <infra/base/telemetry.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

namespace infra::http {

/// Threads: any.
class client_metrics {
public:
    /// `status`: the code in digits, or failure_name().
    void count(method m, const std::string& host, std::string_view status, std::chrono::nanoseconds took);

    /// Hosts that get a label of their own; those after them share "(other)".
    static constexpr std::size_t max_hosts = 64;

private:
    struct host_series {
        telemetry::series durations;
        std::map<std::string, telemetry::series, std::less<>> requests; // by status
    };

    std::string_view label_of(const std::string& host);

    std::mutex mutex_;
    std::map<std::tuple<method, std::string>, host_series> series_; // guarded by mutex_
    std::set<std::string> hosts_;                                   // guarded by mutex_
};

/// The label for a response's status: its digits if IANA has named it, otherwise only its class, "4xx".
std::string status_label(int status);

} // namespace infra::http
