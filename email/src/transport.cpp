#include <infra/email/transport.hpp>

#include "ascii.hpp"
#include "schemes.hpp"

#include <infra/email/error.hpp>
#include <infra/email/failover.hpp>
#include <infra/email/log.hpp>
#include <infra/email/memory.hpp>
#include <infra/email/outbox.hpp>
#include <infra/runtime/scheme_table.hpp>

#include <algorithm>
#include <utility>

namespace infra::email {
namespace {

std::shared_ptr<transport> outbox_of(std::string_view url) {
    const auto directory = url.substr(url.find(':') + 1);
    if (directory.empty())
        throw error(infra::errc::misconfigured, "outbox: needs a directory, such as outbox:var/outbox");
    return make_outbox_transport({.directory = std::string(directory)});
}

std::shared_ptr<transport> memory_of(std::string_view url) {
    if (url != "memory:")
        throw error(infra::errc::misconfigured, "memory: takes nothing behind it");
    return std::make_shared<memory_transport>();
}

std::shared_ptr<transport> log_of(std::string_view url) {
    if (url != "log:" && url != "log:?text=yes" && url != "log:?text=no")
        throw error(infra::errc::misconfigured, "log: takes nothing behind it but ?text=yes");
    return make_log_transport({.text = url.ends_with("=yes")});
}

using transport_table = scheme_table<transport_factory>;

// Made at first use, since components register from the constructors of globals.
transport_table& table() {
    static transport_table one{{{"log", log_of}, {"memory", memory_of}, {"outbox", outbox_of}}};
    return one;
}

std::shared_ptr<transport> make_one(std::string_view url) {
    if (const auto make = table().find(scheme_of(url)))
        return make(url);
    throw error(infra::errc::misconfigured,
                "where mail goes is a URL with a scheme that is linked (" + table().names() +
                    "), such as outbox:var/outbox; another one needs the target that brings it, infra::email_…");
}

// The URL is not repeated, only its place.
std::shared_ptr<transport> make_failover(const std::vector<std::string_view>& urls) {
    failover_options options;
    for (const auto url : urls) {
        try {
            options.transports.push_back(make_one(url));
        } catch (const error& e) {
            throw error(e.code(), "URL " + std::to_string(options.transports.size() + 1) + " of " +
                                      std::to_string(urls.size()) + ": " + e.what());
        }
    }
    return make_failover_transport(std::move(options));
}

// As RFC 3986 spells it, in small letters.
bool begins_with_scheme(std::string_view word) noexcept {
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto end = word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.");
    return end != std::string_view::npos && end > 0 && word[end] == ':' && is_letter(word[0]);
}

} // namespace

bool register_transport(std::string scheme, transport_factory factory) {
    return table().add(std::move(scheme), std::move(factory));
}

bool is_scheme(std::string_view scheme) { return table().knows(scheme); }

std::vector<std::string_view> urls_of(std::string_view list) {
    std::vector<std::string_view> urls;
    list.remove_suffix(list.size() - (list.find_last_not_of(white_space) + 1));
    for (std::size_t at = list.find_first_not_of(white_space), end; at < list.size(); at = end) {
        const auto begin = at;
        do { // one word after the other, with the blanks behind it
            end = std::min(list.find_first_of(white_space, at), list.size());
            at = std::min(list.find_first_not_of(white_space, end), list.size());
        } while (at < list.size() && !begins_with_scheme(list.substr(at)));
        urls.push_back(list.substr(begin, end - begin));
        end = at;
    }
    return urls;
}

std::shared_ptr<transport> make_transport(std::string_view url) {
    const auto urls = urls_of(url);
    return urls.size() > 1 ? make_failover(urls) : make_one(urls.empty() ? url : urls.front());
}

} // namespace infra::email
