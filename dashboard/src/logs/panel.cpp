#include "panel.hpp"

#include "../query.hpp"
#include "level_changes.hpp"
#include "log_answers.hpp"
#include "log_document.hpp"
#include "log_store.hpp"

#include <infra/base/encoding.hpp>
#include <infra/logging/pipeline.hpp>
#include <infra/runtime/default_runtime.hpp>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;
using log_store_ptr = std::shared_ptr<log_store>;
using changes_ptr = std::shared_ptr<level_changes>;

constexpr std::size_t look_at = 100'000; // lines in one go: some 20 ms of a pool's thread

struct level_order {
    std::string module;
    level to = level::info;
    std::optional<std::uint64_t> minutes;
};
BOOST_DESCRIBE_STRUCT(level_order, (), (module, to, minutes))

awaitable<http::response> lines(log_store_ptr kept, http::request r) {
    const auto wanted = log_filter_of(r);
    const auto before = number_asked(r, "cursor", std::uint64_t(-1));
    const auto limit = limit_asked(r, 100);
    auto found = [kept, wanted, before, limit] {
        return lines_answer(kept->lines.look(), wanted, before, limit, look_at);
    };
    co_return http::response::ok(co_await default_blocking_pool().run(std::move(found)));
}

http::response line_gone() {
    return http::response::error(404, "gone", "the line is not kept any more: newer ones have taken its place");
}

http::response one_line(const log_store& kept, const http::request& r) {
    const auto id = r.param<std::uint64_t>("id");
    auto found = line_answer(kept.lines.look(), id);
    return found.is_null() ? line_gone() : http::response::ok(found);
}

http::response lines_around(const log_store& kept, const http::request& r) {
    constexpr std::size_t most = 100;
    const auto each_way = std::min<std::size_t>(number_asked(r, "lines", 20), most);
    auto found = around(kept.lines.look(), r.param<std::uint64_t>("id"), each_way);
    return found.empty() ? line_gone() : page_of(std::move(found), "");
}

// Of what was there when it began: a busy log would never end.
awaitable<void> send_all(log_store_ptr kept, log_filter wanted, http::body_writer to) {
    const auto last = kept->lines.newest();
    std::uint64_t after = 0;
    for (bool end = false; !end;) {
        auto some = [kept, wanted, after, last] { return exported_after(kept->lines.look(), wanted, after, last); };
        auto piece = co_await default_blocking_pool().run(std::move(some));
        after = piece.next;
        end = piece.end;
        if (!piece.text.empty())
            co_await to.write(std::move(piece.text));
    }
}

http::response all_lines(const log_store_ptr& kept, const http::request& r) {
    auto answer = http::response::stream("application/x-ndjson",
                                         [kept, wanted = log_filter_of(r)](http::body_writer to) -> awaitable<void> {
                                             return send_all(kept, wanted, to);
                                         });
    answer.headers.set("Content-Disposition", "attachment; filename=\"log.ndjson\"");
    return answer;
}

awaitable<pieces> more_lines(log_store_ptr kept, const http::request& watched, std::uint64_t since) {
    constexpr std::size_t most = 125;
    const auto after = since ? since : number_asked(watched, "from", kept->lines.newest());
    const auto seen = kept->lines.look(); // which what is found refers to
    const auto found = news_since(seen, log_filter_of(watched), after, most);
    pieces out{.next = found.next, .skipped = found.skipped};
    for (const auto& each : found.lines)
        out.items.push_back(document_of(each, shown_bytes));
    co_return out;
}

// --- levels ---

json::object levels_answer(const logging::pipeline& of, const level_changes& changes, const log_view& in) {
    const auto rules = of.levels();
    json::array modules, changed, known;
    for (const auto& [module, to] : rules.modules)
        modules.push_back({{"module", module}, {"level", to_string(to)}});
    for (const auto& each : changes.now())
        changed.push_back({{"module", each.module},
                           {"level", to_string(each.to)},
                           {"until", to_unix_ms(each.until)},
                           {"by", each.by}});
    for (const auto& each : modules_of(in))
        known.push_back(json::value(each));
    return {{"level", to_string(rules.fallback)},
            {"modules", std::move(modules)},
            {"changed", std::move(changed)},
            {"known", std::move(known)}};
}

level_change ordered(const http::request& r, std::string by, wall_time now) {
    constexpr std::uint64_t day = 24 * 60;
    auto order = r.json<level_order>();
    const auto minutes = order.minutes.value_or(10);
    if (minutes < 1 || minutes > day)
        throw http::error_response(422, "invalid_body", "expected 1 to 1440 minutes", "/minutes");
    if (order.module.size() > 200 || !encoding::is_utf8(order.module))
        throw http::error_response(422, "invalid_body", "expected a module's name of at most 200 bytes", "/module");
    return {.module = std::move(order.module),
            .to = order.to,
            .until = now + std::chrono::minutes(minutes),
            .by = std::move(by)};
}

awaitable<void> expire(changes_ptr changes, clock* time) {
    while (true) {
        co_await time->sleep_for(1s);
        changes->expire(time->wall());
    }
}

void add_levels(board& on, logging::pipeline& of, const log_store_ptr& kept) {
    const auto changes = std::make_shared<level_changes>(of);
    clock* const time = &on.time();
    on.show("/logs/levels", [&of, changes, kept](http::request&) {
        return http::response::ok(levels_answer(of, *changes, kept->lines.look()));
    });
    on.act(http::method::put, "/logs/levels", "change a log level",
           [&of, changes, kept, time](acting by, http::request r) -> awaitable<http::response> {
               if (!changes->change(ordered(r, std::move(by.who), time->wall())))
                   co_return http::response::error(409, "too_many", "100 levels are changed already: undo some first");
               co_return http::response::ok(levels_answer(of, *changes, kept->lines.look()));
           });
    on.act(http::method::delete_, "/logs/levels", "undo changes of log levels",
           [&of, changes, kept](acting, http::request) -> awaitable<http::response> {
               changes->undo();
               co_return http::response::ok(levels_answer(of, *changes, kept->lines.look()));
           });
    on.background("log levels", [changes, time] { return expire(changes, time); });
}

// --- the overview ---

// As pages/logs/model.ts makes it.
std::string link_to_errors(const error_group& g) {
    const auto module = g.module.empty() ? std::string() : "module:\"" + g.module + "\" ";
    return "#/logs?level=error&q=" + encoding::form_encode(module + words_of(g.text));
}

std::vector<concern> log_concerns(const error_groups& groups, wall_time now) {
    constexpr std::size_t most = 5, minutes = 15;
    std::vector<concern> out;
    for (auto& each : groups.within(now, minutes)) {
        if (out.size() == most)
            break;
        out.push_back({.severity = level::error,
                       .text = (each.module.empty() ? "" : each.module + ": ") + each.text,
                       .link = link_to_errors(each),
                       .count = each.count,
                       .since = each.first});
    }
    return out;
}

news news_of_line(const logging::record_view& line) {
    constexpr std::size_t most = 280;
    auto text = encoding::to_utf8((line.module.empty() ? "" : std::string(line.module.substr(0, 100)) + ": ") +
                                  std::string(line.message.substr(0, most)));
    news out{.kind = "log", .severity = line.severity, .text = std::move(text), .link = "#/logs?level=warn"};
    if (line.span.trace) {
        const auto hex = to_hex(line.span.trace);
        out.trace.assign(hex.data(), hex.size());
    }
    return out;
}

void tell(const board& to, const logging::record_view& line) noexcept {
    try {
        to.tell(news_of_line(line));
    } catch (const std::bad_alloc&) { // it is in the log all the same
    }
}

std::vector<figure> log_figures(const error_groups& groups, wall_time now) {
    constexpr std::size_t minutes = 5;
    return {{.name = "errors",
             .label = "Errors/min",
             .value = static_cast<double>(groups.count(level::error, now, minutes)) / minutes,
             .unit = "per_minute",
             .limit = {},
             .link = "#/logs?level=error"}};
}

reach reach_of(const log_ring& lines) {
    const auto now = lines.look();
    return {.since = now.empty() ? std::nullopt : std::optional(now.since()),
            .entries = now.empty() ? 0 : now.last() - now.first() + 1,
            .bytes = now.bytes(),
            .max_bytes = lines.room()};
}

} // namespace

void add_logs_panel(board on, logging::pipeline& of) {
    const auto kept = std::make_shared<log_store>(on.options().kept.log_bytes, on.options().path + "/",
                                                  [on](const logging::record_view& line) { tell(on, line); });
    clock* const time = &on.time();
    of.add_output({.records = kept});
    on.page("logs");
    on.show("/logs", [kept](http::request r) { return lines(kept, std::move(r)); });
    on.show("/logs/export", [kept](http::request& r) { return all_lines(kept, r); });
    on.show("/logs/errors", [kept, time](http::request& r) {
        constexpr std::uint64_t most = by_minute::minutes;
        const auto minutes = std::clamp<std::uint64_t>(number_asked(r, "minutes", 15), 1, most);
        return http::response::ok(errors_answer(kept->groups, time->wall(), minutes));
    });
    on.show("/logs/{id}", [kept](http::request& r) { return one_line(*kept, r); });
    on.show("/logs/{id}/around", [kept](http::request& r) { return lines_around(*kept, r); });
    on.live_pieces(
        "logs", [kept](const http::request& watched, std::uint64_t since) { return more_lines(kept, watched, since); });
    on.concerns(
        [kept, time]() -> awaitable<std::vector<concern>> { co_return log_concerns(kept->groups, time->wall()); });
    on.figures([kept, time]() -> awaitable<std::vector<figure>> { co_return log_figures(kept->groups, time->wall()); });
    on.keeps("logs", [kept] { return reach_of(kept->lines); });
    add_levels(on, of, kept);
}

} // namespace infra::dashboard
