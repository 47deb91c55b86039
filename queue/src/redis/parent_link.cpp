#include "parent_link.hpp"

#include "fields.hpp"

namespace infra::queue::redis_backend {
namespace {

constexpr std::pair<child_failure, std::string_view> flags[] = {{child_failure::fail_parent, "fpof"},
                                                                {child_failure::continue_parent, "cpof"},
                                                                {child_failure::ignore, "idof"},
                                                                {child_failure::remove, "rdof"}};

void put_flag(json::object& into, child_failure policy) {
    for (const auto& [which, flag] : flags)
        if (which == policy)
            into[flag] = true;
}

} // namespace

job_key parent_link::job() const { return {queue_key.substr(queue_key.rfind(':') + 1), id}; }

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
