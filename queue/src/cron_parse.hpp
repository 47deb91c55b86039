#pragma once

// From text to the values that match.

#include <infra/queue/cron_expression.hpp>

#include <string>
#include <string_view>

namespace infra::queue {

struct parsed_cron {
    std::string text; ///< the fields, with one space between them
    detail::cron_fields fields;
};

boost::system::result<parsed_cron, cron_failure> read_cron(std::string_view text);

} // namespace infra::queue
