#include "email_verbs.hpp"
#include "progress_bar.hpp"
#include "verbs.hpp"

#include <infra/base/error.hpp>
#include <infra/email/error.hpp>
#include <infra/email/failover.hpp>
#include <infra/runtime/wait.hpp>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace infra::cli {
namespace {

constexpr std::size_t most_words = 1024 * 1024;

std::string all_of(std::istream& from, const std::string& name) {
    std::string text(most_words + 1, '\0');
    from.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(from.gcount()));
    if (from.bad() || text.size() > most_words)
        throw error(errc::invalid_input, name + " cannot be read, or has over 1 MiB");
    return text;
}

// `smtp://user:password@host`: the part before the '@' has a colon.
bool one_has_password(std::string_view url) {
    const auto begin = url.find("://");
    if (begin == std::string_view::npos)
        return false;
    const auto at = url.rfind('@'); // a password may hold any character
    const auto user =
        at == std::string_view::npos || at < begin ? std::string_view() : url.substr(begin + 3, at - begin - 3);
    return user.find(':') != std::string_view::npos || url.find("password=") != std::string_view::npos;
}

} // namespace

CLI::App& email_group::add(verb v, std::function<exit_code(const output&)> act, CLI::App* parent) const {
    const auto guarded = [act = std::move(act)](const output& o) {
        try {
            return act(o);
        } catch (const boost::system::system_error& e) {
            return o.fail(email_code_for(e.code()), e.what());
        } catch (const not_there& e) {
            return o.fail(exit_code::not_found, e.what());
        } catch (const std::invalid_argument& e) {
            return o.fail(exit_code::usage, e.what());
        }
    };
    return to.add(std::move(v), guarded, parent ? parent : &app);
}

exit_code email_code_for(const boost::system::error_code& failure) {
    using email::errc;
    if (failure == errc::no_template || failure == errc::no_attachment)
        return exit_code::not_found;
    if (failure == infra::errc::misconfigured || failure == infra::errc::invalid_input ||
        failure == errc::bad_address || failure == errc::bad_header || failure == errc::no_sender ||
        failure == errc::unsupported)
        return exit_code::usage;
    return failure == infra::errc::unavailable || failure == infra::errc::timed_out ? exit_code::unreachable
                                                                                    : exit_code::failed;
}

bool has_password(std::string_view urls) { return std::ranges::any_of(email::urls_of(urls), one_has_password); }

email::mailer_options mailer_options_for(const std::string& url, const std::string& from,
                                         const environment& variables) {
    if (has_password(url))
        throw std::invalid_argument("--url: a password there can be read by everybody on this machine; set EMAIL_URL, "
                                    "or EMAIL_URL_FILE to a file that holds it");
    auto values = variables.all();
    if (!url.empty()) {
        values.erase("EMAIL_URL_FILE");
        values["EMAIL_URL"] = url;
    }
    if (!from.empty()) {
        values.erase("EMAIL_FROM_FILE");
        values["EMAIL_FROM"] = from;
    }
    return email::options_from(environment(std::move(values)));
}

std::string send_visibly(const email::mailer& by, email::message what, const output& to) {
    const progress_bar bar(to, "sending");
    auto sending = by.send(std::move(what));
    return wait(std::move(sending));
}

std::string words_of(const std::string& file) {
    if (file == "-")
        return all_of(std::cin, "the standard input");
    std::ifstream from(file, std::ios::binary);
    if (!from)
        throw error(errc::invalid_input, file + " cannot be read");
    return all_of(from, file);
}

json::object data_of(const std::string& file) {
    auto data = json::parse<json::object>(words_of(file));
    if (!data)
        throw error(errc::invalid_input,
                    (file == "-" ? "the standard input" : file) + ": " + json::to_string(data.error()));
    return std::move(*data);
}

std::string shown(const std::vector<email::address>& list) {
    std::string text;
    for (const auto& each : list)
        text.append(text.empty() ? "" : ", ")
            .append(each.name().empty() ? each.email() : each.name() + " <" + each.email() + ">");
    return text;
}

json::array document_of(const std::vector<email::address>& list) {
    json::array all;
    for (const auto& each : list)
        all.push_back(json::value(shown({each})));
    return all;
}

void add_email(frame& f) {
    auto& app = f.add_group(
        {.name = "email",
         .description = "Renders templates, shows them, sends mail, and looks into an outbox.",
         .examples = {"infra email render welcome", "infra email preview --open",
                      "infra email send --to ann@example.org --subject Hi --body note.md", "infra email outbox ls"}});
    const email_group group{f, app};
    add_email_render(group);
    add_email_templates(group);
    add_email_preview(group);
    add_email_send(group);
    add_email_sent(group);
    add_email_outbox(group);
}

} // namespace infra::cli
