#pragma once

// The scripts of src/redis/scripts/, each a file that says what it takes and gives. CMake makes them into texts.

#include <infra/redis/script.hpp>

namespace infra::queue::redis_backend::scripts {

extern const redis::script add_families;
extern const redis::script add_jobs;
extern const redis::script add_plain;
extern const redis::script cancel_jobs;
extern const redis::script configure;
extern const redis::script count_queues;
extern const redis::script cure_jobs;
extern const redis::script cure_queue;
extern const redis::script examine_jobs;
extern const redis::script examine_queue;
extern const redis::script forget_finished;
extern const redis::script forget_queue;
extern const redis::script list_jobs;
extern const redis::script promote_jobs;
extern const redis::script put_schedules;
extern const redis::script read_children;
extern const redis::script read_jobs;
extern const redis::script read_schedules;
extern const redis::script remove_jobs;
extern const redis::script remove_schedules;
extern const redis::script renew_leases;
extern const redis::script restore_children;
extern const redis::script restore_jobs;
extern const redis::script retry_jobs;
extern const redis::script sweep_stalled;
extern const redis::script tell;
extern const redis::script waiting_since;
extern const redis::script work;

} // namespace infra::queue::redis_backend::scripts
