#include <infra/queue/backend.hpp>

#include <infra/queue/memory.hpp>
#include <infra/runtime/scheme_table.hpp>

#include <algorithm>
#include <utility>

namespace infra::queue {
namespace {

std::shared_ptr<backend> memory_from(std::string_view url) {
    if (url != "memory:")
        throw error(infra::errc::misconfigured, "a queue in memory has no name: the URL is memory: alone");
    return make_memory_backend();
}

using backend_table = scheme_table<backend_factory>;

// Made at first use, since backends register from the constructors of globals.
backend_table& table() {
    static backend_table one{{{"memory", memory_from}}};
    return one;
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
    return table().add(std::move(scheme), std::move(factory));
}

bool knows_backend(std::string_view scheme) { return table().knows(scheme); }

std::shared_ptr<backend> make_backend(std::string_view url) {
    if (const auto make = table().find(scheme_of(url)))
        return make(url);
    // The URL is not repeated: it may carry a password.
    throw error(infra::errc::misconfigured,
                "a queue's URL begins with the scheme of a backend that is linked (linked: " + table().names() +
                    "), such as sqlite:var/queue.db with the target infra::queue_sqlite; \"" +
                    std::string(scheme_of(url)) + "\" is not one");
}

} // namespace infra::queue
