#include "default_mailer.hpp"

#include "schemes.hpp"

#include <infra/email.hpp>

#include <infra/runtime/default_runtime.hpp>
#include <infra/runtime/environment.hpp>

#include <mutex>
#include <optional>

namespace infra::email {
namespace {

struct holder {
    std::mutex mutex;
    std::optional<mailer> one; // guarded by mutex
};

holder& the_holder() {
    static holder made;
    return made;
}

void check_url(const std::string& url) {
    try {
        make_transport(url); // opens nothing; only to name the variable where it is wrong
    } catch (const error& e) {
        throw error(e.code(), std::string("EMAIL_URL: ") + e.what());
    }
}

} // namespace

std::string url_of(const environment& variables, bool resend_is_linked) {
    auto url = variables.get_or("EMAIL_URL", "");
    if (!url.empty() || !variables.has("RESEND_API_KEY"))
        return url;
    if (!resend_is_linked)
        throw error(infra::errc::misconfigured,
                    "RESEND_API_KEY: no Resend transport is linked; link infra::email_resend, set EMAIL_URL "
                    "(outbox:var/outbox) or unset the key");
    return "resend:";
}

mailer_options options_from(const environment& variables) {
    mailer_options options;
    options.url = url_of(variables, is_scheme("resend"));
    if (variables.has("EMAIL_URL"))
        check_url(options.url);
    if (const auto from = variables.get("EMAIL_FROM")) {
        options.from = address(*from);
        if (!is_valid_address(options.from->email()))
            throw error(infra::errc::misconfigured,
                        "EMAIL_FROM: expected hello@example.org or Shop <hello@example.org>");
    }
    return options;
}

mailer default_mailer() {
    auto& held = the_holder();
    const std::scoped_lock lock(held.mutex);
    if (!held.one)
        held.one.emplace(options_from(environment::of_process()));
    return *held.one;
}

void set_default_mailer(mailer instead) {
    auto& held = the_holder();
    const std::scoped_lock lock(held.mutex);
    held.one = std::move(instead);
}

} // namespace infra::email
