#pragma once

/// Once a day, what nobody completes and what crashes left in a `file:` store goes.

#include <infra/app.hpp>

namespace infra::app {

/// What a sweep throws is logged; the next day is another try.
part storage_sweep(storage::storage of, std::chrono::milliseconds age, clock& time = real_clock());

} // namespace infra::app
