#include "tests/slow_resolver.hpp"

#include <condition_variable>
#include <mutex>

#include <dlfcn.h>
#include <netdb.h>

namespace infra::http {
namespace {

// Never destroyed: a resolver thread may outlive main().
struct gate {
    std::mutex mutex;
    std::condition_variable changed;
    int waiting = 0;
    bool closed = false;
};

gate& the_gate() {
    static auto* const made = new gate;
    return *made;
}

void pass() {
    auto& g = the_gate();
    std::unique_lock lock(g.mutex);
    ++g.waiting;
    g.changed.wait(lock, [&] { return !g.closed; });
    --g.waiting;
    g.changed.notify_all();
}

} // namespace

int slow_resolver::waiting() {
    const std::scoped_lock lock(the_gate().mutex);
    return the_gate().waiting;
}

slow_resolver::slow_resolver() {
    const std::scoped_lock lock(the_gate().mutex);
    the_gate().closed = true;
}

slow_resolver::~slow_resolver() {
    auto& g = the_gate();
    std::unique_lock lock(g.mutex);
    g.closed = false;
    g.changed.notify_all();
    g.changed.wait(lock, [&] { return g.waiting == 0; });
}

} // namespace infra::http

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
    if (node && infra::http::slow_resolver::name == node) {
        infra::http::pass();
        return EAI_NONAME;
    }
    if (node && std::string_view(node).ends_with(".invalid")) // RFC 6761; no need to ask a network
        return EAI_NONAME;
    static const auto real = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
    return real(node, service, hints, found);
}
