#pragma once

// Queues that scripts may act on at once: all of them, or in a cluster those whose keys share a hash tag.

#include "add_line.hpp"
#include "ear.hpp"
#include "work_line.hpp"

#include <infra/queue/redis.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace infra::queue::redis_backend {

/// The lines to one slot.
struct slot_lines {
    explicit slot_lines(const home& at) : work(at), adds(at, work), hears(at) {}

    work_line work;
    add_line adds;
    ear hears;
};

/// What those of a slot have in common. Throws errc::invalid_input where the keys of one queue would not lie in one slot, and
/// for names that BullMQ's keys cannot hold.
std::string slot_of(const redis_queue_options& at, std::string_view queue);

[[noreturn]] void refuse_other_slot(std::string_view first, std::string_view other);

/// Of what one operation names. Throws errc::invalid_input where it lies in several.
template <class All, class QueueOf>
void check_one_slot(const redis_queue_options& at, const All& all, QueueOf queue_of) {
    const std::string* first = nullptr;
    std::string slot;
    for (const auto& each : all) {
        const std::string& queue = queue_of(each);
        auto its = slot_of(at, queue);
        if (first && its != slot)
            refuse_other_slot(*first, queue);
        first = &queue;
        slot = std::move(its);
    }
}

} // namespace infra::queue::redis_backend
