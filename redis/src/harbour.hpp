#pragma once

// Which pipelines an execution context carries: it ends before they do, and then whoever waits in one has to be
// destroyed with it, as Asio destroys what waits for a socket.

#include <infra/base/awaitable.hpp>

#include <memory>
#include <mutex>
#include <vector>

namespace infra::redis::detail {

class pipeline;

/// The list itself, which may outlive the context.
class harbour {
public:
    static std::shared_ptr<harbour> of(const executor& ex);

    void enter(pipeline& p);
    void leave(pipeline& p) noexcept;
    void abandon_all() noexcept;

private:
    std::mutex mutex_;
    std::vector<pipeline*> all_; // guarded by mutex_
};

} // namespace infra::redis::detail
