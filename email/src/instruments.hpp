#pragma once

#include <infra/base/telemetry.hpp>

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace infra::email {

/// One transport's series.
///
/// Threads: any.
class instruments {
public:
    explicit instruments(std::string_view transport);

    void sent(double seconds) const;
    void duplicate(double seconds) const;
    void retried(std::size_t messages) const;
    void stopped() const;
    /// `why`: name_of() a code.
    void failed(std::string_view why, double seconds) const;

private:
    const std::string transport_;
    telemetry::series sent_;
    telemetry::series duplicates_;
    telemetry::series retried_;
    telemetry::series stopped_;
    telemetry::series duration_;
    mutable std::mutex mutex_;
    mutable std::map<std::string, telemetry::series, std::less<>> failed_; // by reason; guarded by mutex_
};

} // namespace infra::email
