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

/// Of each, the first of answered(), failed() and the destructor counts.
class record {
public:
    /// Its span is the active one until it ends.
    record(std::shared_ptr<client_metrics> metrics, clock& time, const outgoing& request);
    ~record();
    record(const record&) = delete;
    record& operator=(const record&) = delete;

    void answered(int status);
    void failed(const std::exception_ptr& why);

private:
    void count(std::string_view status);

    const std::shared_ptr<client_metrics> metrics_;
    clock& time_;
    const steady_time began_;
    const http::method method_;
    const std::string host_;
    telemetry::span span_;
    bool counted_ = false;
};

} // namespace infra::http
