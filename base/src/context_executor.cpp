#include <infra/base/context_executor.hpp>

namespace infra {

executor with_context(asio::io_context::executor_type loop) {
    return context_executor<asio::io_context::executor_type>(std::move(loop));
}

} // namespace infra
