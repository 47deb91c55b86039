#include <infra/redis/options.hpp>

#include "url.hpp"

#include <infra/base/error.hpp>

#include <algorithm>
#include <stdexcept>

namespace infra::redis {
namespace {

using std::chrono::milliseconds;

void require(bool holds, const char* field, const char* rule) {
    if (!holds)
        throw std::invalid_argument("redis::options::" + std::string(field) + " must be " + rule);
}

std::string shown(const endpoint& e) {
    const bool bracketed = e.host.find(':') != std::string::npos;
    return (bracketed ? "[" + e.host + "]" : e.host) + ":" + std::to_string(e.port);
}

std::string shown(const std::vector<endpoint>& all) {
    std::string out;
    for (const auto& each : all)
        out += (out.empty() ? "" : ",") + shown(each);
    return out;
}

bool are_endpoints(const std::vector<endpoint>& all) {
    const bool whole = std::ranges::all_of(all, [](const endpoint& e) { return !e.host.empty() && e.port > 0; });
    return whole && !all.empty() && all.size() <= 64;
}

bool is_name(const std::string& text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

} // namespace

std::optional<options> options_from(const environment& variables) {
    const auto url = variables.get("REDIS_URL");
    if (!url)
        return std::nullopt;
    try {
        return options_from(*url);
    } catch (const error& e) {
        throw error(infra::errc::misconfigured, std::string("REDIS_URL: ") + e.what());
    }
}

std::string describe(const options& o) {
    const auto database = std::to_string(o.database);
    if (!o.socket_path.empty())
        return "unix://" + o.socket_path + (o.database ? "?db=" + database : "");
    const std::string scheme = o.tls ? "rediss" : "redis";
    if (o.sentinel)
        return scheme + "+sentinel://" + shown(o.sentinel->sentinels) + "/" + o.sentinel->master + "/" + database;
    if (o.cluster)
        return scheme + "+cluster://" + shown(o.cluster->seeds);
    return scheme + "://" + shown(endpoint{o.host, o.port}) + "/" + database;
}

void validate(const options& o) {
    constexpr auto least = milliseconds(100);
    require(!o.host.empty() || !o.socket_path.empty(), "host", "given, or socket_path");
    require(o.port > 0 || !o.socket_path.empty(), "port", "from 1 to 65535");
    require(o.socket_path.size() <= 107, "socket_path", "at most 107 bytes long");
    require(o.socket_path.empty() || !o.tls, "tls", "unset with a socket_path");
    require(!o.sentinel || are_endpoints(o.sentinel->sentinels), "sentinel.sentinels",
            "1 to 64, each with host and port");
    require(!o.sentinel || (!o.sentinel->master.empty() && o.sentinel->master.size() <= 255), "sentinel.master",
            "1 to 255 bytes long");
    require(!o.sentinel || o.sentinel->username.empty() || !o.sentinel->password.empty(), "sentinel.password",
            "given with a username");
    require(!o.cluster || are_endpoints(o.cluster->seeds), "cluster.seeds", "1 to 64, each with host and port");
    require(!o.cluster || !o.sentinel, "cluster", "unset with sentinel");
    require((!o.cluster && !o.sentinel) || o.socket_path.empty(), "socket_path", "empty with sentinel or cluster");
    require(!o.cluster || o.database == 0, "database", "0 in a cluster, which has no other");
    require(o.username.empty() || !o.password.empty(), "password", "given with a username");
    require(o.database >= 0, "database", "at least 0");
    require(!o.tls || o.tls->ca_file.empty() || o.tls->ca_directory.empty(), "tls",
            "given ca_file or ca_directory, not both");
    require(is_name(o.client_name), "client_name", "printable ASCII without spaces");
    require(o.protocol == 2 || o.protocol == 3, "protocol", "2 or 3");
    require(o.default_deadline > milliseconds::zero(), "default_deadline", "greater than zero");
    require(o.connect_timeout > milliseconds::zero(), "connect_timeout", "greater than zero");
    require(o.max_queued_commands >= 1, "max_queued_commands", "at least 1");
    require(o.max_queued_bytes >= 1024, "max_queued_bytes", "at least 1024");
    require(o.max_reply_bytes >= 1024 && o.max_reply_bytes <= std::size_t{4} << 30, "max_reply_bytes",
            "from 1 KiB to 4 GiB");
    require(o.max_sessions >= 1 && o.max_sessions <= 10'000, "max_sessions", "from 1 to 10000");
    require(o.session_max_idle > milliseconds::zero(), "session_max_idle", "greater than zero");
    require(o.ping_every >= least, "ping_every", "at least 100 ms");
    require(o.response_timeout >= least, "response_timeout", "at least 100 ms");
    require(o.flush_delay >= std::chrono::microseconds::zero() && o.flush_delay <= least, "flush_delay",
            "from 0 to 100 ms");
    infra::validate(o.reconnect, "redis::options::reconnect");
}

} // namespace infra::redis
