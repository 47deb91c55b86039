#include "cancel_bell.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

namespace infra::queue::cancel_bell {
namespace {

struct listeners {
    std::mutex mutex;
    std::vector<const listener*> all; // guarded by mutex
};

listeners& of_process() {
    static listeners& here = *new listeners; // never destroyed: rung until the process ends
    return here;
}

} // namespace

void ring(const backend& stored) {
    auto& here = of_process();
    const std::scoped_lock lock(here.mutex);
    for (const auto* each : here.all)
        if (each->stored_ == &stored)
            each->look_();
}

listener::listener(const backend& stored, std::function<void()> look) : stored_(&stored), look_(std::move(look)) {
    auto& here = of_process();
    const std::scoped_lock lock(here.mutex);
    here.all.push_back(this);
}

listener::~listener() {
    auto& here = of_process();
    const std::scoped_lock lock(here.mutex);
    std::erase(here.all, this);
}

} // namespace infra::queue::cancel_bell
