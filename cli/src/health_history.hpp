#pragma once

/// How a service came to be as it is: what `infra health --full` shows of what only operators are told. Pure but for show_health_history().

#include "operator_access.hpp"

#include <infra/base/json.hpp>
#include <infra/base/time.hpp>

#include <string>

namespace infra::cli {

/// Asks the service's dashboard; with `now` its checks are run first, which is an action of an operator's.
exit_code show_health_history(const service_place& place, bool now, const output& to);

/// The service as a whole, then its checks, the worst first, each with its last runs.
std::string health_history_of(const json::value& seen, wall_time now, bool colours);

/// For programs: the same members always, what there is not is null.
json::value health_history_document_of(const json::value& seen);

} // namespace infra::cli
