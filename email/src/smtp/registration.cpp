// What makes smtp:// and smtps:// known to make_transport().

#include <infra/email/smtp.hpp>

namespace infra::email {
namespace {

std::shared_ptr<transport> from_url(std::string_view url) {
    return make_smtp_transport(smtp_options_from(url, environment::of_process()));
}

[[maybe_unused]] const bool registered = register_transport("smtp", from_url) && register_transport("smtps", from_url);

} // namespace
} // namespace infra::email

/// Named on the linker's command line by whoever links infra::email_smtp, so that the registration above comes along.
extern "C" void infra_email_smtp() {}
