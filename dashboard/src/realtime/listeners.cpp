#include "listeners.hpp"

#include "../texts.hpp"

#include <infra/base/id.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace infra::dashboard {
namespace {

constexpr std::size_t most_of_data = 8 * 1024;

} // namespace

void listener::send(const realtime::frame& f) {
    const std::scoped_lock lock(mutex_);
    heard_.push_back({++last_, time_.wall(), f});
    bytes_ += f.size();
    while (heard_.size() > most || (bytes_ > most_bytes && heard_.size() > 1)) {
        bytes_ -= heard_.front().what.size();
        heard_.pop_front();
    }
}

void listener::close(realtime::close_code, std::string_view) {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
}

bool listener::closed() const {
    const std::scoped_lock lock(mutex_);
    return closed_;
}

json::value listener::document_of(const heard& one) {
    const auto read = json::parse<json::object>(one.what.text());
    const auto* type = read ? read->if_contains("type") : nullptr;
    const auto* data = read ? read->if_contains("data") : nullptr;
    return {{"n", one.number},
            {"at", to_unix_ms(one.at)},
            {"type", type ? *type : json::value("")},
            {"offset", one.what.facts().offset},
            {"data", payload_of(data ? json::to_text(*data) : "", most_of_data)}};
}

pieces listener::after(std::uint64_t since, std::size_t limit) const {
    std::vector<heard> fresh;
    pieces made;
    {
        const std::scoped_lock lock(mutex_);
        made.next = last_;
        for (const auto& each : heard_)
            if (each.number > since)
                fresh.push_back(each);
        if (since > 0 && last_ - since > fresh.size()) // gone before anybody looked
            made.skipped = static_cast<std::size_t>(last_ - since) - fresh.size();
    }
    const auto too_many = fresh.size() > limit ? fresh.size() - limit : 0;
    made.skipped += too_many;
    for (auto i = too_many; i < fresh.size(); ++i)
        made.items.push_back(document_of(fresh[i]));
    return made;
}

listeners::~listeners() {
    for (auto& [channel, each] : places_)
        each.of.remove_client(each.id);
}

std::shared_ptr<const listener> listeners::in(const realtime::hub& of, const std::string& channel) {
    const std::scoped_lock lock(mutex_);
    auto found = places_.find(channel);
    if (found != places_.end() && found->second.ear->closed()) { // somebody has closed it, as any other client
        places_.erase(found);
        found = places_.end();
    }
    if (found == places_.end()) {
        if (places_.size() >= most)
            throw http::error_response(503, "too_many", "too many channels are listened to already; close one of them");
        place made{of, "dashboard-" + random_hex(8), std::make_shared<listener>(time_)};
        made.of.register_client(made.id, made.ear);
        made.of.subscribe(channel, made.id);
        found = places_.emplace(channel, std::move(made)).first;
    }
    found->second.asked = time_.steady();
    return found->second.ear;
}

void listeners::sweep() {
    std::vector<place> over;
    {
        const std::scoped_lock lock(mutex_);
        for (auto each = places_.begin(); each != places_.end();) {
            if (time_.steady() - each->second.asked <= patience) {
                ++each;
                continue;
            }
            over.push_back(std::move(each->second));
            each = places_.erase(each);
        }
    }
    for (auto& each : over)
        each.of.remove_client(each.id);
}

std::size_t listeners::size() const {
    const std::scoped_lock lock(mutex_);
    return places_.size();
}

} // namespace infra::dashboard
