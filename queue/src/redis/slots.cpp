#include "slots.hpp"

#include "keys.hpp"

namespace infra::queue::redis_backend {
namespace {

[[noreturn]] void refuse(std::string_view queue, std::string why) {
    throw error(infra::errc::invalid_input, "the queue \"" + std::string(queue) + "\" " + std::move(why));
}

} // namespace

std::string slot_of(const redis_queue_options& at, std::string_view queue) {
    if (queue.empty() || queue.find(':') != std::string_view::npos)
        refuse(queue, "cannot be on Redis: a queue's name must not be empty, and has no colon");
    if (!at.server.cluster)
        return {};
    auto tag = std::string(hash_tag(queue_keys(at.prefix, queue).base()));
    if (tag.empty())
        refuse(queue,
               "would lie in several slots of the cluster: have redis_queue_options::prefix name one for all queues, "
               "such as \"{" +
                   at.prefix + "}\"");
    return tag;
}

void refuse_other_slot(std::string_view first, std::string_view other) {
    refuse(other,
           "lies in another slot of the cluster than \"" + std::string(first) +
               "\", and one operation cannot act on both: have redis_queue_options::prefix name one for all queues, "
               "such as \"{bull}\"");
}

} // namespace infra::queue::redis_backend
