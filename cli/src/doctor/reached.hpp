#pragma once

/// What is reached by HTTP: S3 and collectors of telemetry.

#include "check.hpp"

#include <optional>

namespace infra::cli::doctor {

struct s3_facts {
    std::string about{};                         ///< the bucket, as its description has it
    std::string problem{};                       ///< why it does not answer to a signed request; says what to do
    std::optional<std::chrono::seconds> ahead{}; ///< this clock of the server's; unset: it told no time
};

findings judge_s3(const s3_facts& facts);

std::string no_s3(const situation& at);
awaitable<findings> look_at_s3(situation at);

struct otlp_facts {
    std::string about{};   ///< URL without user and query
    std::string problem{}; ///< why there is no answer
    int status = 0;        ///< to an export of nothing
};

findings judge_otlp(const otlp_facts& facts);

std::string no_otlp(const situation& at);
awaitable<findings> look_at_otlp(situation at);

} // namespace infra::cli::doctor
