#pragma once

/// What S3's words for failures mean. Pure.

#include "failure.hpp"

#include <boost/system/error_code.hpp>

#include <string_view>

namespace infra::storage::s3 {

/// What kind of failure it is.
struct verdict {
    boost::system::error_code code;
    std::string_view sentence;
    bool retryable = false;
    bool uncertain = false;
    bool fresh_connection = false;
};

/// By the store's word, and by the status where it has none. `of_object`: what was asked for has a key.
verdict judge(const complaint& c, int status, bool of_object);

} // namespace infra::storage::s3
