#include <infra/email/transport.hpp>

#include <infra/email/error.hpp>
#include <infra/email/outbox.hpp>

#include <mutex>

namespace infra::email {
namespace {

std::shared_ptr<transport> outbox_of(std::string_view url) {
    const auto directory = url.substr(url.find(':') + 1);
    if (directory.empty())
        throw error(infra::errc::misconfigured, "outbox: needs a directory, such as outbox:var/outbox");
    return make_outbox_transport({.directory = std::string(directory)});
}

struct schemes {
    std::mutex mutex;
    std::map<std::string, transport_factory, std::less<>> factories{{"outbox", outbox_of}}; // guarded by mutex
};

// Made at first use, since components register from the constructors of globals.
schemes& known_schemes() {
    static schemes all;
    return all;
}

std::string names_of(const schemes& all) {
    std::string names;
    for (const auto& [scheme, factory] : all.factories)
        names.append(names.empty() ? "" : ", ").append(scheme).append(":");
    return names;
}

transport_factory factory_of(std::string_view scheme) {
    auto& all = known_schemes();
    const std::scoped_lock lock(all.mutex);
    const auto found = all.factories.find(scheme);
    if (found == all.factories.end())
        throw error(infra::errc::misconfigured,
                    "where mail goes is a URL with a scheme that is linked (" + names_of(all) +
                        "), such as outbox:var/outbox; another one needs the target that brings it, infra::email_…");
    return found->second;
}

} // namespace

bool register_transport(std::string scheme, transport_factory factory) {
    auto& all = known_schemes();
    const std::scoped_lock lock(all.mutex);
    all.factories.insert_or_assign(std::move(scheme), std::move(factory));
    return true;
}

std::shared_ptr<transport> make_transport(std::string_view url) {
    const auto colon = url.find(':');
    return factory_of(url.substr(0, colon == std::string_view::npos ? 0 : colon))(url);
}

} // namespace infra::email
