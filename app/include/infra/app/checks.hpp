#pragma once

/// Health checks that need more than one module, ready made.
///
///     health::register_health_check("payments", app::http_check({.url = "https://api.example.com/ping"}), {.critical = false});

#include <infra/app/queue_check.hpp>
#include <infra/base/awaitable.hpp>
#include <infra/cache.hpp>
#include <infra/health/report.hpp>
#include <infra/realtime/hub.hpp>
#include <infra/redis.hpp>
#include <infra/storage/storage.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace infra::app {

struct http_check_options {
    std::string url{}; ///< http or https; asked with GET
    int lowest = 200;  ///< status that counts as healthy …
    int highest = 299; ///< … to this one; any other is unhealthy
};

/// Another service's answer, by its status alone: of its body no more than 64 KiB is read, and redirects are not followed. Each call
/// makes a connection of its own, which is a part of what is asked.
///
/// Threads:  any, at once.
/// Errors:   the constructor throws std::invalid_argument naming the option. No answer is unhealthy.
/// Cancel:   terminal, at once.
class http_check {
public:
    explicit http_check(http_check_options options);
    awaitable<health::check_result> operator()() const;

private:
    http_check_options options_;
};

struct cache_check_options {
    std::chrono::milliseconds degraded_above{250}; ///< for a sign of life, there and back; more than zero
};

/// The storage of a cache answers, and soon. An application registers it as `cache`, not critical: a service goes on without.
///
/// Threads:  any, at once.
/// Errors:   the constructor throws std::invalid_argument naming the option. A storage that does not answer is unhealthy.
/// Cancel:   all types, at once.
class cache_check {
public:
    explicit cache_check(cache::cache asked, cache_check_options options = {});
    awaitable<health::check_result> operator()() const;

private:
    cache::cache asked_;
    cache_check_options options_;
};

struct storage_check_options {
    std::chrono::milliseconds degraded_above{500}; ///< for a sign of life, there and back; more than zero
};

/// Where objects are kept answers, and soon. An application registers it as `storage`, not critical: a service goes on with what it
/// does without.
///
/// Threads:  any, at once.
/// Errors:   the constructor throws std::invalid_argument naming the option. A store that does not answer is unhealthy.
/// Cancel:   terminal.
class storage_check {
public:
    explicit storage_check(storage::storage asked, storage_check_options options = {});
    awaitable<health::check_result> operator()() const;

private:
    storage::storage asked_;
    storage_check_options options_;
};

/// The link to the other nodes stands; of a hub alone there is nothing to say. An application registers it as `realtime`, not critical:
/// a service goes on with the clients that it has.
///
/// Threads:  any, at once. Asks nobody.
class realtime_check {
public:
    explicit realtime_check(realtime::hub asked);
    awaitable<health::check_result> operator()() const;

private:
    realtime::hub asked_;
};

struct redis_check_options {
    std::chrono::milliseconds degraded_above{250}; ///< for a PING, there and back; more than zero
};

/// A Redis answers, on the connection that commands take, and soon. Its details tell how long that took and what the client is
/// doing (redis::client_status).
///
/// Threads:  any, at once.
/// Errors:   the constructor throws std::invalid_argument naming what is wrong. A server that does not answer is unhealthy.
/// Cancel:   all types, at once.
class redis_check {
public:
    explicit redis_check(std::shared_ptr<const redis::client> asked, redis_check_options options = {});
    awaitable<health::check_result> operator()() const;

private:
    std::shared_ptr<const redis::client> asked_;
    redis_check_options options_;
};

} // namespace infra::app
