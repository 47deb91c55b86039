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

} // namespace

mailer_options options_from(const environment& variables) {
    mailer_options options;
    options.url = variables.get_or("EMAIL_URL", "");
    if (!options.url.empty()) {
        try {
            make_transport(options.url); // opens nothing; only to name the variable where it is wrong
        } catch (const error& e) {
            throw error(e.code(), std::string("EMAIL_URL: ") + e.what());
        }
    }
    // Mail for people must not end in a folder because somebody relied on a key.
    if (options.url.empty() && variables.has("RESEND_API_KEY"))
        throw error(
            infra::errc::misconfigured,
            "RESEND_API_KEY: no Resend transport is linked; set EMAIL_URL (outbox:var/outbox) or unset the key");
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
