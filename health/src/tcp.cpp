#include <infra/health/tcp.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>
#include <utility>

namespace infra::health {
namespace {

using tcp = asio::ip::tcp;

/// `db:5432`, `[::1]:80`
std::string name_of(const tcp_check_options& options) {
    const bool is_v6 = options.host.find(':') != std::string::npos;
    return (is_v6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(options.port);
}

} // namespace

tcp_check::tcp_check(tcp_check_options options) : options_(std::move(options)) {
    if (options_.host.empty())
        throw std::invalid_argument("health::tcp_check_options::host must not be empty");
    if (options_.port == 0)
        throw std::invalid_argument("health::tcp_check_options::port must be 1 to 65535");
}

awaitable<check_result> tcp_check::operator()() const {
    const auto ex = co_await asio::this_coro::executor;
    std::string failure;
    try {
        tcp::resolver resolver(ex);
        const auto found = co_await resolver.async_resolve(options_.host, std::to_string(options_.port),
                                                           tcp::resolver::numeric_service, asio::use_awaitable);
        tcp::socket socket(ex);
        co_await asio::async_connect(socket, found, asio::use_awaitable);
        co_return healthy();
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        failure = e.code().message();
    }
    co_return unhealthy("cannot connect to " + name_of(options_) + ": " + failure);
}

} // namespace infra::health
