#pragma once

// What the store on Redis reports beyond what the core does: how it gets on with the server.

#include <infra/base/telemetry.hpp>

namespace infra::cache::redis_backend {

struct instruments {
    instruments();

    telemetry::series reads_dropped;
    telemetry::series writes_dropped;
    telemetry::series refused; ///< by a server that was there
    telemetry::series outages;
    telemetry::series away; ///< 1 while it is
    telemetry::series owed;
};

const instruments& all_instruments();

} // namespace infra::cache::redis_backend
