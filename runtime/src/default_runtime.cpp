#include <infra/runtime/default_runtime.hpp>

namespace infra {
namespace {

struct running_loops : event_loops {
    running_loops() { start(); }
    ~running_loops() { stop(); }
};

} // namespace

event_loops& default_loops() {
    static running_loops loops;
    return loops;
}

executor default_executor() { return default_loops().next().get_executor(); }

blocking_pool& default_blocking_pool() {
    static blocking_pool pool;
    return pool;
}

} // namespace infra
