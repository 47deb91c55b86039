#include "desk.hpp"
#include "documents.hpp"

namespace infra::dashboard {
namespace {

struct going_on {
    std::optional<std::string> cursor{};
};
BOOST_DESCRIBE_STRUCT(going_on, (), (cursor))

awaitable<http::response> show_failures(shared_desk desk, http::request r) {
    const auto jobs = desk->jobs();
    const std::string name(r.param("queue"));
    std::vector<std::string> one(1, name);
    const auto counts = co_await jobs.counts(std::move(one));
    const auto minutes = co_await jobs.history(name, rate_over);
    const auto groups = co_await desk->failures->look(jobs, name, counts.empty() ? 0 : counts[0].failed, minutes);
    co_return http::response::ok(document_of(*groups));
}

awaitable<http::response> change_failures(shared_desk desk, queue::job_change what, http::request r) {
    const auto asked = r.body().empty() ? going_on() : r.json<going_on>();
    const std::string name(r.param("queue"));
    const auto done = co_await queue::change_failures(desk->jobs(), what, name, std::string(r.param("group")),
                                                      asked.cursor.value_or(""));
    desk->forget(name);
    co_return changed_response(done);
}

} // namespace

void add_failures(board& on, const shared_desk& desk) {
    using enum queue::job_change;
    on.show("/queues/{queue}/failures", [desk](http::request r) { return show_failures(desk, std::move(r)); });
    on.act(http::method::post, "/queues/{queue}/failures/{group}/retry", "retry equal failures",
           [desk](const acting&, http::request r) { return change_failures(desk, retry, std::move(r)); });
    on.act(http::method::post, "/queues/{queue}/failures/{group}/remove", "remove equal failures",
           [desk](const acting&, http::request r) { return change_failures(desk, remove, std::move(r)); });
}

} // namespace infra::dashboard
