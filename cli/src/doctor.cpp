#include "config_verbs.hpp"
#include "doctor/check.hpp"
#include "frame.hpp"
#include "table.hpp"
#include "verbs.hpp"

#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/runtime/default_runtime.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <future>
#include <memory>

namespace infra::cli {
namespace {

using namespace doctor;

struct doctor_words {
    config_place place{};
    std::string timeout = "5s";
    std::vector<std::string> only;
    bool login = false;
    bool strict = false;
    bool all = false;
};

situation situation_of(const doctor_words& words) {
    const auto patience = parse_duration(words.timeout);
    if (!patience || patience->count() <= 0 || *patience > std::chrono::minutes(1))
        throw std::invalid_argument("--timeout: expected a duration such as 500ms or 5s, at most 1m");
    const auto read = configuration_of(words.place, environment::of_process());
    return {.variables = read.all(),
            .env_file = read.file,
            .env_file_problems = read.beside.problems,
            .patience = *patience,
            .login = words.login};
}

std::vector<check> chosen(const std::vector<std::string>& only) {
    const auto all = all_checks();
    std::vector<std::string> names;
    for (const auto& each : all)
        names.emplace_back(each.name);
    for (const auto& each : only)
        if (std::ranges::find(names, each) == names.end()) {
            const auto meant = nearest(each, names);
            throw std::invalid_argument(
                "--only: there is no check '" + each + "'" +
                (meant.empty() ? " (infra doctor --help lists them)" : "; did you mean '" + meant + "'?"));
        }
    std::vector<check> found;
    for (const auto& each : all)
        if (only.empty() || std::ranges::find(only, each.name) != only.end())
            found.push_back(each);
    return found;
}

finding out_of_time(const situation& at) {
    return failure("", "no answer within " + std::to_string(at.patience.count()) + " ms",
                   "a disk, a resolver or a server does not answer", "look at it by itself, or raise --timeout");
}

awaitable<findings> within_time(check one, situation at) {
    findings found;
    try {
        if (auto why = one.absent(at); !why.empty())
            found.push_back({.verdict = verdict::skipped, .found = std::move(why)});
        else
            found = co_await with_deadline(one.look(at), deadline::after(at.patience));
    } catch (const boost::system::system_error& e) {
        if (e.code() == errc::timed_out)
            found.push_back(out_of_time(at));
        else
            found.push_back(failure("", e.what(), "this could not be looked at", ""));
    } catch (const std::exception& e) {
        found.push_back(failure("", e.what(), "this could not be looked at", ""));
    }
    for (auto& each : found)
        each.check = one.name;
    co_return found;
}

findings look_at_all(const std::vector<check>& checks, const situation& at) {
    std::vector<std::future<findings>> asked;
    for (const auto& each : checks)
        asked.push_back(asio::co_spawn(default_executor(), within_time(each, at), asio::use_future));
    findings all;
    for (auto& each : asked)
        std::ranges::move(each.get(), std::back_inserter(all));
    return all;
}

exit_code act(const doctor_words& words, const output& to) {
    try {
        const auto found = look_at_all(chosen(words.only), situation_of(words));
        const auto paint = [&to](verdict v, std::string_view word) {
            constexpr ink inks[] = {ink::good, ink::doubt, ink::bad, ink::faint};
            return to.painted(inks[static_cast<std::size_t>(v)], word);
        };
        to.print(text_of(found, words.all, paint), document_of(found, words.all));
        const auto worst = worst_of(found);
        return worst == verdict::fail || (words.strict && worst == verdict::warn) ? exit_code::unhealthy
                                                                                  : exit_code::ok;
    } catch (const std::invalid_argument& e) {
        return to.fail(exit_code::usage, e.what());
    } catch (const error& e) { // a file that was named is not there
        return to.fail(exit_code::not_found, e.what());
    }
}

std::string list_of_checks() {
    std::vector<std::pair<std::string, std::string>> lines;
    for (const auto& each : all_checks())
        lines.emplace_back("  " + std::string(each.name), each.looks_at);
    return "Checks:\n" + fact_sheet(lines);
}

} // namespace

void add_doctor(frame& f) {
    const auto words = std::make_shared<doctor_words>();
    auto& app =
        f.add({.name = "doctor",
               .description = "Looks whether a service could run here as it is configured, and says what to do. "
                              "Exit code 0 with warnings, 4 with failures.",
               .examples = {"infra doctor", "infra doctor --only redis,smtp --login",
                            "infra doctor --env-file /etc/shop.env --json"}},
              [words](const output& to) { return act(*words, to); });
    add_config_options(app, words->place);
    app.add_option("--only", words->only, "These checks alone, with commas between")
        ->type_name("CHECK")
        ->delimiter(',');
    app.add_option("--timeout", words->timeout, "How long each check may take; all are made at once")
        ->capture_default_str();
    app.add_flag("--login", words->login, "Log in to SMTP servers too");
    app.add_flag("--strict", words->strict, "Exit with 4 for warnings too");
    app.add_flag("--all", words->all, "List what was skipped, too");
    app.footer(list_of_checks() + "\n\n" + app.get_footer());
}

} // namespace infra::cli
