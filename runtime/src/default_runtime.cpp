#include <infra/runtime/default_runtime.hpp>

namespace infra {
namespace {

struct running_loops : event_loops {
    running_loops() { start(); }
};

} // namespace

// The pool is made before the loops and so destroyed after them: until then their coroutines may call it.
event_loops& default_loops() {
    default_blocking_pool();
    static running_loops loops;
    return loops;
}

executor default_executor() { return default_loops().next().get_executor(); }

blocking_pool& default_blocking_pool() {
    static blocking_pool pool({.name = "default"});
    return pool;
}

} // namespace infra
