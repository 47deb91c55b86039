#include "ground.hpp"

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace infra::realtime::over_redis {
namespace {

void require(bool holds, const char* what) {
    if (!holds)
        throw std::invalid_argument(std::string("realtime::redis_broker_options::") + what);
}

// What would stand in names that are matched by their braces.
bool is_prefix(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::none_of(text, [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '{' || c == '}';
    });
}

redis_broker_options checked(redis_broker_options o) {
    using namespace std::chrono_literals;
    require(is_prefix(o.prefix), "prefix must be 1 to 64 characters without braces, spaces and control characters");
    require(o.max_unsent > 0, "max_unsent must be at least 1");
    require(o.presence_expiry >= 100ms, "presence_expiry must be at least 100 ms");
    require(o.check_every >= 10ms, "check_every must be at least 10 ms");
    return o;
}

} // namespace

ground::ground(redis_broker_options o, clock& t)
    : options(checked(std::move(o))),
      server(redis::options_from(options.url)),
      called(options.prefix),
      node(random_hex(6)),
      time(t),
      count(redis::describe(server)) {
    redis::validate(server);
}

std::shared_ptr<redis::client> ground::redis() const {
    const std::scoped_lock lock(mutex_);
    return redis_;
}

void ground::set_redis(std::shared_ptr<redis::client> made) {
    const std::scoped_lock lock(mutex_);
    redis_ = std::move(made);
}

bool is_the_end(const boost::system::error_code& code) {
    return code == infra::errc::closed || code == asio::error::operation_aborted;
}

std::string fresh_epoch() { return random_hex(4); }

} // namespace infra::realtime::over_redis
