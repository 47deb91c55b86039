#include <infra/queue/backend.hpp>

#include <infra/queue/memory.hpp>

#include <algorithm>
#include <map>
#include <mutex>

namespace infra::queue {
namespace {

struct schemes {
    std::mutex mutex;
    std::map<std::string, backend_factory, std::less<>> factories; // guarded by mutex
};

std::shared_ptr<backend> memory_from(std::string_view url) {
    if (url != "memory:")
        throw error(infra::errc::misconfigured, "a queue in memory has no name: the URL is memory: alone");
    return make_memory_backend();
}

// Made at first use, since backends register from the constructors of globals.
schemes& known_schemes() {
    static schemes all{.mutex = {}, .factories = {{"memory", memory_from}}};
    return all;
}

std::string names_of(const std::map<std::string, backend_factory, std::less<>>& factories) {
    std::string names;
    for (const auto& [scheme, factory] : factories)
        names.append(names.empty() ? "" : ", ").append(scheme).append(":");
    return "linked: " + names;
}

} // namespace

bool waits_on(const claim_request& request, const claim_result& found) noexcept {
    const bool due_earlier = found.next_due && (!request.due || *found.next_due < *request.due);
    return request.wait && found.jobs.empty() && found.rescued.empty() && found.expired.empty() && !due_earlier;
}

run_end end_of_run(outcome::kind as) noexcept {
    switch (as) {
    case outcome::kind::completed: return run_end::completed;
    case outcome::kind::waits: return run_end::waits_for_children;
    default: return run_end::comes_back;
    }
}

error full_error(std::string_view queue, std::size_t max_length) {
    return {errc::full, "the queue \"" + std::string(queue) + "\" holds the " + std::to_string(max_length) +
                            " waiting jobs that its max_length allows; run more workers, or wait "
                            "(enqueue_options::wait_for_room)"};
}

error ambiguous_error(std::string_view id, std::vector<std::string> queues) {
    constexpr std::size_t most = 5;
    std::ranges::sort(queues);
    std::string names;
    for (std::size_t i = 0; i < std::min(queues.size(), most); ++i)
        names.append(i == 0 ? "\"" : ", \"").append(queues[i]).append("\"");
    if (queues.size() > most)
        names.append(" and others");
    return {errc::ambiguous,
            "several queues have a job with the id \"" + std::string(id) + "\": " + names + "; say which is meant"};
}

bool register_backend(std::string scheme, backend_factory factory) {
    auto& all = known_schemes();
    const std::scoped_lock lock(all.mutex);
    all.factories.insert_or_assign(std::move(scheme), std::move(factory));
    return true;
}

bool knows_backend(std::string_view scheme) {
    auto& all = known_schemes();
    const std::scoped_lock lock(all.mutex);
    return all.factories.contains(scheme);
}

std::shared_ptr<backend> make_backend(std::string_view url) {
    const auto colon = url.find(':');
    const auto scheme = url.substr(0, colon == std::string_view::npos ? 0 : colon);
    backend_factory make;
    {
        auto& all = known_schemes();
        const std::scoped_lock lock(all.mutex);
        const auto found = all.factories.find(scheme);
        // The URL is not repeated: it may carry a password.
        if (found == all.factories.end())
            throw error(infra::errc::misconfigured,
                        "a queue's URL begins with the scheme of a backend that is linked (" + names_of(all.factories) +
                            "), such as sqlite:var/queue.db with the target infra::queue_sqlite; \"" +
                            std::string(scheme) + "\" is not one");
        make = found->second;
    }
    return make(url);
}

} // namespace infra::queue
