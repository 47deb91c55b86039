#include "configuration.hpp"

#include "settings/readers.hpp"

#include <initializer_list>
#include <set>

namespace infra::app {
namespace {

std::vector<const char*> said_by(const app_options& o) {
    std::vector<const char*> names;
    const auto says = [&names](bool said, std::initializer_list<const char*> instead_of) {
        if (said)
            names.insert(names.end(), instead_of);
    };
    says(o.host.has_value(), {"HOST"});
    says(o.port.has_value(), {"PORT"});
    says(o.drain_delay.has_value(), {"DRAIN_DELAY"});
    says(!o.server.trusted_proxies.empty(), {"TRUSTED_PROXIES", "TRUSTED_PROXY_HEADER"});
    says(static_cast<bool>(o.may_see_health), {"HEALTH_TOKEN"});
    says(o.email.transport != nullptr, {"EMAIL_URL", "RESEND_API_KEY"});
    says(o.email.from.has_value(), {"EMAIL_FROM"});
    says(o.realtime.hub.broker != nullptr, {"REALTIME_URL"});
    says(!o.realtime.sockets.origins.empty(), {"REALTIME_ORIGINS"});
    says(!o.realtime.hub.signing_keys.empty(), {"REALTIME_SIGNING_SECRET"});
    return names;
}

} // namespace

environment left_to_say(const app_options& options, const environment& variables) {
    auto left = variables.all();
    for (const std::string name : said_by(options)) {
        left.erase(name);
        left.erase(name + "_FILE");
    }
    // The rest of what such a URL needs is read from variables.
    const auto set = [&left](const std::string& name, const std::string& url) {
        left.erase(name + "_FILE");
        left.insert_or_assign(name, url);
    };
    if (!options.cache.url.empty())
        set("CACHE_URL", options.cache.url);
    if (options.storage.bucket || !options.storage.url.empty())
        set("STORAGE_URL", options.storage.bucket ? "memory:" : options.storage.url);
    if (!options.email.transport && !options.email.url.empty())
        set("EMAIL_URL", options.email.url);
    return environment(std::move(left));
}

std::vector<std::string> merged(std::vector<std::string> first, std::vector<std::string> then) {
    std::set<std::string> told;
    std::vector<std::string> all;
    for (auto* const each : {&first, &then})
        for (auto& problem : *each)
            if (told.insert(settings::subject_of(problem)).second)
                all.push_back(std::move(problem));
    return all;
}

} // namespace infra::app
