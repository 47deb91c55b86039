// Makes `resend:` known to make_transport().

#include <infra/email/resend.hpp>

#include <infra/base/error.hpp>

namespace infra::email {
namespace {

std::shared_ptr<transport> from_url(std::string_view url) {
    if (url != "resend:")
        throw error(infra::errc::misconfigured, "resend: takes nothing behind the colon; the key is RESEND_API_KEY's, "
                                                "another address of the API RESEND_BASE_URL's");
    return make_resend_transport(resend_options_from(environment::of_process()));
}

[[maybe_unused]] const bool registered = register_transport("resend", from_url);

} // namespace
} // namespace infra::email

/// Named on the linker's command line by whoever links infra::email_resend, so that the registration above comes along.
extern "C" void infra_email_resend() {}
