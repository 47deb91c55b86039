#include "rope.hpp"

#include <infra/storage/error.hpp>

#include <algorithm>
#include <utility>

namespace infra::storage::memory {
namespace {

constexpr std::size_t run_size = 256u << 10;

struct kept_run {
    kept_run(std::shared_ptr<room> from, shared_bytes run) : bytes(std::move(run)), taken_from(std::move(from)) {
        taken_from->take(bytes.size());
    }
    ~kept_run() { taken_from->give_back(bytes.size()); }
    kept_run(const kept_run&) = delete;
    kept_run& operator=(const kept_run&) = delete;

    const shared_bytes bytes;
    const std::shared_ptr<room> taken_from;
};

} // namespace

void room::take(std::size_t bytes) {
    auto left = left_.load();
    do {
        if (left < bytes)
            throw storage_error(errc::full, "the store in memory has " + std::to_string(left) +
                                                " bytes left and needs " + std::to_string(bytes) +
                                                "; remove objects or raise memory_options::max_bytes");
    } while (!left_.compare_exchange_weak(left, left - bytes));
}

void rope::append(const rope& behind) {
    runs.insert(runs.end(), behind.runs.begin(), behind.runs.end());
    size += behind.size;
}

rope rope::part(std::uint64_t offset, std::uint64_t length) const {
    rope made{.size = length};
    for (const auto& run : runs) {
        if (length == 0)
            break;
        if (offset >= run.size()) {
            offset -= run.size();
            continue;
        }
        made.runs.push_back(run.from(offset, std::min<std::uint64_t>(length, run.size() - offset)));
        length -= made.runs.back().size();
        offset = 0;
    }
    return made;
}

checksum rope::sum(checksum_kind kind) const {
    running_checksum sum(kind);
    for (const auto& run : runs)
        sum.update(run.view());
    return sum.value();
}

void rope_writer::add(shared_bytes piece) {
    if (piece.size() >= run_size) {
        keep_pending();
        keep(std::move(piece));
        return;
    }
    pending_ += piece.view();
    if (pending_.size() >= run_size)
        keep_pending();
}

rope rope_writer::finish() {
    keep_pending();
    return std::move(made_);
}

void rope_writer::keep(shared_bytes run) {
    auto kept = std::make_shared<const kept_run>(room_, std::move(run));
    const auto view = kept->bytes.view();
    made_.size += view.size();
    made_.runs.emplace_back(std::move(kept), view);
}

void rope_writer::keep_pending() {
    if (!pending_.empty())
        keep(std::exchange(pending_, {}));
}

} // namespace infra::storage::memory
