#include "parent_link.hpp"

#include "fields.hpp"
#include "keys.hpp"

namespace infra::queue::redis_backend {
namespace {

constexpr std::pair<child_failure, std::string_view> flags[] = {{child_failure::fail_parent, "fpof"},
                                                                {child_failure::continue_parent, "cpof"},
                                                                {child_failure::ignore, "idof"},
                                                                {child_failure::remove, "rdof"}};

void put_flag(json::object& into, child_failure policy) {
    if (const auto flag = flag_of(policy); !flag.empty())
        into[flag] = true;
}

} // namespace

job_key parent_link::job() const { return {queue_key.substr(queue_key.rfind(':') + 1), id}; }

std::string_view flag_of(child_failure policy) noexcept {
    for (const auto& [which, flag] : flags)
        if (which == policy)
            return flag;
    return {};
}

std::string shown_reason(std::string reason) {
    constexpr std::string_view before = "child ", after = " failed";
    if (!reason.starts_with(before) || !reason.ends_with(after))
        return reason;
    const auto key = std::string_view(reason).substr(before.size(), reason.size() - before.size() - after.size());
    const auto child = place_of(key);
    return child ? reason_of_failed_child(child->queue + ':' + child->id) : reason;
}

std::string to_text(const parent_link& link) {
    json::object all{{"id", link.id}, {"queueKey", link.queue_key}};
    put_flag(all, link.on_failure);
    return json::to_text(all);
}

json::result<parent_link> read_parent(std::string_view text) {
    const auto read = read_object(text);
    if (!read)
        return read.error();
    parent_link link{.queue_key = text_in(*read, "queueKey"), .id = text_in(*read, "id")};
    if (link.queue_key.empty() || link.id.empty())
        return json::failure("", "expected an id and a queueKey");
    for (const auto& [which, flag] : flags)
        if (truth_in(*read, flag)) {
            link.on_failure = which;
            break; // BullMQ asks for them in this order
        }
    return link;
}

void put_parent(json::object& opts, const parent_link& link) {
    opts["parent"] = json::object{{"id", link.id}, {"queue", link.queue_key}};
    put_flag(opts, link.on_failure);
}

} // namespace infra::queue::redis_backend
