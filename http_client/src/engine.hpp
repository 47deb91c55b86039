#pragma once

/// The requests of one client, on libcurl's multi interface.

#include "answer.hpp"
#include "curl_loop/loop.hpp"
#include "transfer.hpp"

#include <infra/http_client/client_options.hpp>

#include <exception>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace infra::http {

/// Threads:  everything on the executor given, but for get_executor() and options().
/// Lifetime: shared by the client and by what it posts. Handlers that wait for sockets and time hold it weakly, so the
///           last of those two ends it.
class engine final : public curl::loop {
public:
    engine(executor ex, client_options options);
    ~engine() override;

    const client_options& options() const noexcept { return options_; }

    /// Begins `t`, or fails it: overloaded, closed, unavailable.
    void start(std::shared_ptr<transfer> t);

    /// Nobody waits for `t` any more. Nothing happens if it has ended.
    void abandon(const std::shared_ptr<transfer>& t) noexcept;

    /// Goes on with a direction of `t` that was paused; CURLPAUSE_RECV or CURLPAUSE_SEND. Nothing happens if it has ended.
    void resume(const std::shared_ptr<transfer>& t, int direction) noexcept;

    /// Accepts nothing more; tells `done` when all has ended, at once if it has.
    void drain(std::shared_ptr<answer<void>> done);

    /// Ends everything with errc::closed. Again: nothing.
    void close() noexcept;

private:
    void open();
    void shut() noexcept;

    void ended(CURL* handle, CURLcode code) noexcept override;
    void broke(std::exception_ptr why) override;
    void fail_all(std::exception_ptr why) noexcept;
    void end_if_drained() noexcept;

    const client_options options_;
    std::unordered_map<CURL*, std::shared_ptr<transfer>> transfers_;
    std::vector<std::shared_ptr<answer<void>>> waiting_for_the_end_;
    bool draining_ = false;
};

} // namespace infra::http
