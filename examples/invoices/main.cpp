/// Invoices by mail: a request becomes a durable job, and the job a mail with a file attached.
///
///     POST /invoices {"customer","email","lines":[{"what","cents"}]}   202 with the job's id, once it is on disk
///     GET  /invoices/{id}                                              what became of it
///
/// Mail goes into var/outbox until EMAIL_URL or RESEND_API_KEY says otherwise.

#include <infra/app.hpp>

#include <charconv>

namespace {

using namespace std::chrono_literals;
using infra::awaitable;
namespace http = infra::http;
namespace queue = infra::queue;

struct line {
    std::string what;
    std::int64_t cents;
};
BOOST_DESCRIBE_STRUCT(line, (), (what, cents))

struct invoice {
    std::string customer;
    std::string email;
    std::vector<line> lines;
};
BOOST_DESCRIBE_STRUCT(invoice, (), (customer, email, lines))

constexpr std::int64_t most_cents = 100'000'000;

void validate(const invoice& i) {
    if (i.customer.empty() || i.customer.size() > 100)
        throw http::error_response(422, "invalid_body", "expected 1 to 100 bytes", "/customer");
    if (!infra::email::is_valid_address(i.email))
        throw http::error_response(422, "invalid_body", "expected an email address", "/email");
    if (i.lines.empty() || i.lines.size() > 100)
        throw http::error_response(422, "invalid_body", "expected 1 to 100 lines", "/lines");
    for (const auto& each : i.lines)
        if (each.what.size() > 200 || each.cents < 0 || each.cents > most_cents)
            throw http::error_response(422, "invalid_body", "expected up to 200 bytes, and 0 to 100000000 cents",
                                       "/lines");
}

std::string euros(std::int64_t cents) {
    const auto rest = std::to_string(cents % 100);
    return std::to_string(cents / 100) + "." + (rest.size() < 2 ? "0" : "") + rest;
}

// A field of a spreadsheet: quoted, and never a formula.
std::string field(std::string text) {
    if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos)
        text.insert(0, 1, '\'');
    for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2)
        text.insert(at, 1, '"');
    return '"' + text + '"';
}

std::string sheet_of(const invoice& i) {
    std::int64_t sum = 0;
    std::string sheet = "what,euros\r\n";
    for (const auto& [what, cents] : i.lines) {
        sheet += field(what) + "," + euros(cents) + "\r\n";
        sum += cents;
    }
    return sheet + "\"in all\"," + euros(sum) + "\r\n";
}

// The job may run twice, when the process dies in the middle of it. The key makes the second mail none.
awaitable<void> send_invoice(invoice i, queue::job_context& job) {
    co_await infra::email::send_email({.to = i.email,
                                       .template_name = "invoice",
                                       .data = {{"customer", i.customer}, {"number", job.id()}},
                                       .attachments = {{.filename = "invoice.csv", .content = sheet_of(i)}},
                                       .idempotency_key = job.id()});
}

} // namespace

int main() {
    auto app = infra::app::from_environment({.name = "invoices", .email = {.templates = INVOICE_TEMPLATES}});
    const auto send = queue::define_job<invoice>(
        {.name = "send-invoice", .handler = send_invoice, .attempts = 5, .backoff = queue::exponential(1s)});

    app.http().post("/invoices", [send](http::request req) -> awaitable<http::response> {
        const auto wanted = req.json<invoice>(); // 422 naming the field
        validate(wanted);
        const auto id = co_await queue::enqueue(send, wanted);
        co_return http::response::accepted({{"id", id}, {"status_url", "/invoices/" + id}});
    });
    app.http().get("/invoices/{id}", [](http::request req) -> awaitable<http::response> {
        const auto job = co_await queue::find_job(std::string(req.param("id")));
        co_return job ? http::response::ok({{"id", job->id}, {"state", queue::to_string(job->state)}})
                      : http::response::not_found("there is no such invoice, or it is forgotten");
    });
    return app.run();
}
