#pragma once

#include <infra/base/json.hpp>
#include <infra/realtime/message.hpp>
#include <infra/runtime/promise.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace infra::realtime::detail {

/// Questions to clients that have not been answered. Bounded.
///
/// Threads:  any.
class request_table {
public:
    explicit request_table(std::size_t max) noexcept : max_(max) {}

    /// A question that waits while this lives.
    class entry {
    public:
        entry(request_table& in, std::pair<client_id, std::uint64_t> key, promise<json::value> answer)
            : in_(in), key_(std::move(key)), answer_(std::move(answer)) {}
        ~entry() { in_.forget(key_); }
        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;

        std::string ref() const { return std::to_string(key_.second); }
        awaitable<json::value> answer() const { return answer_.get(); }

    private:
        request_table& in_;
        const std::pair<client_id, std::uint64_t> key_;
        const promise<json::value> answer_;
    };

    /// Throws errc::overloaded when there are too many.
    entry ask(client_id whom, const executor& on);

    // What clients say to it. A ref that is not (or no longer) asked of this client means nothing.
    void answered(std::string_view client, std::string_view ref, json::value answer);
    void failed(std::string_view client, std::string_view ref, const json::value& why);
    /// All its questions end with errc::no_reply.
    void client_gone(std::string_view client) noexcept;

    std::size_t size() const;

private:
    using key = std::pair<client_id, std::uint64_t>;

    std::optional<promise<json::value>> take(std::string_view client, std::string_view ref);
    void forget(const key& k) noexcept;

    const std::size_t max_;
    mutable std::mutex mutex_;
    std::map<key, promise<json::value>> waiting_; // guarded by mutex_
    std::uint64_t last_ = 0;                      // guarded by mutex_
};

} // namespace infra::realtime::detail
