#include "printable.hpp"
#include "progress_bar.hpp"
#include "queue_verbs.hpp"
#include "table.hpp"

#include <infra/queue/move.hpp>
#include <infra/queue/sqlite.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace infra::cli {
namespace {

struct move_words {
    std::vector<std::string> queues;
    std::string from;
    std::string to;
    std::string patience = "60s";
    bool dry_run = false;
    bool resume = false;
    bool anew = false;
};

constexpr std::chrono::seconds time_to_close{5};
constexpr std::chrono::seconds between_lines{1};

/// A backend that is closed in the end.
class opened {
public:
    explicit opened(const std::string& url) : stored_(queue::make_backend(url)) {}
    opened(const opened&) = delete;
    opened& operator=(const opened&) = delete;
    ~opened() {
        try {
            wait(stored_->stop(deadline::after(time_to_close)));
        } catch (const std::exception&) { // what was asked has been answered
        }
    }
    const std::shared_ptr<queue::backend>& stored() const noexcept { return stored_; }

private:
    std::shared_ptr<queue::backend> stored_;
};

/// `--prefix` is for whichever of the two is on Redis.
std::string url_of(const std::string& given, const queue_place& place, bool anew) {
    auto url = queue_url(given, environment::of_process(), anew);
    return place.prefix.empty() || url.starts_with("sqlite:") ? url : with_prefix(std::move(url), place.prefix);
}

std::string target_url(const move_words& words) {
    if (!words.to.empty())
        return words.to;
    if (auto url = environment::of_process().get("QUEUE_MOVE_TO"))
        return *std::move(url);
    throw std::invalid_argument(
        "say where to: --to redis://HOST, or $QUEUE_MOVE_TO, which is the place for a password");
}

/// A dry run makes no file: one that is not there is as good as an empty storage.
std::string target_of(const move_words& words, const queue_place& place) {
    auto url = url_of(target_url(words), place, true);
    std::error_code ignored;
    const bool is_new =
        url.starts_with("sqlite:") && !std::filesystem::exists(queue::parse_sqlite_url(url).file, ignored);
    return words.dry_run && is_new ? "memory:" : url;
}

// --- What is told -------------------------------------------------------------------------------------------------

json::array texts(const std::vector<std::string>& all) { return json::array(all.begin(), all.end()); }

json::object document_of(const queue::move_plan& plan) {
    json::array queues;
    for (const auto& q : plan.queues)
        queues.push_back({{"queue", q.there.queue},
                          {"jobs", q.jobs()},
                          {"schedules", q.schedules},
                          {"active", q.there.active},
                          {"there_before", q.there_before},
                          {"paused", q.was_paused}});
    return {{"queues", std::move(queues)},
            {"obstacles", texts(plan.obstacles)},
            {"remarks", texts(plan.remarks)},
            {"left_behind", texts(queue::left_behind())}};
}

std::string text_of(const queue::move_plan& plan) {
    std::vector<table_row> rows;
    for (const auto& q : plan.queues)
        rows.push_back({q.there.queue, std::to_string(q.jobs()), std::to_string(q.schedules),
                        std::to_string(q.there.active), std::to_string(q.there_before)});
    return rows.empty() ? "there is nothing to move"
                        : table({"QUEUE", "JOBS", "SCHEDULES", "ACTIVE", "THERE ALREADY"}, rows);
}

json::value document_of(const std::vector<queue::moved_queue>& moved) {
    json::array all;
    for (const auto& q : moved)
        all.push_back({{"queue", q.queue},
                       {"carried", q.carried},
                       {"removed", q.removed},
                       {"schedules", q.schedules},
                       {"paused", q.paused}});
    return {{"moved", std::move(all)}, {"left_behind", texts(queue::left_behind())}};
}

std::string text_of(const std::vector<queue::moved_queue>& moved) {
    std::vector<table_row> rows;
    for (const auto& q : moved)
        rows.push_back({q.queue, std::to_string(q.carried), std::to_string(q.removed), std::to_string(q.schedules),
                        q.paused ? "paused" : "running"});
    return rows.empty() ? "there is nothing to move" : table({"QUEUE", "CARRIED", "REMOVED", "SCHEDULES", "NOW"}, rows);
}

/// On a terminal a bar for each step of each queue, elsewhere a line a second.
class teller {
public:
    teller(const output& to, const queue::move_plan& plan) : to_(&to), plan_(&plan), bar_(to, "moving", "jobs") {}

    void tell(const queue::move_progress& p) {
        show(p);
        if (!to_->json && !bar_.is_visible())
            write(p);
    }

private:
    void show(const queue::move_progress& p) {
        auto name = p.queue + ": " + std::string(to_string(p.step));
        if (name != shown_) {
            bar_.begin(name);
            shown_ = std::move(name);
        }
        bar_.show({.done = p.jobs, .total = total_of(p)});
    }

    // Of jobs that run, fewer are left each time; and they may come faster than they are carried.
    std::optional<std::uint64_t> total_of(const queue::move_progress& p) const {
        const auto found = std::ranges::find(plan_->queues, p.queue, [](const auto& q) { return q.there.queue; });
        if (p.step == queue::move_step::waiting || found == plan_->queues.end())
            return std::nullopt;
        return std::max(found->jobs(), p.jobs);
    }

    void write(const queue::move_progress& p) {
        const auto now = std::chrono::steady_clock::now();
        if (told_ && now - *told_ < between_lines)
            return;
        told_ = now;
        to_->err << "infra: " << printable(p.queue) << ": " << to_string(p.step) << ", " << p.jobs << " jobs\n"
                 << std::flush;
    }

    const output* to_;
    const queue::move_plan* plan_;
    progress_bar bar_;
    std::string shown_{};
    std::optional<std::chrono::steady_clock::time_point> told_{};
};

void tell_remarks(const queue::move_plan& plan, const output& to) {
    if (!to.json)
        for (const auto& each : plan.remarks)
            to.err << "infra: " << printable(each) << '\n';
}

void tell_left_behind(const output& to) {
    if (to.json)
        return;
    std::string all;
    for (const auto& each : queue::left_behind())
        all.append(all.empty() ? "" : "; ").append(each);
    to.err << "infra: not carried, whatever is moved: " << all << '\n';
}

exit_code refuse(const queue::move_plan& plan, const output& to) {
    std::string sentence = "nothing was moved";
    for (const auto& each : plan.obstacles)
        sentence.append(": ").append(each);
    return to.fail(exit_code::failed, sentence);
}

exit_code tell_plan(const queue::move_plan& plan, const output& to) {
    to.print(text_of(plan), document_of(plan));
    if (!to.json)
        for (const auto& each : plan.obstacles)
            to.err << "infra: cannot be moved: " << printable(each) << '\n';
    tell_left_behind(to);
    return plan.obstacles.empty() ? exit_code::ok : exit_code::failed;
}

// --- What is done -------------------------------------------------------------------------------------------------

std::vector<queue::moved_queue> move_and_tell(const opened& from, const opened& onto, const queue::move_plan& plan,
                                              queue::move_options how, const output& to) {
    teller news(to, plan);
    how.on_progress = [&news](const queue::move_progress& p) { news.tell(p); };
    return wait(queue::move_queues(from.stored(), onto.stored(), plan, std::move(how)));
}

exit_code carry_out(const move_words& words, const queue_place& place, const output& to) {
    const opened from(url_of(words.from.empty() ? place.url : words.from, place, false));
    const opened onto(target_of(words, place));
    const auto plan = wait(queue::plan_move(from.stored(), onto.stored(), words.queues));
    tell_remarks(plan, to);
    if (words.dry_run)
        return tell_plan(plan, to);
    if (!plan.obstacles.empty())
        return refuse(plan, to);
    const auto moved = move_and_tell(
        from, onto, plan,
        {.patience = duration_of("--wait", words.patience), .resume = words.resume, .anew = words.anew}, to);
    tell_left_behind(to);
    to.print(text_of(moved), document_of(moved));
    return exit_code::ok;
}

exit_code move_as_asked(const move_words& words, const queue_place& place, const output& to) {
    try {
        return carry_out(words, place, to);
    } catch (const boost::system::system_error& e) {
        return to.fail(code_for(e.code()), with_advice(e));
    } catch (const std::invalid_argument& e) {
        return to.fail(exit_code::usage, e.what());
    }
}

} // namespace

void add_queue_move(const queue_group& to) {
    const auto words = std::make_shared<move_words>();
    auto& app = to.to.add(
        {.name = "move",
         .description = "Carries whole queues from one storage to another. What was interrupted is done again from the "
                        "start, and loses nothing.",
         .examples = {"infra queue move --from sqlite:var/queue.db --to redis://10.0.0.5 --dry-run",
                      "infra queue move mail photos --from sqlite:var/queue.db --to redis://10.0.0.5"}},
        [place = to.place, words](const output& o) { return move_as_asked(*words, *place, o); }, &to.app);
    app.add_option("queues", words->queues, "Which; all when none is named")->type_name("QUEUE");
    app.add_option("--from", words->from, "Where they are; default --url, $QUEUE_URL or $REDIS_URL");
    app.add_option("--to", words->to,
                   "Where they are to be; default $QUEUE_MOVE_TO, which is the place for a password");
    app.add_option("--wait", words->patience, "How long jobs that run may take to end")->capture_default_str();
    app.add_flag("--dry-run", words->dry_run, "Only says what would be moved, and what stands against it");
    app.add_flag("--resume", words->resume, "In the end also queues that were paused before");
    app.add_flag("--anew", words->anew,
                 "Also queues that were being moved to somewhere else, which is given up and keeps what it got");
}

} // namespace infra::cli
