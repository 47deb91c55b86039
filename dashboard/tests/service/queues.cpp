#include "seeds.hpp"

#include <algorithm>
#include <stdexcept>

namespace infra::dashboard::service {
namespace {

using namespace std::chrono_literals;

// What a name of a job or queue may not hold is left out.
std::string name(const wishes& w, std::size_t i, std::string friendly) {
    auto made = word(w, i, std::move(friendly)).substr(0, 100);
    std::ranges::replace(made, ':', ';');
    return made;
}

struct names {
    std::string invoice, welcome, resize, album, report;
};

names names_of(const wishes& w) {
    return {.invoice = name(w, 0, "send-invoice"),
            .welcome = name(w, 1, "send-welcome"),
            .resize = name(w, 2, "resize-photo"),
            .album = name(w, 3, "bind-album"),
            .report = name(w, 4, "nightly-report")};
}

void define(const wishes& w, const names& as) {
    queue::define_job(
        {.name = as.invoice,
         .handler = [reason = word(w, 1, "TimeoutError: no answer of")](json::value data) -> awaitable<void> {
             const auto* order = data.is_object() ? data.as_object().if_contains("order") : nullptr;
             const auto number = order && order->is_int64() ? order->as_int64() : 0;
             if (data.is_object() && data.as_object().contains("mended"))
                 co_return;
             throw std::runtime_error(reason + " 10.0.0.5:443 within " + std::to_string(5000 + number) + " ms");
         },
         .attempts = 2,
         .queue = "mail"});
    queue::define_job(
        {.name = as.welcome, .handler = [](json::value) -> awaitable<void> { co_return; }, .queue = "mail"});
    queue::define_job({.name = as.resize,
                       .handler = [line = word(w, 5, "read the picture")](
                                      json::value, queue::job_context& job) -> awaitable<json::value> {
                           co_await job.log(line);
                           co_await job.progress(json::value{{"percent", 40}});
                           co_return json::value{{"width", 640}, {"note", line}};
                       },
                       .queue = "photos"});
    queue::define_job(
        {.name = as.album, .handler = [](json::value) -> awaitable<void> { co_return; }, .queue = "photos"});
    queue::define_cron(
        {.name = as.report, .pattern = "30 2 * * *", .tz = "Europe/Berlin", .handler = []() -> awaitable<void> {
             co_return;
         }});
    queue::define_cron({.name = "refresh", .every = 15min, .handler = []() -> awaitable<void> { co_return; }});
}

awaitable<void> fill(wishes w, names as) {
    const auto jobs = queue::default_queue();
    const auto customer = word(w, 6, "ann@example.org");
    queue::job_id last;
    for (int order = 8801; order <= 8812; ++order)
        last = co_await queue::enqueue(as.invoice, json::value{{"order", order}, {"customer", customer}});
    co_await jobs.wait_for(queue::job_key{"mail", last}, deadline::after(60s));
    last = co_await queue::enqueue(as.welcome, json::value{{"customer", customer}}, {.group = word(w, 7, "shop-7")});
    co_await jobs.wait_for(queue::job_key{"mail", last}, deadline::after(60s));
    co_await queue::enqueue(as.welcome, json::value{{"customer", customer}}, {.delay = 2h});
    co_await queue::enqueue(as.invoice, json::value{{"order", 8813}, {"mended", true}}, {.delay = 1h});
    const auto album = co_await queue::enqueue_flow(queue::flow(as.album, json::value{{"album", word(w, 8, "summer")}})
                                                        .child(queue::flow(as.resize, json::value{{"photo", 1}}))
                                                        .child(queue::flow(as.resize, json::value{{"photo", 2}})));
    co_await jobs.wait_for(queue::job_key{"photos", album}, deadline::after(60s));
    // Nobody here takes these.
    for (int i = 0; i < 3; ++i)
        co_await queue::enqueue(name(w, 10, "export"), json::value{{"month", i}}, {.queue = "exports"});
}

} // namespace

void seed_queues(seeding& s) {
    const auto as = names_of(s.wishes);
    define(s.wishes, as);
    s.later([w = s.wishes, as] { return fill(w, as); });
}

} // namespace infra::dashboard::service
