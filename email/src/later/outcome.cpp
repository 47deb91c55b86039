#include "outcome.hpp"

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <algorithm>

namespace infra::email {
namespace {

constexpr std::size_t longest_key = 256;

// Of no other meaning than to be ours.
constexpr boost::uuids::uuid key_space = {
    {0x2d, 0x91, 0x5c, 0x07, 0xe3, 0x4a, 0x4d, 0x6b, 0x8f, 0x20, 0x7b, 0xc1, 0x96, 0x3e, 0xd8, 0x45}};

} // namespace

outcome outcome_of(const send_error& why, bool key_is_ours, bool keeps_keys) noexcept {
    if (why.code() == errc::key_reused)
        return key_is_ours ? outcome::was_sent_then : outcome::give_up;
    if (why.uncertain() && !(why.retryable() && keeps_keys))
        return outcome::may_be_out;
    return why.retryable() ? outcome::try_again : outcome::give_up;
}

std::chrono::milliseconds pause_after(const send_error& why, const infra::backoff& policy, int attempts_made,
                                      double random01) {
    return std::max(delay_before_retry(policy, attempts_made, random01), why.retry_after());
}

std::string key_of_job(std::string_view queue, std::string_view id) {
    auto key = std::string("job:").append(queue).append("/").append(id);
    if (key.size() <= longest_key)
        return key;
    return "job:" + to_string(boost::uuids::name_generator_sha1(key_space)(key));
}

} // namespace infra::email
