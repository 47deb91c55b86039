#include <infra/email/preview.hpp>

#include "files.hpp"
#include "guard.hpp"
#include "page.hpp"
#include "versions.hpp"

#include <infra/base/error.hpp>
#include <infra/email/error.hpp>
#include <infra/runtime/default_runtime.hpp>

#include <memory>
#include <stdexcept>
#include <utility>

namespace infra::email {
namespace preview {
namespace {

/// What the routes share.
struct site {
    explicit site(preview_options o)
        : options(std::move(o)),
          changes(std::make_shared<versions>(options.directory, options.max_waiting, options.pool, *options.time)) {}

    blocking_pool& pool() const { return options.pool ? *options.pool : default_blocking_pool(); }

    const preview_options options;
    const std::shared_ptr<versions> changes;
};

using shared_site = std::shared_ptr<const site>;

wish wish_of(const http::request& asked) {
    return {.name = asked.query("name").value_or(""),
            .locale = asked.query("locale").value_or(""),
            .scheme = asked.query("scheme") == "dark" ? scheme::dark : scheme::light,
            .images = asked.query("images") == "on"};
}

// The version first: what changes while the rest is read is told to the page afterwards.
surroundings surroundings_of(const std::string& directory) {
    surroundings made{.directory = directory, .version = version_of(directory)};
    try {
        made.templates = list_templates(directory);
    } catch (const error& e) {
        made.problem = e.what();
    }
    return made;
}

awaitable<http::response> show_index(shared_site of) {
    co_return co_await of->pool().run(
        [of] { return page_response(200, index_page(surroundings_of(of->options.directory))); });
}

awaitable<http::response> show_template(shared_site of, wish what) {
    co_return co_await of->pool().run([of, what] {
        const auto around = surroundings_of(of->options.directory);
        const auto seen = look_at(of->options.directory, what);
        return page_response(seen.found ? 200 : 404, template_page(around, what, seen));
    });
}

awaitable<http::response> show_html(shared_site of, wish what) {
    co_return co_await of->pool().run([of, what] {
        const auto seen = look_at(of->options.directory, what);
        return seen.mail ? mail_response(in_scheme(seen.mail->html, what.scheme), what.images)
                         : http::response::text(seen.found ? 422 : 404, seen.problem + "\n");
    });
}

awaitable<http::response> tell_change(shared_site of, std::string since) {
    try {
        auto answer = http::response::text(co_await of->changes->next(std::move(since)));
        answer.headers.set("cache-control", "no-store");
        co_return answer;
    } catch (const error& e) {
        if (e.code() != infra::errc::overloaded)
            throw;
        auto answer = http::response::error(503, "overloaded", e.what());
        answer.headers.set("retry-after", "5");
        co_return answer;
    }
}

std::optional<http::response> refuse_strangers(const http::request& asked, const std::vector<std::string>& hosts) {
    if (!is_for(asked.host(), hosts))
        return http::response::error(403, "wrong_host", "this preview answers under the names of its own machine only");
    if (is_loaded_elsewhere(asked.header("sec-fetch-site"), asked.header("sec-fetch-mode")))
        return http::response::error(403, "wrong_page", "this preview answers its own pages only");
    return std::nullopt;
}

void check(const preview_options& o) {
    if (o.directory.empty())
        throw std::invalid_argument("email::preview_options::directory must name a directory");
    if (o.max_waiting < 1)
        throw std::invalid_argument("email::preview_options::max_waiting must be at least 1");
    if (!o.time)
        throw std::invalid_argument("email::preview_options::time must be a clock");
}

} // namespace
} // namespace preview

void add_preview(http::router& to, preview_options options) {
    using namespace preview;
    check(options);
    const shared_site of = std::make_shared<site>(std::move(options));
    auto routes = to; // the guard is for these alone
    routes.use([of](http::request& asked) { return refuse_strangers(asked, of->options.hosts); });
    routes.get("/", [of] { return show_index(of); });
    routes.get("/template", [of](const http::request& asked) { return show_template(of, wish_of(asked)); });
    routes.get("/html", [of](const http::request& asked) { return show_html(of, wish_of(asked)); });
    routes.get("/changes",
               [of](const http::request& asked) { return tell_change(of, asked.query("since").value_or("")); });
    routes.get("/style.css", [] { return asset_response("text/css; charset=utf-8", files::style_css); });
    routes.get("/live.js", [] { return asset_response("text/javascript; charset=utf-8", files::live_js); });
}

} // namespace infra::email
