#include "check.hpp"

#include "folders.hpp"
#include "machine.hpp"
#include "port.hpp"
#include "reached.hpp"
#include "redis.hpp"
#include "secrets.hpp"
#include "settings.hpp"
#include "smtp.hpp"
#include "sqlite.hpp"
#include "time_zones.hpp"

#include <array>

namespace infra::cli::doctor {
namespace {

std::string no_folders(const situation& at) {
    return folders_of(at.variables).empty() ? "nothing is kept in folders" : "";
}

constexpr std::array table{
    check{"settings", "environment variables and .env", always, on_a_thread<look_at_settings>},
    check{"secrets", "tokens that are easy to guess", always, on_a_thread<look_at_secrets>},
    check{"files", "who may read .env and the files of secrets", no_files, on_a_thread<look_at_files>},
    check{"user", "whether it is root", always, on_a_thread<look_at_user>},
    check{"port", "HOST and PORT", always, look_at_port},
    check{"open-files", "ulimit -n", always, on_a_thread<look_at_open_files>},
    check{"memory", "limits of the cgroup or the machine", always, on_a_thread<look_at_memory>},
    check{"cores", "quotas of the cgroup", always, on_a_thread<look_at_cores>},
    check{"clock", "whether somebody keeps it right", always, on_a_thread<look_at_clock>},
    check{"time-zones", "the database that cron reads, and TZ", always, on_a_thread<look_at_zones>},
    check{"folders", "disk, inodes and permissions", no_folders, on_a_thread<look_at_folders>},
    check{"sqlite", "the queue's file", no_sqlite, on_a_thread<look_at_sqlite>},
    check{"redis", "servers, and whether they keep what they are given", no_redis, look_at_redis},
    check{"smtp", "servers, TLS, and with --login the password", no_smtp, look_at_smtp},
    check{"resend", "the form of the key", no_resend, on_a_thread<look_at_resend>},
    check{"s3", "bucket, keys, region and time", no_s3, look_at_s3},
    check{"otlp", "collectors of telemetry", no_otlp, look_at_otlp},
};

} // namespace

std::span<const check> all_checks() noexcept { return table; }

blocking_pool& patient_threads() {
    static auto& pool = *new blocking_pool({.threads = 16, .name = "doctor"});
    return pool;
}

} // namespace infra::cli::doctor
