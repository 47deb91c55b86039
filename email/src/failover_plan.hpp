#pragma once

/// What a failover list decides: pure, but for what it remembers.

#include <infra/base/time.hpp>
#include <infra/email/error.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

namespace infra::email {

/// Whether another transport may take what failed so: it certainly was not accepted, and not because of what it is.
bool moves_on(const send_error& why) noexcept;

/// Whether the next mails should rather ask another one first.
bool needs_rest(const send_error& why) noexcept;

/// One failure of those that a mail met, in order, on its way; it met at least one. The last one decides when it is final.
/// Otherwise the mail may be accepted later when any transport may, and no sooner than the first of those asks for. The sentence
/// is all of theirs, each after its transport's name.
struct met {
    std::string transport;
    send_error why;
    bool keeps_keys = false; ///< the transport does
};
send_error failure_of_all(const std::vector<met>& failures);

/// Which transports rest, and so in which order they are asked.
///
/// Threads: one at a time.
class rests {
public:
    explicit rests(std::size_t transports) : until_(transports, steady_time::min()) {}

    /// Those that do not rest in order of preference, then the others in the same order.
    std::vector<std::size_t> order(steady_time now) const;
    void rest(std::size_t which, steady_time until) { until_[which] = until; }
    void wake(std::size_t which) { until_[which] = steady_time::min(); }

private:
    std::vector<steady_time> until_;
};

/// Which transport has a mail, or may have it: no other one may be asked. Of the last `most` mails, by their keys.
///
/// Threads: one at a time.
class holders {
public:
    explicit holders(std::size_t most) : most_(most) {}

    /// The transport that has the mail, or `otherwise` if none has.
    std::size_t holder_of(const std::string& key, std::size_t otherwise) const;

    /// An attempt with that transport begins.
    void begin(const std::string& key, std::size_t with);

    /// The attempt ended, certainly without the mail being accepted. Whether the mail may go elsewhere: no other attempt was, or
    /// may have been, accepted. An attempt of which nothing is said here holds its mail for good.
    bool release(const std::string& key);

private:
    struct attempts {
        std::size_t with = 0;
        std::size_t holding = 0;
    };

    const std::size_t most_;
    std::unordered_map<std::string, attempts> by_key_;
    std::deque<std::string> oldest_first_; // the keys of by_key_
};

} // namespace infra::email
