#pragma once

/// What is wrong, by an S3's answer or by the lack of one, and what to do about it. Pure.

#include "answer.hpp"

#include <infra/base/error.hpp>
#include <infra/storage/error.hpp>

#include <string>
#include <string_view>

namespace infra::storage::s3 {

/// What a store says of a failure.
struct complaint {
    std::string code{};    ///< "NoSuchKey"; empty where it did not say, as after a HEAD
    std::string message{}; ///< on one line, of at most 300 bytes, without what could be a secret
    std::string request_id{};
    std::string region{};      ///< where the bucket is, as far as it says
    std::string server_time{}; ///< as it wrote it
};

/// From headers and body: XML with an <Error> in it, or anything else.
complaint complaint_of(const answer& a);

/// Whether it is an answer of success with an <Error> in it, as for copies and completions that began well.
bool is_belated_failure(const answer& a);

/// For sentences.
struct asked {
    std::string what{}; ///< "put a.txt"
    bool of_object = true;
    bool changes = true; ///< and may have been done although the answer is bad
    std::string key_id{};
    std::string region{};
    std::string bucket{};
    bool perhaps_of_tls = false; ///< in the clear, of whom nothing has been heard so far
};

storage_error failure_of(const answer& a, const asked& by, wall_time now);
storage_error failure_of(const complaint& c, int status, const asked& by);

/// Where there is no answer: what http_client threw.
storage_error failure_of(const error& e, const asked& by);

/// One of those that a DeleteObjects names.
storage_error failure_of(const not_removed& n);

/// What can be repeated of a store's words.
std::string shown(std::string_view words);

} // namespace infra::storage::s3
