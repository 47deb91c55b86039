#include "dashboard_client.hpp"
#include "email_verbs.hpp"
#include "json_members.hpp"
#include "log_shown.hpp"
#include "table.hpp"
#include "until_interrupted.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <ostream>

namespace infra::cli {
namespace {

struct sent_words {
    service_place place;
    std::string state;
    std::size_t limit = 50;
};

std::string recipients_of(const json::value& mail) {
    std::string all;
    for (const auto& each : items_of(mail, "to"))
        all += (all.empty() ? "" : ", ") + (each.is_string() ? std::string(each.get_string()) : "");
    return all;
}

json::value sent_mail_document_of(const json::value& mail) {
    json::object made;
    for (const auto* name :
         {"at", "id", "mail", "from", "to", "subject", "template", "transport", "attempts", "state", "reason", "trace"})
        made[name] = value_or_null(mail, name);
    made["at"] = time_text(integer_of(mail, "at"));
    return made;
}

std::string sent_mails_of(const json::array& all) {
    std::vector<table_row> rows;
    for (const auto& each : all)
        rows.push_back({time_text(integer_of(each, "at")), cell_of(each, "state"), cell_of(each, "attempts"),
                        recipients_of(each), cell_of(each, "mail"), cell_of(each, "trace"), cell_of(each, "subject"),
                        cell_of(each, "reason")});
    return table({"TIME", "STATE", "ATTEMPTS", "TO", "MAIL", "TRACE", "SUBJECT", "REASON"}, rows);
}

awaitable<exit_code> list_sent_mails(sent_words words, service_access at, const output& to) {
    const dashboard_client from(co_await asio::this_coro::executor, std::move(at));
    const auto [all, more] = co_await from.list("/mail/sent", {{"state", words.state}}, words.limit);
    json::array documents;
    std::ranges::transform(all, std::back_inserter(documents), sent_mail_document_of);
    if (to.json || !all.empty())
        to.print(sent_mails_of(all), {{"mails", std::move(documents)}, {"more", more}});
    if (!to.json && all.empty())
        to.err << "infra: no mail of those that the service remembers is so\n";
    else if (!to.json && more)
        to.err << "infra: there are more; --limit shows them\n";
    co_return exit_code::ok;
}

} // namespace

void add_email_sent(const email_group& to) {
    const auto words = std::make_shared<sent_words>();
    auto& app = to.to.add(
        {.name = "sent",
         .description = "Lists the last mails that a running service has sent, or could not send and why, whatever "
                        "carries them; recipients are shortened. It asks the service's dashboard, with "
                        "INFRA_ADMIN_TOKEN.",
         .examples = {"infra email sent --state failed", "infra email sent --json | jq '.mails[].reason'"}},
        [words](const output& o) {
            return told_how_it_ends(
                o, [&] { return until_interrupted(list_sent_mails(*words, access_to(words->place), o)); });
        },
        &to.app);
    app.add_option("--state", words->state, "Only those that ended so")
        ->check(CLI::IsMember({"sent", "duplicate", "stopped", "failed"}));
    app.add_option("-n,--limit", words->limit, "At most so many")->capture_default_str()->check(CLI::Range(1, 1'000));
    add_place(app, words->place);
}

} // namespace infra::cli
