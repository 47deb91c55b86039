#include "trace_of.hpp"

#include <infra/base/context.hpp>
#include <infra/base/propagation.hpp>

namespace infra::queue {

std::string trace_of(std::string_view carrier) {
    if (carrier.empty())
        return {};
    const auto headers = from_carrier(carrier);
    const auto producer = parse_traceparent(headers.traceparent);
    if (!producer)
        return {};
    const auto digits = to_hex(producer->trace);
    return {digits.begin(), digits.end()};
}

} // namespace infra::queue
