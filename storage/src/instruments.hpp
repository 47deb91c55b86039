#pragma once

#include <infra/base/telemetry.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace infra::storage {

/// The series of all storages of the process.
///
/// Threads: any.
class instruments {
public:
    instruments();

    /// One of the public calls has ended. `op`: "put"; `status`: "ok", or name_of() a code.
    void called(std::string_view op, std::string_view status, double seconds) const;

    void received(std::uint64_t bytes) const { received_.add(static_cast<double>(bytes)); }
    void sent(std::uint64_t bytes) const { sent_.add(static_cast<double>(bytes)); }

    void retried(std::string_view reason) const; ///< name_of() a code
    void hedged(std::string_view won) const;     ///< "first", "second"
    void throttled() const { throttled_.add(); }
    void checksum_failed() const { checksum_failures_.add(); }

    void in_flight(int more) const { in_flight_.add(more); }

    /// Told of bytes more or, negative, less. Outlives this.
    std::function<void(std::ptrdiff_t)> told_of_buffers() const {
        return [series = buffered_](std::ptrdiff_t more) { series.add(static_cast<double>(more)); };
    }

private:
    using by_name = std::map<std::string, telemetry::series, std::less<>>;

    telemetry::series received_;
    telemetry::series sent_;
    telemetry::series throttled_;
    telemetry::series checksum_failures_;
    telemetry::series in_flight_;
    telemetry::series buffered_;
    mutable std::mutex mutex_;
    mutable std::map<std::string, by_name, std::less<>> calls_; // by op and status; guarded by mutex_
    mutable by_name seconds_;                                   // by op; guarded by mutex_
    mutable by_name retries_;                                   // by reason; guarded by mutex_
    mutable by_name hedged_;                                    // by who won; guarded by mutex_
};

} // namespace infra::storage
