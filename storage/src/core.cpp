#include "core.hpp"

#include "put_mark.hpp"

#include <infra/runtime/default_runtime.hpp>
#include <infra/storage/key.hpp>

#include <stdexcept>
#include <utility>

namespace infra::storage {
namespace {

void require_option(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(std::string("storage::storage_options::") + sentence);
}

std::shared_ptr<bucket> bucket_of(const storage_options& o) {
    if (o.bucket)
        return o.bucket;
    const auto url = o.url.empty() ? std::string("file:var/storage") : o.url;
    return o.environment ? make_bucket(url, *o.environment, *o.time)
                         : make_bucket(url, environment::of_process(), *o.time);
}

void check_times(const storage_options& o) {
    constexpr auto zero = std::chrono::milliseconds::zero();
    require_option(o.timeout > zero, "timeout must be greater than zero");
    require_option(o.attempt_timeout > zero, "attempt_timeout must be greater than zero");
    require_option(o.hedge_after >= zero, "hedge_after must not be negative");
    require_option(o.attempts >= 1 && o.attempts <= 100, "attempts must be from 1 to 100");
    validate(o.pause, "storage::storage_options::pause");
    require_option(o.retry_budget >= 1, "retry_budget must be at least 1");
    require_option(o.time, "time must be a clock");
}

void check_sizes(const storage_options& o) {
    require_option(o.part_size >= 5ull << 20 && o.part_size <= 5ull << 30, "part_size must be from 5 MiB to 5 GiB");
    require_option(o.concurrency >= 1 && o.concurrency <= 1000, "concurrency must be from 1 to 1000");
    require_option(o.max_requests >= 1 && o.max_requests <= 10'000, "max_requests must be from 1 to 10000");
    require_option(o.max_buffered >= o.part_size, "max_buffered must be at least part_size");
}

storage_options checked(storage_options o) {
    require_option(!o.bucket || o.url.empty(), "bucket and url: at most one may be set");
    require_option(o.prefix.empty() || (o.prefix.ends_with('/') && is_key(o.prefix.substr(0, o.prefix.size() - 1))),
                   "prefix must be empty, or a key and a '/'");
    check_times(o);
    check_sizes(o);
    o.bucket = bucket_of(o);
    o.environment = nullptr; // it need not live on
    return o;
}

} // namespace

core::core(storage_options o)
    : options(checked(std::move(o))),
      metrics(),
      calls(options, *options.bucket, metrics),
      memory(options.max_buffered, *options.time, metrics.told_of_buffers()) {}

blocking_pool& core::pool() const { return options.pool ? *options.pool : default_blocking_pool(); }

std::string core::full(std::string_view key) const {
    check_key(key);
    auto whole = options.prefix + std::string(key);
    if (whole.size() > max_key_size)
        check_key(whole); // with the sentence
    return whole;
}

std::string core::full_prefix(std::string_view prefix) const {
    check_prefix(prefix);
    return options.prefix + std::string(prefix);
}

std::string core::shown(std::string key) const {
    if (key.starts_with(options.prefix))
        key.erase(0, options.prefix.size());
    return key;
}

object_info core::shown(object_info from_bucket) const {
    from_bucket.key = shown(std::move(from_bucket.key));
    from_bucket.metadata.erase(std::string(put_mark));
    return from_bucket;
}

checksum_kind core::kind_of(const put_options& how) const {
    const auto said = how.checksum ? how.checksum : options.checksum;
    return said.value_or(to().traits().sum);
}

deadline core::limit_of(const time_limit& given) const {
    return given ? *given : deadline::after(options.timeout, options.time->steady());
}

} // namespace infra::storage
