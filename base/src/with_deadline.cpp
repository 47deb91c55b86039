#include <infra/base/with_deadline.hpp>

namespace infra::detail {

// When somebody outside cancels, both sides fail and the clock may be reported first: a clock that was itself cancelled
// has not run out.
void throw_failure(const std::array<std::size_t, 2>& order, const std::exception_ptr& operation,
                   const std::exception_ptr& clock) {
    if (!operation)
        return;
    const bool ran_out = order[0] == 1 && !clock;
    if (ran_out)
        throw error(errc::timed_out, "the deadline passed before the operation ended");
    std::rethrow_exception(operation);
}

} // namespace infra::detail
