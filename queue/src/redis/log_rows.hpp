#pragma once

// Lines that handlers log about their job: rows of BullMQ's `logs`, each a text of any form. Ours begin with their time:
//
//     2026-01-01T00:00:00.000Z the mailbox is full

#include <infra/queue/operations.hpp>

#include <string>

namespace infra::queue::redis_backend {

std::string to_row(const log_line& line);

/// Of a row that others wrote the time is unknown: 1970.
log_line read_row(std::string row);

} // namespace infra::queue::redis_backend
