#include "src/top_view.hpp"

#include "src/cell_text.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace infra::cli::top {
namespace {

using namespace std::chrono_literals;
const steady_time begin{1h};
const place shop{.url = "http://10.0.0.7:3000"};

void set(reading& to, counted what, double value) { to.counters[static_cast<std::size_t>(what)] = value; }
void set(reading& to, measured what, double value) { to.gauges[static_cast<std::size_t>(what)] = value; }

// A service with something of everything, so many seconds after it began.
reading busy(int second) {
    const double n = second;
    reading now{.at = begin + std::chrono::seconds(second)};
    add_metrics(now, "http_server_request_duration_seconds_bucket{method=\"GET\",route=\"/\",le=\"0.005\"} " +
                         std::to_string(90 * second) +
                         "\nhttp_server_request_duration_seconds_bucket{method=\"GET\",route=\"/\",le=\"0.1\"} " +
                         std::to_string(99 * second) +
                         "\nhttp_server_request_duration_seconds_bucket{method=\"GET\",route=\"/\",le=\"+Inf\"} " +
                         std::to_string(100 * second) + "\nevent_loop_lag_seconds_bucket{loop=\"main\",le=\"0.001\"} " +
                         std::to_string(second) + "\nevent_loop_lag_seconds_bucket{loop=\"main\",le=\"+Inf\"} " +
                         std::to_string(second) + "\n");
    set(now, counted::requests, 100 * n + n * n);
    set(now, counted::server_errors, n / 4);
    set(now, counted::client_errors, 3 * n);
    set(now, counted::jobs_finished, 12.5 * n);
    set(now, counted::mails_sent, n);
    set(now, counted::deliveries, 40'000 * n);
    set(now, counted::cache_hits, 93 * n);
    set(now, counted::cache_misses, 7 * n);
    set(now, counted::storage_calls, 2 * n);
    set(now, counted::log_lines, 30 * n);
    set(now, counted::log_warnings, n / 8);
    set(now, counted::cpu_seconds, 0.12 * n);
    set(now, measured::started, 100);
    set(now, measured::resident_bytes, 46'000'000 + 100'000 * n);
    set(now, measured::open_files, 128);
    set(now, measured::most_files, 20'000);
    set(now, measured::sockets, 1'203);
    now.routes["GET /"] = {.requests = 80 * n, .errors = 0, .durations = now.durations};
    now.routes["POST /orders/{id}"] = {.requests = 20 * n, .errors = n / 4, .durations = {}};
    now.queues["mail"] = {.waiting = 12,
                          .oldest_seconds = 3.2,
                          .finished = 12 * n,
                          .failing = 0,
                          .active = 4,
                          .delayed = 7,
                          .failed = 0,
                          .workers = 2};
    now.queues["邮件 \x1b[31mred\u202e"] = {.waiting = 1'204,
                                            .oldest_seconds = 75,
                                            .finished = n / 2,
                                            .failing = n / 10,
                                            .active = 0,
                                            .delayed = 0,
                                            .failed = 31,
                                            .workers = 0};
    now.queues["thumbnails-of-everything-that-anybody-has-ever-uploaded"] = {
        .active = 0, .delayed = 0, .failed = 0, .workers = 1, .paused = true};
    now.service = "shop";
    now.version = "1.2";
    now.infra_version = "0.1.0";
    now.uptime_seconds = 273'600 + n;
    now.status = "degraded";
    now.checks = {{"memory", "healthy", "0.2% of 24 GiB in use"},
                  {"queue", "degraded", "1204 jobs wait without a worker"}};
    now.concerns = {{"error", "31 jobs of resize failed: no such picture", 31},
                    {"warn", "a queue has no workers", 1'204}};
    now.channels = 87;
    return now;
}

picture after(int seconds) {
    model m;
    for (int i = 1; i <= seconds; ++i)
        m.take(busy(i));
    return m.shown();
}

picture down() {
    model m;
    for (int i = 1; i <= 90; ++i)
        m.take(busy(i));
    m.fail("cannot connect to 10.0.0.7:3000: Connection refused", begin + 91s);
    return m.shown();
}

std::string text_of(const screen& all) {
    std::string text;
    for (const auto& each : all.lines)
        text += top::text_of(each) + "\n";
    return text;
}

// --- pictures that are kept -----------------------------------------------------------------------------------------

struct kept_picture {
    std::string name;
    picture shown;
    view how;
    extent size;
};

std::vector<kept_picture> kept_pictures() {
    const auto of = [](section at) { return view{.at = at}; };
    std::vector<kept_picture> all;
    for (const extent size : {extent{60, 10}, extent{60, 24}, extent{80, 24}, extent{120, 30}, extent{200, 60}})
        all.push_back({"overview", after(90), {}, size});
    for (const extent size : {extent{60, 10}, extent{80, 24}, extent{120, 30}}) {
        all.push_back({"queues", after(90), of(section::queues), size});
        all.push_back({"routes", after(90), of(section::routes), size});
    }
    all.push_back({"checks", after(90), of(section::checks), {80, 24}});
    all.push_back({"attention", after(90), of(section::attention), {80, 24}});
    all.push_back({"help", after(90), {.help = true}, {80, 24}});
    all.push_back({"paused", after(90), {.scroll = 3, .paused = true}, {80, 10}});
    all.push_back({"first-look", after(1), {}, {80, 24}});
    all.push_back({"down", down(), {}, {80, 24}});
    return all;
}

std::string path_of(const kept_picture& of) {
    return INFRA_SOURCES "/cli/tests/top/" + of.name + "-" + std::to_string(of.size.columns) + "x" +
           std::to_string(of.size.rows) + ".txt";
}

// With INFRA_WRITE_PICTURES set they are written anew, to be looked at before they are committed.
TEST(TopPictures, AreThoseThatWereApproved) {
    for (const auto& each : kept_pictures()) {
        const auto made = text_of(render(each.shown, each.how, shop, each.size, begin + 98s));
        if (std::getenv("INFRA_WRITE_PICTURES"))
            std::ofstream(path_of(each)) << made;
        std::stringstream kept;
        kept << std::ifstream(path_of(each)).rdbuf();
        EXPECT_EQ(made, kept.str()) << path_of(each);
    }
}

// --- what holds for all ---------------------------------------------------------------------------------------------

TEST(TopPictures, FillTheirTerminalAndNoMore) {
    const picture all[] = {picture(), after(1), after(90), down()};
    for (const auto& shown : all)
        for (std::size_t at = 0; at < sections; ++at)
            for (const bool help : {false, true})
                for (std::size_t columns = 1; columns <= 210; columns += columns < 20 ? 1 : 7)
                    for (const std::size_t rows : {1u, 2u, 3u, 4u, 5u, 10u, 24u, 60u}) {
                        const view how{.at = static_cast<section>(at), .scroll = columns, .paused = help, .help = help};
                        const auto made = render(shown, how, shop, {columns, rows}, begin + 98s);
                        ASSERT_EQ(made.lines.size(), rows);
                        for (const auto& each : made.lines)
                            ASSERT_LE(cells_of(top::text_of(each)), columns) << top::text_of(each);
                    }
}

TEST(TopPictures, HaveNothingThatATerminalWouldObey) {
    auto now = busy(1);
    const std::string nasty = "x\x1b]0;owned\x07\x9b\u009b2J\r\n\u202e\xff";
    now.service = now.version = now.infra_version = now.status = now.note = nasty;
    now.checks = {{nasty, nasty, nasty}};
    now.concerns = {{nasty, nasty, 1}};
    now.queues = {{nasty, {}}};
    now.routes = {{nasty, {}}};
    model m;
    m.take(now);
    for (int look = 0; look < 2; ++look) {
        for (std::size_t at = 0; at < sections; ++at) {
            const auto made = render(m.shown(), {.at = static_cast<section>(at)}, {.url = nasty}, {120, 60}, begin);
            for (const auto& each : made.lines) {
                const auto text = painted(each, false);
                EXPECT_EQ(text, one_line(text));
            }
        }
        m.fail(nasty, begin + 2s);
    }
}

TEST(TopPictures, ScrollToTheirEnd) {
    const auto first = render(after(90), {}, shop, {80, 10}, begin);
    EXPECT_GT(first.most_scroll, 0u);
    const auto last = render(after(90), {.scroll = first.most_scroll}, shop, {80, 10}, begin);
    EXPECT_NE(text_of(last).find("thumbnails"), std::string::npos);
    EXPECT_EQ(text_of(last), text_of(render(after(90), {.scroll = 1'000}, shop, {80, 10}, begin)));
    EXPECT_EQ(render(after(90), {}, shop, {80, 60}, begin).most_scroll, 0u);
}

TEST(TopPictures, AreSortedAsOneWants) {
    const auto names = [](sorting order) {
        view how{.at = section::queues};
        how.order() = order;
        const auto made = render(after(90), how, shop, {120, 10}, begin);
        std::string initials;
        for (std::size_t i = 4; i < 7; ++i)
            initials += top::text_of(made.lines[i]).substr(1, 1);
        return initials;
    };
    const auto ideograph = std::string("邮").substr(0, 1);
    EXPECT_EQ(names({0, false}), "mt" + ideograph);
    EXPECT_EQ(names({0, true}), ideograph + "tm");
    EXPECT_EQ(names({1, false}), ideograph + "mt");
    EXPECT_EQ(names({1, true}), "tm" + ideograph);
    EXPECT_EQ(names({2, true}), "m" + ideograph + "t") << "what is not known comes last";
}

TEST(TopPictures, HaveColoursOnlyWhereTheyAreWanted) {
    const auto made = render(after(90), {}, shop, {80, 24}, begin);
    EXPECT_EQ(painted(made.lines[0], false).find('\x1b'), std::string::npos);
    EXPECT_EQ(painted(made.lines[0], true).find("\x1b[33m ● degraded\x1b[0m"), 0u);
    const auto dimmed = render(down(), {}, shop, {80, 24}, begin);
    for (std::size_t i = 3; i < dimmed.lines.size(); ++i)
        for (const auto& each : dimmed.lines[i])
            EXPECT_EQ(each.in, tint::faint);
}

} // namespace
} // namespace infra::cli::top
