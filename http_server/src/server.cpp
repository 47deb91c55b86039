#include "server_state.hpp"

#include <infra/http_server.hpp>
#include <infra/runtime/default_runtime.hpp>

namespace infra::http {
namespace {

std::vector<executor> loops_of_the_default_runtime() {
    std::vector<executor> loops;
    for (std::size_t i = 0; i < default_loops().size(); ++i)
        loops.push_back(default_loops()[i].get_executor());
    return loops;
}

} // namespace

server::server(router routes, server_options options, clock& time)
    : server(loops_of_the_default_runtime(), std::move(routes), std::move(options), time) {}

server::server(std::vector<executor> loops, router routes, server_options options, clock& time)
    : state_(std::make_shared<detail::server_state>(std::move(loops), std::move(routes), std::move(options), time)) {}

server::~server() { state_->abandon(); }

void server::listen() { state_->listen(); }
awaitable<void> server::run() { return detail::server_state::run(state_); }
void server::stop_accepting() noexcept { state_->stop_accepting(); }

awaitable<void> server::stop(deadline limit) { return detail::server_state::stop(state_, limit); }
std::uint16_t server::port() const noexcept { return state_->port(); }
std::string server::url() const { return state_->url(); }
std::size_t server::connections() const noexcept { return state_->connections(); }

} // namespace infra::http
