#pragma once

// A connection that listens.

#include "pipeline.hpp"
#include "subscriptions.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace infra::redis::detail {

/// What it hears. Called on its executor, and not after close().
struct ear_events {
    std::function<void(const interest& through, const message& m)> on_message{};
    std::function<void(const interest& what)> on_taken_off{}; ///< by the server, unasked
    std::function<void()> on_again{};                         ///< connected, but not for the first time
};

/// Connects from the first word on, and again after each loss; what has been said on one connection is not known to the
/// next. On its executor; to be closed by who made it.
class ear : public std::enable_shared_from_this<ear> {
public:
    /// `at`: a cluster's node; otherwise where the client's server is.
    ear(executor ex, std::shared_ptr<common> shared, ear_events events, std::optional<address> at = {});

    struct answers {
        std::vector<reply> replies{};   ///< one for each command
        bool on_one_connection = false; ///< otherwise the last one does not know of all that was said
    };

    awaitable<answers> say(std::vector<command> commands, deadline limit);

    /// The same within options::response_timeout, for nobody in particular.
    void murmur(std::vector<command> commands);

    /// Which connection this is, counted from 1; 0 before the first.
    std::uint64_t connection() const noexcept { return connections_; }
    pipeline& line() const noexcept { return *pipeline_; }
    void close();

private:
    void begin();
    bool hear(reply& r);
    bool is_answer(const reply& r) const;

    const executor executor_;
    const std::shared_ptr<common> common_;
    const std::shared_ptr<pipeline> pipeline_;
    const ear_events events_;
    std::uint64_t connections_ = 0;
    bool begun_ = false;
    bool closed_ = false;
};

} // namespace infra::redis::detail
