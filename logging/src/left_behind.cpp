#include "left_behind.hpp"

#include "record.hpp"

#include <algorithm>
#include <new>

namespace infra::logging::detail {
namespace {

/// The records of one ring. What the positions and sizes say is believed only where it can be true.
class left_ring {
public:
    explicit left_ring(std::span<char> data, std::uint64_t begin, std::uint64_t end) noexcept
        : data_(data), at_(begin), end_(end), is_torn_(end - begin > data.size() || begin % 8 != 0 || end % 8 != 0) {}

    bool is_torn() const noexcept { return is_torn_; }

    /// Empty at the end, and from where the ring is torn.
    std::span<char> next() noexcept {
        if (is_torn_ || at_ == end_)
            return {};
        auto found = rest();
        if (ring::size_of(found.data()) == ring::wrap_mark) {
            at_ += found.size();
            is_torn_ = at_ >= end_;
            found = rest();
        }
        const std::size_t size = ring::size_of(found.data());
        is_torn_ = is_torn_ || size < sizeof(record_head) || size % 8 != 0 || size > found.size() || size > end_ - at_;
        if (is_torn_)
            return {};
        at_ += size;
        return found.first(size);
    }

private:
    /// Up to the end of the memory: at least 8 bytes.
    std::span<char> rest() const noexcept { return data_.subspan(static_cast<std::size_t>(at_ & (data_.size() - 1))); }

    const std::span<char> data_;
    std::uint64_t at_;
    const std::uint64_t end_;
    bool is_torn_;
};

void take(left_behind& into, left_ring from, std::uint64_t handed_over) {
    for (auto bytes = from.next(); !bytes.empty(); bytes = from.next()) {
        const auto head = head_of(bytes.data());
        const bool is_ours_to_write = (head.parts & has_origin) && !(head.parts & is_elsewhere) &&
                                      bytes.size() >= sizeof(record_head) + wire::number_size;
        if (!is_ours_to_write) // a line too long for the ring was written before its call returned, or the call did not
            continue;
        const auto number = number_of({bytes.data(), bytes.size()});
        const bool is_given = number != 0 && number <= into.next_number; // it is taken a moment after the record has it
        if (number == into.next_number)
            into.next_number = number + 1;
        if (!is_given)
            into.unwritten.push_back({0, head.time, into.unwritten.size(), bytes});
        else if (number > handed_over)
            into.doubtful.push_back({number, head.time, 0, bytes});
    }
    into.torn_rings += from.is_torn();
}

} // namespace

left_behind look_into(std::span<char> file) {
    left_behind found;
    found.head = std::launder(reinterpret_cast<ring_file_head*>(file.data()));
    const auto handed_over = found.head->handed_over.load(std::memory_order_acquire);
    found.next_number = std::max(found.head->next_number.load(std::memory_order_acquire), handed_over + 1);
    const auto page = found.head->page;
    const auto bytes = static_cast<std::size_t>(found.head->ring_bytes);
    auto rest = file.subspan(page);
    for (auto rings = found.head->rings.load(std::memory_order_acquire); rings > 0; --rings) {
        if (rest.size() < page + bytes) {
            ++found.torn_rings;
            break;
        }
        const auto& at = *std::launder(reinterpret_cast<ring_positions*>(rest.data()));
        take(found, left_ring(rest.subspan(page, bytes), at.begin.load(std::memory_order_acquire), at.end.load()),
             handed_over);
        rest = rest.subspan(page + bytes);
    }
    std::ranges::sort(found.doubtful, {}, &left_record::number);
    std::ranges::sort(found.unwritten, {}, [](const left_record& r) { return std::pair(r.time, r.order); });
    return found;
}

} // namespace infra::logging::detail
