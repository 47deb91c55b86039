#include "registry.hpp"

#include <infra/base/encoding.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <utility>

namespace infra::realtime::detail {

std::string address_group(std::string_view address) {
    boost::system::error_code ec;
    const auto read = asio::ip::make_address(std::string(address), ec);
    if (ec || !read.is_v6())
        return std::string(address);
    if (read.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, read.to_v6()).to_string();
    const auto bytes = read.to_v6().to_bytes();
    return encoding::hex_encode({reinterpret_cast<const char*>(bytes.data()), 8}) + "/64";
}

std::optional<close_code> registry::add(const std::shared_ptr<client>& who, const hub_limits& limits) {
    // Where the one that it replaces is what keeps it out, that one goes first.
    const auto group = address_group(who->address);
    const auto old = find(who->id);
    const auto refused = [&](close_code code, bool makes_room) {
        --size_;
        return makes_room ? close_code::replaced : code;
    };
    if (size_.fetch_add(1, std::memory_order_relaxed) >= limits.max_clients)
        return refused(close_code::try_again_later, old != nullptr);
    if (!enter_address(group, limits.max_clients_per_address))
        return refused(close_code::too_many_connections, old && address_group(old->address) == group);
    if (!enter_user(who, who->who->user, limits.max_clients_per_user)) {
        leave_address(group);
        return refused(close_code::too_many_connections, old && is_of_user(*old, who->who->user));
    }
    who->number = ++numbers_;
    {
        auto& part = part_of(who->id);
        const std::scoped_lock lock(part.mutex);
        if (part.clients.try_emplace(who->id, who).second) {
            who->registered = true;
            return {};
        }
    }
    leave_user(*who, who->who->user);
    leave_address(group);
    --size_;
    return close_code::replaced;
}

std::optional<leavings> registry::remove(const std::shared_ptr<client>& who) {
    leavings left;
    std::string user;
    {
        auto& part = part_of(who->id);
        const std::scoped_lock lock(part.mutex);
        if (!std::exchange(who->registered, false))
            return {};
        part.clients.erase(who->id);
        left = {std::exchange(who->channels, {}), std::exchange(who->session, nullptr)};
        user = who->who->user;
    }
    leave_user(*who, user);
    leave_address(address_group(who->address));
    --size_;
    return left;
}

std::shared_ptr<client> registry::find(std::string_view id) const {
    const auto& part = part_of(id);
    const std::scoped_lock lock(part.mutex);
    const auto found = part.clients.find(id);
    return found == part.clients.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<client>> registry::all() const {
    std::vector<std::shared_ptr<client>> found;
    found.reserve(size());
    for (const auto& part : parts_) {
        const std::scoped_lock lock(part.mutex);
        for (const auto& [id, who] : part.clients)
            found.push_back(who);
    }
    std::ranges::sort(found, {}, &client::number);
    return found;
}

// Of tens of thousands only a page is held: what lies behind it is let go of whenever there is twice as much.
std::vector<std::shared_ptr<client>> registry::page(std::string_view after, std::size_t limit) const {
    std::vector<std::shared_ptr<client>> found;
    const auto id_of = [](const auto& each) { return std::string_view(each->id); };
    const auto keep_first = [&] {
        const auto end = found.begin() + static_cast<std::ptrdiff_t>(std::min(limit, found.size()));
        std::ranges::partial_sort(found, end, {}, id_of);
        found.erase(end, found.end());
    };
    for (const auto& part : parts_) {
        const std::scoped_lock lock(part.mutex);
        for (const auto& [id, who] : part.clients) {
            if (id > after)
                found.push_back(who);
            if (found.size() / 2 > limit)
                keep_first();
        }
    }
    keep_first();
    return found;
}

bool registry::is_of_user(const client& who, const std::string& user) const {
    return with(who, [&] { return who.who->user == user; });
}

std::vector<std::shared_ptr<client>> registry::of_user(std::string_view user) const {
    const std::scoped_lock lock(mutex_);
    const auto found = users_.find(user);
    return found == users_.end() ? std::vector<std::shared_ptr<client>>() : found->second;
}

bool registry::set_identity(const std::shared_ptr<client>& who, identity is, std::size_t max_of_user) {
    auto& part = part_of(who->id);
    const std::scoped_lock lock(part.mutex);
    if (!who->registered)
        return true;
    if (is.user != who->who->user) {
        if (!enter_user(who, is.user, max_of_user))
            return false;
        leave_user(*who, who->who->user);
    }
    who->who = std::make_shared<const identity>(std::move(is));
    return true;
}

bool registry::enter_user(const std::shared_ptr<client>& who, const std::string& user, std::size_t max) {
    if (user.empty())
        return true;
    const std::scoped_lock lock(mutex_);
    auto& of_user = users_[user];
    if (of_user.size() >= max)
        return false;
    of_user.push_back(who);
    return true;
}

void registry::leave_user(const client& who, const std::string& user) {
    const std::scoped_lock lock(mutex_);
    const auto found = users_.find(user);
    if (found == users_.end())
        return;
    std::erase_if(found->second, [&who](const auto& each) { return each.get() == &who; });
    if (found->second.empty())
        users_.erase(found);
}

bool registry::enter_address(const std::string& group, std::size_t max) {
    if (group.empty())
        return true;
    const std::scoped_lock lock(mutex_);
    auto& count = addresses_[group];
    if (count >= max)
        return false;
    ++count;
    return true;
}

void registry::leave_address(const std::string& group) {
    const std::scoped_lock lock(mutex_);
    const auto found = addresses_.find(group);
    if (found != addresses_.end() && --found->second == 0)
        addresses_.erase(found);
}

} // namespace infra::realtime::detail
