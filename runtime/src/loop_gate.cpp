#include <infra/runtime/loop_gate.hpp>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>

namespace infra {
namespace {

// A context shuts its services down before anything else, the youngest first, and so the gate before the scheduler, which
// is the eldest.
struct gate_service final : asio::execution_context::service {
    explicit gate_service(asio::execution_context& of) : service(of) {}
    void shutdown() noexcept override { gate->close(); }

    static asio::execution_context::id id;
    const std::shared_ptr<loop_gate> gate = std::make_shared<loop_gate>();
};

asio::execution_context::id gate_service::id;

} // namespace

std::shared_ptr<loop_gate> loop_gate::of(const executor& ex) {
    return asio::use_service<gate_service>(asio::query(ex, asio::execution::context)).gate;
}

} // namespace infra
