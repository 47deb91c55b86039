#include <infra/queue.hpp>

#include <infra/runtime/default_runtime.hpp>
#include <infra/runtime/environment.hpp>

namespace infra::queue {
namespace {

queue from_environment() {
    default_loops(); // made before and so destroyed after the queue, whose operations end on them
    const auto env = environment::of_process();
    const auto url = env.get_or("QUEUE_URL", "sqlite:var/queue.db");
    try {
        return queue(make_backend(url), {}, default_registry());
    } catch (const error& e) {
        throw error(e.code(), std::string("QUEUE_URL: ") + e.what());
    }
}

} // namespace

const std::shared_ptr<registry>& default_registry() {
    static const auto all = std::make_shared<registry>();
    return all;
}

const queue& default_queue() {
    static const queue one = from_environment();
    return one;
}

} // namespace infra::queue
