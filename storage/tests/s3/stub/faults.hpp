#pragma once

/// What goes wrong, and when.
///
///     server.faults().add({.op = "part", .after = 3, .times = 2, .what = trouble::answer, .status = 503, .code = "SlowDown"});
///     server.faults().add(lost("complete"));                        // done, and the answer never comes

#include "message.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::storage::stub {

enum class trouble {
    answer,         ///< `status`, `code` and `headers` instead of doing it
    error_in_200,   ///< 200, and `code` in the body; not done
    early_answer,   ///< as answer, before the body is read; then closes
    slow,           ///< does it, and answers `wait` later
    trickle,        ///< answers by 1 KiB at a time, `wait` between two
    silent,         ///< reads everything and does nothing
    silent_after,   ///< does it and answers nothing
    cut_request,    ///< closes once `at` bytes of the body have come
    cut_answer,     ///< closes behind `at` bytes of the answer's body
    reset,          ///< RST in place of reading the body
    reset_after,    ///< does it, and RST
    flip_request,   ///< another bit in byte `at` of the body that came
    flip_answer,    ///< another bit in byte `at` of the answer's body
    wrong_checksum, ///< of the answer
    no_length,      ///< of a HEAD: does not say how long the object is
    removed_before, ///< does it, once somebody else has removed the object
    close_after,    ///< answers as if the connection stayed, and closes it
};

struct fault {
    std::string op{};  ///< empty: any
    std::string key{}; ///< empty: any
    int after = 0;     ///< so many pass first
    int times = 1;     ///< below zero: for ever
    trouble what = trouble::answer;
    int status = 503;
    std::string code = "SlowDown";
    fields elements{}; ///< further ones of <Error>
    fields headers{};
    std::optional<std::string> body{}; ///< instead of XML
    std::uint64_t at = 0;
    std::chrono::milliseconds wait{0};
};

inline fault slow_down(int times, std::string op = "") {
    return {.op = std::move(op), .times = times, .headers = {{"retry-after", "0"}}};
}
inline fault lost(std::string op, int times = 1) {
    return {.op = std::move(op), .times = times, .what = trouble::silent_after};
}
inline fault redirect(int status, const std::string& region) {
    return {.status = status,
            .code = status == 301   ? "PermanentRedirect"
                    : status == 307 ? "TemporaryRedirect"
                                    : "AuthorizationHeaderMalformed",
            .elements = {{"Region", region}},
            .headers = {{"x-amz-bucket-region", region}}};
}

/// Threads: any member from any thread.
class script {
public:
    void add(fault f) {
        const std::lock_guard lock(mutex_);
        faults_.push_back(std::move(f));
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        faults_.clear();
    }

    /// The first that is due for this request, which it uses up. Those that wait count it.
    std::optional<fault> take(std::string_view op, std::string_view key) {
        const std::lock_guard lock(mutex_);
        for (auto& f : faults_) {
            if (f.times == 0 || (!f.op.empty() && f.op != op) || (!f.key.empty() && f.key != key))
                continue;
            if (f.after > 0) {
                --f.after;
                continue;
            }
            if (f.times > 0)
                --f.times;
            return f;
        }
        return std::nullopt;
    }

    bool over() const {
        const std::lock_guard lock(mutex_);
        for (const auto& f : faults_)
            if (f.times > 0)
                return false;
        return true;
    }

private:
    mutable std::mutex mutex_;
    std::vector<fault> faults_;
};

} // namespace infra::storage::stub
