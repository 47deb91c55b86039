// Templates, with the data beside them or with data that somebody types.

#include "../asked.hpp"
#include "../texts.hpp"
#include "desk.hpp"

#include <infra/email/look.hpp>
#include <infra/email/templates.hpp>
#include <infra/runtime/regular_file.hpp>

namespace infra::dashboard {
namespace {

constexpr std::size_t most_templates = 200;
constexpr std::size_t most_of_source = 256 * 1024;

// What is asked for stands in the address, for a frame can send nothing else.
email::look_request request_of(const shared_mail& from, const http::request& r) {
    email::look_request made{
        .directory = from->templates, .name = r.query("name").value_or(""), .locale = r.query("locale").value_or("")};
    if (const auto data = r.query("data"); data && !data->empty()) {
        auto read = json::parse<json::object>(*data);
        if (!read)
            throw http::error_response(422, "bad_data", "the data are no JSON object: " + to_string(read.error()),
                                       "/data");
        made.data = std::move(*read);
    }
    return made;
}

// Beyond those nothing is listed: a search by name would find what stands there.
http::response list_templates(const shared_mail& from) {
    auto all = email::list_templates(from->templates);
    const auto left_out = all.size() > most_templates ? all.size() - most_templates : 0;
    all.resize(all.size() - left_out);
    json::array items;
    for (const auto& each : all)
        items.push_back({{"name", each.name}, {"locales", json::array(each.locales.begin(), each.locales.end())}});
    return http::response::ok({{"items", std::move(items)}, {"next", nullptr}, {"left_out", left_out}});
}

json::value source_of_template(const std::string& path) {
    if (path.empty())
        return nullptr;
    return payload_of(read_beginning(path, most_of_source).text, most_of_payload);
}

http::response preview(const email::look_request& what) {
    const auto seen = email::look_at_template(what);
    if (!seen.found)
        throw http::error_response(404, "no_template", seen.problem);
    json::value document{{"name", what.name},
                         {"locale", what.locale},
                         {"path", seen.path},
                         {"layout", seen.layout},
                         {"problem", seen.problem},
                         {"gaps", seen.gaps},
                         {"data", payload_of(seen.sample, most_of_payload)},
                         {"sample_path", seen.sample_path},
                         {"source", source_of_template(seen.path)},
                         {"clipped_above", email::clipping_size}};
    auto& o = document.as_object();
    if (seen.mail) {
        o["subject"] = seen.mail->subject;
        o["preheader"] = seen.mail->preheader;
        o["from"] = seen.mail->from ? json::value(seen.mail->from->email()) : json::value();
        o["text"] = payload_of(seen.mail->text, most_of_payload);
        o["html_bytes"] = seen.mail->html.size();
    }
    return http::response::ok(document);
}

http::response frame(const email::look_request& what, email::frame_options how) {
    const auto seen = email::look_at_template(what);
    if (!seen.mail)
        throw http::error_response(seen.found ? 422 : 404, seen.found ? "bad_template" : "no_template", seen.problem);
    return email::mail_frame(seen.mail->html, how);
}

awaitable<http::response> list_on_pool(shared_mail from) {
    co_return co_await pool_of(from).run([from] { return list_templates(from); });
}

awaitable<http::response> one_on_pool(shared_mail from, http::request r) {
    co_return co_await pool_of(from).run([what = request_of(from, r)] { return preview(what); });
}

awaitable<http::response> frame_on_pool(shared_mail from, http::request r) {
    const email::frame_options how{.dark = says(r, "dark"), .images = says(r, "images")};
    co_return co_await pool_of(from).run([what = request_of(from, r), how] { return frame(what, how); });
}

} // namespace

void add_templates(board& on, const shared_mail& from) {
    on.show("/mail/templates", [from](const http::request&) { return list_on_pool(from); });
    on.show("/mail/template", [from](http::request r) { return one_on_pool(from, std::move(r)); });
    on.show("/mail/template/html", [from](http::request r) { return frame_on_pool(from, std::move(r)); });
}

} // namespace infra::dashboard
