#include "storage_sweep.hpp"

#include <infra/logging.hpp>

#include <boost/asio/error.hpp>

#include <exception>
#include <utility>

namespace infra::app {
namespace {

constexpr std::chrono::hours between{24};

void tell(const storage::sweep_result& swept) {
    if (swept.uploads + swept.leavings > 0)
        logging::info("storage swept", {{"uploads", swept.uploads}, {"leavings", swept.leavings}});
}

awaitable<void> sweep_daily(storage::storage of, std::chrono::milliseconds age, clock& time) {
    for (;;) {
        co_await time.sleep_for(between);
        try {
            tell(co_await of.sweep(age));
        } catch (const boost::system::system_error& e) {
            if (e.code() == asio::error::operation_aborted)
                throw;
            logging::warn("storage could not be swept", {{"error", e}});
        }
    }
}

} // namespace

part storage_sweep(storage::storage of, std::chrono::milliseconds age, clock& time) {
    return background("storage", [of = std::move(of), age, &time] { return sweep_daily(of, age, time); }, time);
}

} // namespace infra::app
