#pragma once

namespace infra::detail {

/// Upper bounds in seconds for waits that should be short: they are fine where a machine that is well has its values.
inline constexpr double wait_buckets[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                          0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};

} // namespace infra::detail
