#include "mail_panel.hpp"

#include "../asked.hpp"
#include "../texts.hpp"
#include "desk.hpp"

#include <charconv>

namespace infra::dashboard {
namespace {

constexpr std::chrono::minutes failing_lately{15};
constexpr std::chrono::hours failed_mails_concern{1};
constexpr std::size_t most_mail_concerns = 3;
constexpr std::string_view outbox_scheme = "outbox:";

json::value optional_text(const std::optional<std::string>& text) { return text ? json::value(*text) : json::value(); }

json::value mail_at_a_glance(const shared_mail& from, clock& time) {
    return {{"transport", from->transport},
            {"outbox", optional_text(from->outbox)},
            {"templates", from->templates},
            {"remembered", sent_mails::most},
            {"failed_lately", from->sent->failed_since(saturating_add(time.wall(), -failing_lately))}};
}

http::response list_sent(const shared_mail& from, const http::request& r) {
    std::uint64_t before = 0;
    const auto cursor = r.query("cursor").value_or("");
    std::from_chars(cursor.data(), cursor.data() + cursor.size(), before);
    const auto limit = limit_of(r);
    const auto found = from->sent->list(limit, before, r.query("state").value_or(""));
    json::array items;
    for (const auto& each : found)
        items.push_back(document_of(each));
    return page_of(std::move(items), found.size() < limit ? std::string() : std::to_string(found.back().number));
}

std::vector<figure> mail_figures(const shared_mail& from, wall_time now) {
    const auto failing = from->sent->failed_since(saturating_add(now, -failing_lately));
    return {{.name = "mail_failing",
             .label = "Mail failing, 15 min",
             .value = static_cast<double>(failing),
             .limit = 0,
             .link = "#/mail?view=sent&state=failed"}};
}

std::vector<concern> mail_concerns(const shared_mail& from, wall_time now) {
    std::vector<concern> all;
    for (const auto& each : from->sent->failures_since(saturating_add(now, -failed_mails_concern))) {
        if (all.size() == most_mail_concerns)
            break;
        all.push_back({.severity = level::error,
                       .text = cut(std::to_string(each.count) + (each.count == 1 ? " mail was" : " mails were") +
                                       " not sent: " + each.signature,
                                   200),
                       .link = "#/mail?view=sent&state=failed",
                       .count = each.count,
                       .since = each.first});
    }
    return all;
}

news news_of_mail(const sent_mail& one) {
    const bool failed = one.state == "failed";
    const auto to = one.to.empty() ? std::string() : " → " + one.to.front();
    const auto what = one.template_name.empty() ? one.subject : one.template_name;
    return {.kind = "mail",
            .severity = failed ? level::warn : level::info,
            .text = cut(what, 120) + to + (failed ? " not sent: " + cut(one.reason, 120) : " " + one.state),
            .link = failed ? "#/mail?view=sent&state=failed" : "#/mail?view=sent",
            .trace = one.trace};
}

} // namespace

json::value document_of(const sent_mail& one) {
    json::array to(one.to.begin(), one.to.end());
    return {{"at", to_unix_ms(one.at)},
            {"id", one.id},
            {"mail", one.mail},
            {"from", one.from},
            {"to", std::move(to)},
            {"subject", one.subject},
            {"template", one.template_name},
            {"transport", one.transport},
            {"attempts", one.attempts},
            {"state", one.state},
            {"reason", one.reason},
            {"trace", one.trace}};
}

std::optional<std::string> outbox_of(const email::mailer& of) {
    const auto& url = of.options().url;
    if (url.empty())
        return of.transport_name() == "outbox" ? std::optional<std::string>("var/outbox") : std::nullopt;
    for (const auto each : email::urls_of(url))
        if (each.starts_with(outbox_scheme))
            return std::string(each.substr(outbox_scheme.size()));
    return std::nullopt;
}

mail_source watch_default_mailer(clock& time) {
    const auto known = email::default_mailer();
    mail_source made{.transport = std::string(known.transport_name()),
                     .outbox = outbox_of(known),
                     .templates = known.options().templates};
    email::set_default_mailer(known.with_after(
        [sent = made.sent, transport = made.transport, &time](const email::mail& m, const email::delivery& d) {
            sent->add(record_of(m, d, transport, time.wall()));
        }));
    return made;
}

void add_mail_panel(board on, mail_source source) {
    const shared_mail from = std::make_shared<const mail_source>(std::move(source));
    auto& time = on.time();
    from->sent->on_add([on](const sent_mail& one) mutable { on.tell(news_of_mail(one)); });
    on.page("mail");
    on.show("/mail", [from, &time](const http::request&) { return http::response::ok(mail_at_a_glance(from, time)); });
    on.show("/mail/sent", [from](const http::request& r) { return list_sent(from, r); });
    on.figures([from, &time]() -> awaitable<std::vector<figure>> { co_return mail_figures(from, time.wall()); });
    on.concerns([from, &time]() -> awaitable<std::vector<concern>> { co_return mail_concerns(from, time.wall()); });
    add_outbox(on, from);
    add_templates(on, from);
}

} // namespace infra::dashboard
