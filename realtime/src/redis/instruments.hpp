#pragma once

#include <infra/base/telemetry.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace infra::realtime::over_redis {

/// What a broker counts.
///
/// Threads: any.
class instruments {
public:
    explicit instruments(std::string_view broker);

    void sent(std::size_t messages) const { sent_.add(static_cast<double>(messages)); }
    void said_here() const { said_here_.add(); }
    void in_doubt() const { in_doubt_.add(); }
    void heard() const { heard_.add(); }
    void read(std::size_t messages) const { read_.add(static_cast<double>(messages)); }
    void gap() const { gaps_.add(); }
    void link(bool up) const { link_.record(up ? 1 : 0); }
    void unsent(std::size_t messages) const { unsent_.record(static_cast<double>(messages)); }

private:
    telemetry::series sent_, said_here_, in_doubt_, heard_, read_, gaps_, link_, unsent_;
};

} // namespace infra::realtime::over_redis
