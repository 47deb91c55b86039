#include "storage_panel.hpp"

#include "../texts.hpp"
#include "desk.hpp"

#include <infra/base/with_deadline.hpp>

#include <mutex>
#include <utility>

namespace infra::dashboard {
namespace {

constexpr std::chrono::seconds time_for_storage{2};
constexpr std::chrono::seconds asked_again_after{10}; // a question may cost money

/// Whether it answered when it was asked last.
struct storage_answer {
    std::mutex mutex{};
    std::optional<steady_time> at{}; // guarded by mutex, as what follows
    std::string problem{};
};

awaitable<std::string> ask(shared_storage from) {
    try {
        const auto files = from->files();
        auto asking = files.ping();
        co_await with_deadline(std::move(asking), deadline::after(time_for_storage));
        co_return "";
    } catch (const error& e) {
        co_return e.what();
    }
}

awaitable<std::string> trouble_with_storage(shared_storage from, std::shared_ptr<storage_answer> known,
                                            steady_time now) {
    {
        const std::scoped_lock lock(known->mutex);
        if (known->at && now - *known->at < asked_again_after)
            co_return known->problem;
        known->at = now;
    }
    auto problem = co_await ask(from);
    const std::scoped_lock lock(known->mutex);
    known->problem = problem;
    co_return problem;
}

awaitable<http::response> storage_at_a_glance(shared_storage from) {
    const auto files = from->files();
    const auto problem = co_await ask(from);
    co_return http::response::ok({{"kept_in", files.description()},
                                  {"problem", problem},
                                  {"max_upload", from->max_upload},
                                  {"max_link_s", storage::max_signed_for.count()}});
}

awaitable<std::vector<concern>> storage_concerns(shared_storage from, std::shared_ptr<storage_answer> known,
                                                 clock& time) {
    std::vector<concern> all;
    if (const auto problem = co_await trouble_with_storage(from, known, time.steady()); !problem.empty())
        all.push_back(
            {.severity = level::error, .text = "storage does not answer: " + cut(problem, 200), .link = "#/storage"});
    co_return all;
}

} // namespace

void add_storage_panel(board on, storage_source source) {
    const shared_storage from = std::make_shared<const storage_source>(std::move(source));
    const auto known = std::make_shared<storage_answer>();
    on.page("storage");
    on.show("/storage", [from](http::request) { return storage_at_a_glance(from); });
    on.concerns([from, known, &time = on.time()] { return storage_concerns(from, known, time); });
    add_objects(on, from);
    add_previews(on, from);
    add_object_changes(on, from);
}

} // namespace infra::dashboard
