#include "dashboard_client.hpp"
#include "json_members.hpp"
#include "overview_shown.hpp"
#include "until_interrupted.hpp"
#include "verbs.hpp"

#include <infra/base/clock.hpp>

#include <boost/asio/this_coro.hpp>

#include <memory>
#include <ostream>
#include <stdexcept>

namespace infra::cli {
namespace {

struct overview_words {
    service_place place;
    std::string range = "15m";
};

std::string seconds_asked(const std::string& given) {
    using namespace std::chrono;
    const auto back = parse_duration(given);
    if (!back || *back < minutes(1) || *back > hours(6))
        throw std::invalid_argument("--range: expected how far back, from 1m to 6h");
    return std::to_string(duration_cast<seconds>(*back).count());
}

awaitable<exit_code> show_overview(overview_words words, service_access at, const output& to) {
    const dashboard_client service(co_await asio::this_coro::executor, std::move(at));
    const auto seen = co_await service.get(with_query("/overview", {{"seconds", seconds_asked(words.range)}}));
    to.print(overview_text_of(seen, real_clock().wall(), to.colours), overview_document_of(seen));
    const auto status = cell_of(seen, "status");
    if (status == "healthy" || status == "degraded")
        co_return exit_code::ok;
    if (status != "unhealthy")
        to.err << "infra: the service does not say whether it is well; is --url that of the service?\n";
    co_return exit_code::unhealthy;
}

} // namespace

void add_overview(frame& f) {
    const auto words = std::make_shared<overview_words>();
    auto& app =
        f.add({.name = "overview",
               .description =
                   "Shows at one look whether a running service is well and, if not, why: its state with the causes, "
                   "its numbers with their limits, what needs attention, and the slowest traces. Unhealthy exits "
                   "with 4. It asks the service's dashboard, with INFRA_ADMIN_TOKEN.",
               .examples = {"infra overview", "infra overview --range 1h --url http://10.0.0.7:3000",
                            "infra overview --json | jq -r '.attention[].text'"}},
              [words](const output& to) {
                  return told_how_it_ends(
                      to, [&] { return until_interrupted(show_overview(*words, access_to(words->place), to)); });
              });
    app.add_option("--range", words->range, "How far back the curves go, and failures count")->capture_default_str();
    add_place(app, words->place);
}

} // namespace infra::cli
