#include "signup.hpp"

#include "live.hpp"

namespace starter {
namespace {

using namespace std::chrono_literals;
using infra::awaitable;
namespace http = infra::http;
namespace log = infra::logging;
namespace queue = infra::queue;

void validate(const signup& who) {
    if (who.name.empty() || who.name.size() > 100)
        throw http::error_response(422, "invalid_body", "expected 1 to 100 bytes", "/name");
    if (!infra::email::is_valid_address(who.email))
        throw http::error_response(422, "invalid_body", "expected an email address", "/email");
}

// A job may run twice: when the process dies between the mail and the note that it was sent. The key makes the second
// delivery do nothing.
awaitable<void> send_welcome_email(signup who, queue::job_context& job) {
    co_await infra::email::send_email({
        .to = who.email,
        .template_name = "welcome",
        .data = {{"name", who.name}, {"email", who.email}},
        .idempotency_key = job.id(),
    });
}

http::response job_document(const queue::job_info& job) {
    infra::json::object document{{"id", job.id},
                                 {"name", job.name},
                                 {"state", queue::to_string(job.state)},
                                 {"attempts_made", job.attempts_made}};
    if (!job.failed_reason.empty())
        document["failed_reason"] = job.failed_reason;
    return http::response::ok(document);
}

} // namespace

void add_signup(http::router& routes) {
    const auto welcome = queue::define_job<signup>({
        .name = "send-welcome-email",
        .handler = send_welcome_email,
        .attempts = 5,
        .backoff = queue::exponential(1s),
    });

    routes.post("/signup", [welcome](http::request req) -> awaitable<http::response> {
        const auto who = req.json<signup>(); // 422 naming the field
        validate(who);
        const auto id = co_await queue::enqueue(welcome, who);
        log::info("signed up", {{"job_id", id}});
        announce(who);
        co_return http::response::accepted({{"job_id", id}, {"status_url", "/jobs/" + id}});
    });

    routes.get("/jobs/{id}", [](http::request req) -> awaitable<http::response> {
        const auto job = co_await queue::find_job(std::string(req.param("id")));
        co_return job ? job_document(*job) : http::response::not_found("there is no such job, or it is forgotten");
    });
}

} // namespace starter
