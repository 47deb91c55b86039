#pragma once

// What the admin's answers look like. Pure.

#include <infra/base/json.hpp>
#include <infra/realtime/hub.hpp>

#include <vector>

namespace infra::realtime::admin {

json::object document_of(const channel_info& c);
json::object document_of(const client_info& c);
json::object document_of(const missed& m, std::string_view channel);
json::object document_of(const std::vector<member>& members, presence_stats counted);
json::object document_of(const publication& p);

/// One of the history as clients hear it.
json::value document_of(const envelope& e, std::string_view channel);

/// `{"clients":[…],"next":…}`: of a page that was asked for with one more than `limit`.
template <class T, class Key>
json::object page_of(std::string_view name, std::vector<T> all, std::size_t limit, Key key) {
    json::value next;
    if (all.size() > limit) {
        all.resize(limit);
        next = all.back().*key;
    }
    json::array documents;
    for (const auto& each : all)
        documents.push_back(document_of(each));
    return {{name, std::move(documents)}, {"next", std::move(next)}};
}

} // namespace infra::realtime::admin
