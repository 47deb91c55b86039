#pragma once

// What is counted. Never by key, and by no label that grows.

#include <infra/base/telemetry.hpp>

#include <boost/system/error_code.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace infra::redis::detail {

enum class outcome : std::uint8_t { ok, error, lost, timed_out, cancelled, overloaded, refused, closed };
inline constexpr std::size_t outcomes = 8;

/// What `failure` counts as; ok for none.
outcome outcome_of(const boost::system::error_code& failure) noexcept;

/// Of one client. Threads: any.
class instruments {
public:
    instruments();

    void commands(outcome how, std::size_t n) const noexcept {
        by_outcome_[static_cast<std::size_t>(how)].add(static_cast<double>(n));
    }
    void took(std::chrono::nanoseconds d) const noexcept {
        durations_.record(std::chrono::duration<double>(d).count());
    }
    void queued(std::ptrdiff_t more) const noexcept { queued_.add(static_cast<double>(more)); }
    void connections(int more) const noexcept { connections_.add(more); }
    void connected(bool well) const noexcept { (well ? connected_ : not_connected_).add(); }
    void lost() const noexcept { lost_.add(); }
    void replayed(std::uint64_t n) const noexcept { replayed_.add(static_cast<double>(n)); }
    void sent(std::size_t bytes) const noexcept { sent_.add(static_cast<double>(bytes)); }
    void received(std::size_t bytes) const noexcept { received_.add(static_cast<double>(bytes)); }
    void wrote(std::size_t commands) const noexcept { per_write_.record(static_cast<double>(commands)); }

private:
    std::array<telemetry::series, outcomes> by_outcome_;
    telemetry::series durations_, queued_, connections_, connected_, not_connected_, lost_, replayed_, sent_, received_,
        per_write_;
};

} // namespace infra::redis::detail
