// Mails as they lie in the outbox. The disk is read on the pool.

#include "../asked.hpp"
#include "../texts.hpp"
#include "desk.hpp"

#include <infra/base/encoding.hpp>
#include <infra/email/look.hpp>
#include <infra/email/mime.hpp>

#include <algorithm>

namespace infra::dashboard {
namespace {

constexpr std::size_t most_inline = 1024 * 1024; // of images that come along, as they are put into the html

std::string shown_address(const email::address& who) {
    return who.name().empty() ? who.email() : who.name() + " <" + who.email() + ">";
}

json::array shown_address(const std::vector<email::address>& all) {
    json::array list;
    for (const auto& each : all)
        list.emplace_back(shown_address(each));
    return list;
}

json::value document_of_mail(const email::stored_mail& m, const std::optional<sent_mail>& known) {
    json::array to;
    for (const auto& each : m.to)
        to.emplace_back(redacted(each));
    return {{"id", m.id},
            {"date", to_unix_ms(m.date)},
            {"from", shown_address(m.from)},
            {"to", std::move(to)},
            {"subject", cut(m.subject, 200)},
            {"size", m.size},
            {"problem", m.problem},
            {"state", m.problem.empty() ? "sent" : "unreadable"},
            {"template", known ? known->template_name : ""},
            {"attempts", known ? json::value(known->attempts) : json::value()},
            {"trace", known ? known->trace : ""}};
}

json::array attachments_of(const email::mail& m) {
    json::array list;
    for (std::size_t i = 0; i < m.attachments.size(); ++i) {
        const auto& each = m.attachments[i];
        list.push_back({{"index", i},
                        {"filename", each.filename},
                        {"type", each.content_type},
                        {"bytes", each.content.size()},
                        {"inline", !each.content_id.empty()}});
    }
    return list;
}

json::value document_of_mail(const email::mail& m, const std::optional<sent_mail>& known, std::size_t most) {
    json::object headers, tags;
    for (const auto& [name, value] : m.headers)
        headers[name] = cut(value, 2000);
    for (const auto& [name, value] : m.tags)
        tags[name] = value;
    return {{"id", m.id},
            {"date", to_unix_ms(m.date)},
            {"from", shown_address(m.from)},
            {"to", shown_address(m.to)},
            {"cc", shown_address(m.cc)},
            {"bcc", shown_address(m.bcc)},
            {"reply_to", shown_address(m.reply_to)},
            {"subject", m.subject},
            {"headers", std::move(headers)},
            {"tags", std::move(tags)},
            {"topic", m.topic_id},
            {"text", payload_of(m.text, most)},
            {"html_bytes", m.html.size()},
            {"attachments", attachments_of(m)},
            {"template", known ? known->template_name : ""},
            {"attempts", known ? json::value(known->attempts) : json::value()},
            {"transport", known ? known->transport : "outbox"},
            {"trace", known ? known->trace : ""}};
}

const std::string& outbox_in(const shared_mail& from) {
    if (!from->outbox)
        throw http::error_response(404, "no_outbox",
                                   "mail goes to " + from->transport +
                                       ", which keeps none that can be shown; what was sent lately "
                                       "is listed apart");
    return *from->outbox;
}

// Blocks on the disk.
std::string read_source(const shared_mail& from, const std::string& id) {
    auto found = email::read_outbox(outbox_in(from), id);
    if (!found)
        throw http::error_response(404, "no_mail", "there is no such mail in the outbox, or no longer");
    return *std::move(found);
}

email::mail read_mail(const shared_mail& from, const std::string& id) {
    auto made = email::from_mime(read_source(from, id));
    made.id = id;
    return made;
}

std::string data_url(const email::attachment& a) {
    return "data:" + a.content_type + ";base64," + encoding::base64_encode(a.content);
}

// A frame that may load nothing shows images that came along only as part of its text.
std::string with_images(std::string html, const std::vector<email::attachment>& all) {
    std::size_t room = most_inline;
    for (const auto& each : all) {
        if (each.content_id.empty() || !each.content_type.starts_with("image/") || each.content.size() > room)
            continue;
        const auto wanted = "cid:" + each.content_id;
        const auto at = html.find(wanted);
        if (at == std::string::npos)
            continue;
        room -= each.content.size();
        html.replace(at, wanted.size(), data_url(each));
    }
    return html;
}

// --- Answers ------------------------------------------------------------------------------------------------------

http::response list_page(const shared_mail& from, std::size_t limit, const std::string& before) {
    const auto page = email::list_outbox({.directory = outbox_in(from), .limit = limit, .before = before});
    json::array items;
    for (const auto& each : page.mails)
        items.push_back(document_of_mail(each, from->sent->find(each.id)));
    return page_of(std::move(items), page.next);
}

http::response html_of(const email::mail& m, email::frame_options how) {
    if (m.html.empty())
        throw http::error_response(404, "no_html", "this mail has no html part");
    return email::mail_frame(with_images(m.html, m.attachments), how);
}

// Whatever it holds, a browser does nothing with it but keep it.
http::response attachment_of(const email::mail& m, std::size_t index) {
    if (index >= m.attachments.size())
        throw http::error_response(404, "no_attachment", "the mail has no such attachment");
    const auto& each = m.attachments[index];
    return download_of(each.filename, each.content);
}

awaitable<http::response> resend(shared_mail from, std::string id) {
    auto mail = co_await pool_of(from).run([from, id] { return read_mail(from, id); });
    const auto again = co_await from->mailer().send(email::to_message(std::move(mail)));
    co_return http::response::created({{"id", again}});
}

using answer = http::response (*)(const shared_mail&, const http::request&);

// The pool may still work on it when nobody waits any more.
awaitable<http::response> on_the_pool(shared_mail from, answer make, http::request r) {
    const auto asked = std::make_shared<const http::request>(std::move(r));
    co_return co_await pool_of(from).run([from, make, asked] { return make(from, *asked); });
}

std::string mail_id_of(const http::request& r) { return std::string(r.param("id")); }

} // namespace

void add_outbox(board& on, const shared_mail& from) {
    const auto show = [&](std::string_view pattern, answer make) {
        on.show(pattern, [from, make](http::request r) { return on_the_pool(from, make, std::move(r)); });
    };
    show("/mail/outbox", [](const shared_mail& f, const http::request& r) {
        return list_page(f, limit_of(r), r.query("cursor").value_or(""));
    });
    show("/mail/outbox/{id}", [](const shared_mail& f, const http::request& r) {
        const auto most = says(r, "whole") ? most_of_whole_payload : most_of_payload;
        return http::response::ok(document_of_mail(read_mail(f, mail_id_of(r)), f->sent->find(mail_id_of(r)), most));
    });
    show("/mail/outbox/{id}/html", [](const shared_mail& f, const http::request& r) {
        return html_of(read_mail(f, mail_id_of(r)), {.dark = says(r, "dark"), .images = says(r, "images")});
    });
    show("/mail/outbox/{id}/source", [](const shared_mail& f, const http::request& r) {
        const auto most = says(r, "whole") ? most_of_whole_payload : most_of_payload;
        return http::response::ok(payload_of(read_source(f, mail_id_of(r)), most));
    });
    show("/mail/outbox/{id}/eml", [](const shared_mail& f, const http::request& r) {
        return download_of(mail_id_of(r) + ".eml", read_source(f, mail_id_of(r)));
    });
    show("/mail/outbox/{id}/attachments/{index}", [](const shared_mail& f, const http::request& r) {
        return attachment_of(read_mail(f, mail_id_of(r)), r.param<std::size_t>("index"));
    });
    on.act(http::method::post, "/mail/outbox/{id}/resend", "send a mail again",
           [from](const acting&, const http::request& r) { return resend(from, mail_id_of(r)); });
}

} // namespace infra::dashboard
