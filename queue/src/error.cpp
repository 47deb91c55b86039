#include <infra/queue/error.hpp>

namespace infra::queue {

const boost::system::error_category& queue_category() noexcept {
    static constexpr std::string_view messages[] = {
        "the queue's storage is not available",
        "the queue's storage is damaged",
        "the queue's storage belongs to a newer version",
        "the payload is too large",
        "the payload does not fit the job",
        "the queue is full",
        "the job failed",
        "the lease of the job is lost",
        "several queues have a job with this id",
    };
    static const table_category category("infra.queue", messages);
    return category;
}

} // namespace infra::queue
