#pragma once

/// One request on the client's loop, as seen from the coroutine that waits for it.

#include "engine.hpp"
#include "transfer.hpp"

#include <cstddef>
#include <memory>

namespace infra::http {

/// However the coroutine ends, the request does not go on unheard.
///
/// Threads: any, one at a time.
class errand {
public:
    errand(std::shared_ptr<engine> by, std::shared_ptr<const outgoing> request, std::size_t max_body,
           std::shared_ptr<call> from);
    ~errand();
    errand(const errand&) = delete;
    errand& operator=(const errand&) = delete;

    /// There is nothing left to abandon.
    void answered() noexcept { answered_ = true; }

    /// Pieces of the body from its source until it ends, then nothing until cancelled. What the source throws, the answer
    /// throws.
    static awaitable<void> feed(std::shared_ptr<errand> self, std::shared_ptr<const outgoing> request);

    /// A piece of the streamed response; empty at the end.
    static awaitable<std::string> next(std::shared_ptr<errand> self);
    std::optional<std::string> next_if_there();

private:
    awaitable<void> pass_on(const outgoing& request);
    void go_on_receiving();
    void go_on_sending();
    void resume(int direction);

    const std::shared_ptr<engine> engine_;
    const std::shared_ptr<call> call_;
    std::weak_ptr<transfer> transfer_; // held by the engine, so that it dies on the engine's loop
    bool answered_ = false;
};

} // namespace infra::http
