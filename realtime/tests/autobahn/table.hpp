#pragma once

#include "trial.hpp"

namespace infra::realtime::websocket::autobahn {

trials all_trials();

/// The page of the docs. What it says of each case is what the tests hold the server to, so that it is true while they pass.
std::string table_of(const trials& all);

} // namespace infra::realtime::websocket::autobahn
