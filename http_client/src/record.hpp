#pragma once

/// What monitoring learns of one request.

#include "client_metrics.hpp"
#include "redirect.hpp"

#include <infra/base/clock.hpp>
#include <infra/base/telemetry.hpp>

#include <exception>
#include <memory>
#include <string>

namespace infra::http {

/// The first of answered(), failed() and dropped() counts; without any it counts nowhere.
class record {
public:
    /// Its span is the active one until it ends.
    record(std::shared_ptr<client_metrics> metrics, clock& time, const outgoing& request);
    record(const record&) = delete;
    record& operator=(const record&) = delete;

    /// The head of a response that will be read.
    void arrived();

    void answered(int status);
    void failed(const std::exception_ptr& why);

    /// Nobody reads on. Takes arrived() for the end: the clock may be gone.
    void dropped() noexcept;

private:
    void fail(const std::exception_ptr& why);
    void count(std::string_view status);

    const std::shared_ptr<client_metrics> metrics_;
    clock& time_;
    const steady_time began_;
    steady_time latest_;
    const http::method method_;
    const std::string host_;
    telemetry::span span_;
    bool counted_ = false;
};

} // namespace infra::http
